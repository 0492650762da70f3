"""How far the points of a plot have come in each campaign, from what the records say. Pure.

A point has come as far as the bag of it that is farthest behind, and is there since the day
on which that bag came there. docs/desk.md says what makes each stage.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from schemas.sampling.meant import points_meant
from server.derivation.lab_quality import counted_results, soc_route
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
_ORDER: Final = {stage: place for place, stage in enumerate(PointStage)}
#: The stage that a step of custody brings a bag to.
_OF_STEP: Final = {
    "bagged": PointStage.BAGGED,
    "boxed": PointStage.BAGGED,
    "handed_over": PointStage.HANDED_OVER,
    "received": PointStage.AT_LAB,
    "dried": PointStage.AT_LAB,
    "sieved": PointStage.AT_LAB,
    "archived": PointStage.AT_LAB,
}


class Reached(NamedTuple):
    """A stage, and the day on which it was reached; empty where no day is known."""

    stage: PointStage
    since: str = ""

    @property
    def order(self) -> tuple[int, str]:
        """Return what puts those that are farthest behind first, the longest wait of them."""
        return _ORDER[self.stage], self.since


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
                reached = Reached(PointStage.DERIVED, reached.since)
            groups[campaign, reached, recorder].append(code)
    return tuple(
        PointGroup(
            campaign, *reached, reached.stage in ENDED, recorder, tuple(_sorted(codes))
        )
        for (campaign, reached, recorder), codes in sorted(groups.items())
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
            return Reached(PointStage.SKIPPED), self._recorder(skip)
        return Reached(PointStage.PLANNED), NOBODY

    def _recorder(self, record_id: str) -> Recorder:
        return self._recorders.get(record_id, NOBODY)


class _BagStages:
    """The stages that the bags of a plot have come to."""

    def __init__(self, tree: PlotTree) -> None:
        self._tree = tree
        self._results: dict[str, list[DerivationInput]] = defaultdict(list)
        for result in tree.results:
            self._results[result.fields["sample_id"]].append(result)
        self._bags: dict[str, list[DerivationInput]] = defaultdict(list)
        for bag in tree.samples:
            self._bags[bag.fields["core_id"]].append(bag)

    def of_cores(self, cores: Sequence[DerivationInput]) -> Reached:
        """Return how far the cores of a point have come: as far as the last of their bags."""
        bags = [one for core in cores for one in self._of_core(core)]
        days = [Reached(PointStage.VISITED, _day_of(core)) for core in cores]
        return min(bags or days, key=lambda reached: reached.order)

    def _of_core(self, core: DerivationInput) -> Iterator[Reached]:
        for bag in self._bags.get(core.id, ()):
            yield max(self._known(bag, _day_of(core)), key=lambda one: one.order)

    def _known(self, bag: DerivationInput, day: str) -> Iterator[Reached]:
        """Return every stage that something says of a bag; what has no day has that of the core."""
        yield Reached(PointStage.BAGGED, day)
        if bag.fields.get("sent_to_lab"):
            yield Reached(PointStage.HANDED_OVER, bag.fields.get("sent_on") or day)
        for step, on in self._tree.handling.steps.get(bag.id, {}).items():
            if step in _OF_STEP:
                yield Reached(_OF_STEP[step], on)
        results = counted_results(self._results.get(bag.id, ()), self._tree.lab).results
        if soc_route(results):
            said = [result.fields.get("analysed_on") or day for result in results]
            yield Reached(PointStage.MEASURED, max(said))


def _day_of(core: DerivationInput) -> str:
    return str(core.fields["sampled_at"])[:10]
