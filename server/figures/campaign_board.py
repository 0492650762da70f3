"""How far the points of a campaign have come: by stage, by plot and by who recorded them.

All is read as it was kept when plots were derived: nothing is computed here but counts.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from server.access.campaigns import find_campaign
from server.derivation.stages import PointStage
from server.figures.pages import FIRST_PAGE, PageChoice
from server.merge.model import Record
from server.store.board_values import (
    CampaignQuestion,
    PlotProgress,
    PointsInStage,
    StageCount,
)
from server.store.port import Store, Transaction

Row = dict[str, Any]

#: A point may be in one stage for so long, days.
LATE_DAYS: Final = 30
_CAMPAIGN: Final = ("name", "start_date", "end_date", "purpose")


class Team(StrEnum):
    """What the recorders of points are gathered by."""

    DEVICE = "device"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignChoices:
    """What a person may choose: `today` is the day that late points are late on."""

    today: date
    late_days: int = LATE_DAYS
    by: Team = Team.DEVICE
    page: PageChoice = FIRST_PAGE

    @property
    def late_before(self) -> str:
        """Return the day before which late points came to their stage."""
        days = min(self.late_days, (self.today - date.min).days)
        return (self.today - timedelta(days=days)).isoformat()


async def campaign_board(
    store: Store, project_id: str, campaign: str, choices: CampaignChoices
) -> Row:
    """Return the board of a campaign, by its name or id.

    `stages` counts its points by what they have come to, `teams` by who recorded them, and
    `plots` is a page of plots, those with late points first, each with its points.

    Raises
    ------
    NotFoundError
        If there is no such campaign or page.
    AmbiguousError
        If several ids start so.
    """
    return await store.read(lambda tx: _board(tx, project_id, campaign, choices))


def _board(
    tx: Transaction, project_id: str, name: str, choices: CampaignChoices
) -> Row:
    campaign = find_campaign(tx, project_id, name)
    asked = _question(project_id, campaign, choices)
    page = choices.page
    counts = tx.stage_counts(asked)
    found = tx.plot_progress(asked, page.skip, page.size)
    total = found.total
    if not found.plots and page.number > 1:
        total = tx.plot_progress(asked, 0, 1).total
    page.check(total)
    points: dict[str, list[PointsInStage]] = defaultdict(list)
    for group in tx.points_in_stages(asked, [plot.plot_id for plot in found.plots]):
        points[group.plot_id].append(group)
    return {
        "campaign": {key: campaign.fields.get(key) for key in _CAMPAIGN},
        "today": choices.today.isoformat(),
        "late_days": choices.late_days,
        "points": sum(one.points for one in counts),
        "late": sum(one.late for one in counts),
        "stages": [_stage_row(stage, counts) for stage in PointStage],
        "by": choices.by.value,
        "teams": _teams(counts, choices.by),
        "plots": [_plot_row(one, points[one.plot_id], choices) for one in found.plots],
        "plots_found": total,
        "page": page.number,
        "pages": page.pages(total),
        "waiting": tx.waiting_counts([project_id]).get(project_id, 0),
    }


def _question(
    project_id: str, campaign: Record, choices: CampaignChoices
) -> CampaignQuestion:
    return CampaignQuestion(
        project_id=project_id,
        campaign_id=campaign.id,
        start_date=campaign.fields["start_date"],
        late_before=choices.late_before,
    )


def _stage_row(stage: PointStage, counts: Iterable[StageCount]) -> Row:
    own = [one for one in counts if one.stage == stage]
    return {
        "stage": stage.value,
        "points": sum(one.points for one in own),
        "late": sum(one.late for one in own),
        "oldest": min((one.oldest for one in own), default=None),
    }


def _teams(counts: Iterable[StageCount], by: Team) -> list[Row]:
    """Return what each laptop or person recorded; None is nobody, as of planned points."""
    teams: dict[str, list[StageCount]] = defaultdict(list)
    for one in counts:
        teams[one.device if by is Team.DEVICE else one.person].append(one)
    rows = [
        {
            "team": team or None,
            "points": sum(one.points for one in own),
            "late": sum(one.late for one in own),
            "stages": _by_stage((one.stage, one.points) for one in own),
        }
        for team, own in teams.items()
    ]
    return sorted(rows, key=lambda row: (row["team"] is None, str(row["team"])))


def _by_stage(pairs: Iterable[tuple[str, int]]) -> Row:
    """Return how many points are in each stage, in the order of the stages."""
    found: Counter[str] = Counter()
    for stage, points in pairs:
        found[stage] += points
    return {stage.value: found[stage] for stage in PointStage if found[stage]}


def _plot_row(
    plot: PlotProgress, groups: Sequence[PointsInStage], choices: CampaignChoices
) -> Row:
    points = [row for group in groups for row in _point_rows(group, choices)]
    return {
        "plot": plot.code,
        "points": plot.points,
        "late": plot.late,
        "stages": _by_stage((group.stage, len(group.codes)) for group in groups),
        "visits": sorted(points, key=_late_first),
    }


def _point_rows(group: PointsInStage, choices: CampaignChoices) -> Iterable[Row]:
    days = (choices.today - date.fromisoformat(group.since)).days
    for code in group.codes:
        yield {
            "point": code,
            "stage": group.stage,
            "since": group.since,
            "days": None if group.ended else days,
            "late": not group.ended and group.since < choices.late_before,
            "device": group.device or None,
            "person": group.person or None,
        }


def _late_first(point: Row) -> tuple[bool, str, int, str]:
    code = point["point"]
    return not point["late"], point["since"], len(code), code
