"""What a report is made of: plain data, gathered before a line is drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

#: A row as `server.stocks.rows` writes it: text, numbers, lists and None.
Row = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFacts:
    """The project, and how its stocks are derived."""

    code: str
    title: str
    organisation: str | None = None
    depth_cm: float
    method_profile: str
    method_version: str
    settings: Row = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlotFacts:
    """One plot; `geometry` is a GeoJSON Polygon or MultiPolygon in WGS84."""

    code: str
    name: str | None = None
    farm: str | None = None
    stratum: str | None = None
    land_use: str | None = None
    area_ha: float | None = None
    geometry: Row | None = None
    points: int = 0
    cores: int = 0
    bags: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignFacts:
    """One campaign; its day is used where no change tells a plot's own day."""

    name: str
    date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCounts:
    """What nobody has decided yet: records in conflict, in quarantine, rows resting on them."""

    conflicts: int = 0
    quarantined: int = 0
    provisional: int = 0


class ReasonText(NamedTuple):
    """What one reason code says, what to do about it, and what becomes of the verdict."""

    meaning: str
    what_to_do: str
    verdict: str


class Command(NamedTuple):
    """One line to type, and what it does."""

    line: str
    does: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage:
    """All that stands on the page; rows are those of `server.stocks.rows`.

    `group_stocks` are rows of `level`, `name`, `campaign`, `date`, `plots`, `stock_t_ha`,
    `stock_ci95_t_ha`, one for each campaign of a farm or stratum. `layers` are rows of
    `plot`, `campaign`, `top_cm`, `bottom_cm`, `soc_g_kg`, `n`, `sampled`. `lab_controls` and
    `lab_decisions` are fields of records, `lab_limits` those of the project. A key that is
    missing is shown as not known. `written_at` is empty unless somebody asked for it: the
    same numbers make the same page.
    """

    project: ProjectFacts
    written_at: str = ""
    plots: Sequence[PlotFacts] = ()
    stocks: Sequence[Row] = ()
    layers: Sequence[Row] = ()
    changes: Sequence[Row] = ()
    trends: Sequence[Row] = ()
    aggregates: Sequence[Row] = ()
    group_stocks: Sequence[Row] = ()
    campaigns: Sequence[CampaignFacts] = ()
    lab_controls: Sequence[Row] = ()
    lab_decisions: Sequence[Row] = ()
    lab_limits: Row = field(default_factory=dict)
    field_replicates: Sequence[Row] = ()
    custody: OpenCounts = OpenCounts()
    reasons: Mapping[str, ReasonText] = field(default_factory=dict)
    commands: Sequence[Command] = ()
