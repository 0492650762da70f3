"""What boards are made of, and what the store counts of them: values. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple


class Recorder(NamedTuple):
    """The log that something was recorded in, and the person; empty where nobody is known."""

    log_id: str = ""
    person: str = ""


NOBODY: Final = Recorder()


class SkippedPoint(NamedTuple):
    """A skip of a point: its id, and the campaign that it is of."""

    id: str
    campaign_id: str


@dataclass(frozen=True, eq=False)
class Handling:
    """How the points and bags of plots were handled, beside what figures rest on.

    `skips` are by point, `steps` hold the latest day of each custody step by bag, and
    `recorders` who recorded each core and skip.
    """

    skips: Mapping[str, Sequence[SkippedPoint]] = field(default_factory=dict)
    steps: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    recorders: Mapping[str, Recorder] = field(default_factory=dict)


NO_HANDLING: Final = Handling()


class PointGroup(NamedTuple):
    """Points of a plot that have come equally far in a campaign, by one hand.

    `since` is a day, or empty where nothing has been done; `ended` says that nothing more
    is to come. `campaign_id` is empty for the points that a campaign without any record of
    the plot is to visit.
    """

    campaign_id: str
    stage: str
    since: str
    ended: bool
    recorder: Recorder
    codes: tuple[str, ...]


class PlotBoard(NamedTuple):
    """What boards say of one plot.

    `place` is longitude and latitude in degrees; `verdict` is empty, and `change_id` None,
    where the plot has no change.
    """

    code: str
    place: tuple[float, float] | None
    verdict: str
    reasons: tuple[str, ...]
    change_id: str | None
    groups: tuple[PointGroup, ...]


class VerdictCount(NamedTuple):
    """How many plots of a project have a verdict, for the same reasons."""

    project_id: str
    verdict: str
    reasons: tuple[str, ...]
    plots: int


class PlotVerdict(NamedTuple):
    """One plot as a page of the board of a programme names it."""

    project_id: str
    plot_id: str
    code: str
    lon: float | None
    lat: float | None
    verdict: str
    change_id: str | None


class PlotPlace(NamedTuple):
    """Where a plot is, degrees, with its verdict."""

    code: str
    lon: float
    lat: float
    verdict: str


@dataclass(frozen=True, slots=True)
class CampaignQuestion:
    """A campaign of a project, whose points are planned since its first day.

    Points that more is to come of are late where they are in their stage since a day before
    `late_before`.
    """

    project_id: str
    campaign_id: str
    start_date: str
    late_before: str


class StageCount(NamedTuple):
    """How many points are in a stage by one hand; `oldest` is since when the first is."""

    stage: str
    device: str
    person: str
    points: int
    late: int
    oldest: str


class PlotProgress(NamedTuple):
    """How many points of a plot a campaign has, and how many are late."""

    plot_id: str
    code: str
    points: int
    late: int


class ProgressPage(NamedTuple):
    """Plots of a page, late ones first, and how many there are on all pages."""

    plots: list[PlotProgress]
    total: int


class PointsInStage(NamedTuple):
    """Points of a plot that are in a stage since a day, by one hand."""

    plot_id: str
    stage: str
    since: str
    ended: bool
    device: str
    person: str
    codes: tuple[str, ...]
