"""How far the points of a plot have come in each campaign, from what the records say. Pure.

A point has come as far as the bag of it that is farthest behind, and is there since the day
on which that bag came there. docs/desk.md says what makes each stage.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Final

from schemas.sampling.meant import points_meant
from server.derivation.lab_quality import CARBON, counted_results, quality_of
from server.store.board_values import NOBODY, PointGroup, Recorder
from server.store.values import DerivationInput, PlotTree


class PointStage(StrEnum):
    """What a point of a campaign has come to, in this order."""

    PLANNED = "planned"
    SKIPPED = "skipped"
    VISITED = "visited"
    BAGGED = "bagged"
    HANDED_OVER = "handed over"
    AT_LAB = "at the lab"
    MEASURED = "measured"
    DERIVED = "derived"


#: Nothing more is to come of points in these.
ENDED: Final = (PointStage.SKIPPED, PointStage.DERIVED)
#: Where stages stand: a bag is as far as the farthest that is said of it.
_STAGES: Final = tuple(PointStage)
_VISITED, _BAGGED, _HANDED_OVER, _AT_LAB, _MEASURED = (
    _STAGES.index(stage) for stage in _STAGES[2:7]
)
#: The stage that a step of custody brings a bag to.
_OF_STEP: Final = {
    "bagged": _BAGGED,
    "boxed": _BAGGED,
    "handed_over": _HANDED_OVER,
    "received": _AT_LAB,
    "dried": _AT_LAB,
    "sieved": _AT_LAB,
    "archived": _AT_LAB,
}
#: The place of a stage, and the day on which it was reached; empty where none is known.
Reached = tuple[int, str]
_PLANNED: Final[Reached] = (_STAGES.index(PointStage.PLANNED), "")
_SKIPPED: Final[Reached] = (_STAGES.index(PointStage.SKIPPED), "")
_DERIVED: Final = _STAGES.index(PointStage.DERIVED)


def stage_groups(
    tree: PlotTree, derived: Collection[tuple[str, str]]
) -> tuple[PointGroup, ...]:
    """Return the points of a plot in each campaign, those together that came equally far.

    `derived` holds the campaign and code of each point that has a stock. The points that
    a campaign without any record of the plot is to visit stand under no campaign.
    """
    found = _PlotVisits(tree)
    groups: dict[tuple[str, Reached, Recorder], list[str]] = defaultdict(list)
    for campaign, seen in sorted(found.seen.items()):
        for point in points_meant(tree.points, seen):
            code = str(point.fields["code"])
            reached, recorder = found.of_point(campaign, point.id)
            if (campaign, code) in derived:
                reached = (_DERIVED, reached[1])
            groups[campaign, reached, recorder].append(code)
    return tuple(
        PointGroup(
            campaign,
            _STAGES[place],
            since,
            _STAGES[place] in ENDED,
            recorder,
            tuple(_sorted(codes)),
        )
        for (campaign, (place, since), recorder), codes in sorted(groups.items())
    )


def _sorted(codes: Sequence[str]) -> list[str]:
    """Sort P2 before P10."""
    return sorted(codes, key=lambda code: (len(code), code))


class _PlotVisits:
    """What was done at the points of a plot in each campaign.

    `seen` holds the points that were cored or skipped, by campaign; of no campaign none.
    """

    def __init__(self, tree: PlotTree) -> None:
        self._bags = _BagStages(tree)
        self._recorders = tree.handling.recorders
        self._skips = {
            (skip.campaign_id, point): skip.id
            for point, skips in tree.handling.skips.items()
            for skip in skips
        }
        campaigns = {record.id for record in tree.campaigns}
        self._cores: dict[tuple[str, str], list[DerivationInput]] = defaultdict(list)
        for core in tree.cores:
            said = core.fields
            # A ring that stands for the whole plot is no visit of its point.
            if said["campaign_id"] in campaigns and said.get("represents") != "plot":
                self._cores[said["campaign_id"], said["point_id"]].append(core)
        own = {point.id for point in tree.points}
        self.seen: dict[str, set[str]] = defaultdict(set, {"": set()})
        for campaign, point in (*self._cores, *self._skips):
            self.seen[campaign] |= {point} & own

    def of_point(self, campaign: str, point: str) -> tuple[Reached, Recorder]:
        """Return how far a point has come in a campaign, and who recorded that."""
        cores = self._cores.get((campaign, point), ())
        if cores:
            last = max(cores, key=lambda core: (core.fields["sampled_at"], core.id))
            return self._bags.of_cores(cores), self._recorder(last.id)
        skip = self._skips.get((campaign, point))
        if skip is not None:
            return _SKIPPED, self._recorder(skip)
        return _PLANNED, NOBODY

    def _recorder(self, record_id: str) -> Recorder:
        return self._recorders.get(record_id, NOBODY)


class _BagStages:
    """The stages that the bags of a plot have come to."""

    def __init__(self, tree: PlotTree) -> None:
        self._steps = tree.handling.steps
        self._measured = _measured(tree)
        self._bags: dict[str, list[DerivationInput]] = defaultdict(list)
        for bag in tree.samples:
            self._bags[bag.fields["core_id"]].append(bag)

    def of_cores(self, cores: Sequence[DerivationInput]) -> Reached:
        """Return how far the cores of a point have come: as far as the last of their bags."""
        days = [str(core.fields["sampled_at"])[:10] for core in cores]
        bags = [
            self._of_bag(bag, day)
            for core, day in zip(cores, days, strict=True)
            for bag in self._bags.get(core.id, ())
        ]
        return min(bags) if bags else (_VISITED, min(days))

    def _of_bag(self, bag: DerivationInput, day: str) -> Reached:
        """Return how far a bag is; what has no day of its own has that of the core."""
        if bag.id in self._measured:
            return _MEASURED, self._measured[bag.id] or day
        found = (_BAGGED, day)
        if bag.fields.get("sent_to_lab"):
            found = (_HANDED_OVER, bag.fields.get("sent_on") or day)
        for step, on in self._steps.get(bag.id, {}).items():
            if step in _OF_STEP:
                found = max(found, (_OF_STEP[step], on))
        return found


def _measured(tree: PlotTree) -> dict[str, str]:
    """Return the bags whose carbon counts, with the last day of an analysis."""
    has_marks = bool(quality_of(tree.lab).marks)
    found: dict[str, str] = {}
    for result in tree.results:
        said = result.fields
        if said["analyte"] not in CARBON:
            continue
        if has_marks and not counted_results([result], tree.lab).results:
            continue
        day = said.get("analysed_on") or ""
        found[said["sample_id"]] = max(found.get(said["sample_id"], ""), day)
    return found
