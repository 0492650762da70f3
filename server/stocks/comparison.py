"""Which points of two campaigns are compared, by which stock, and what stands against.

A change is judged on stocks in an equal mass where both campaigns have them and every
profile has two increments or more; on stocks to a fixed depth otherwise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from server.stocks.change import Design, choose_design
from server.stocks.gather import FlatPlots
from server.stocks.reasons import WITHHOLDS_VERDICT, Reason, mask_of

DAYS_PER_YEAR: Final = 365.25
SEASON_DAYS: Final = 60.0
# Change to a fixed depth is mostly compaction once masses part further than this.
UNEQUAL_MASS_SHARE: Final = 0.05

_WITHHOLDS: Final = mask_of(WITHHOLDS_VERDICT)
_BD_ESTIMATED: Final = mask_of([Reason.BD_ESTIMATED])
_METHOD_CHANGED: Final = mask_of([Reason.METHOD_CHANGED])
_UNPAIRED_MIX: Final = mask_of([Reason.UNPAIRED_MIX])
_SEASON_DIFFERS: Final = mask_of([Reason.SEASON_DIFFERS])
_MASS_UNKNOWN: Final = mask_of([Reason.SINGLE_INCREMENT, Reason.MASS_NOT_REACHED])
# Straight lines, humus and rock bottom make an equal mass say little.
_UNFIT: Final = mask_of(
    [Reason.SINGLE_INCREMENT, Reason.ORGANIC_LAYER, Reason.COMPLETE_SOIL]
)


class JudgedOn(StrEnum):
    """Which stocks a change is the change of."""

    FIXED_DEPTH = "fixed_depth"
    EQUIVALENT_MASS = "equivalent_mass"


@dataclass(frozen=True, slots=True)
class Measure:
    """One kind of stock of all points, with what is known of it; plain columns."""

    judged_on: JudgedOn
    usable: Sequence[bool]
    mask: Sequence[int]
    bd_unmeasured: Sequence[bool]
    soc_methods: Sequence[frozenset[str | None]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Points of two campaigns that are compared; pairs stand in the same order."""

    measure: Measure
    early: int
    late: int
    design: Design
    used0: Sequence[int]
    used1: Sequence[int]
    day0: float
    day1: float
    withheld: int
    carried: int

    @property
    def years(self) -> float:
        """Time between the mean days of the points used."""
        return (self.day1 - self.day0) / DAYS_PER_YEAR


@dataclass(frozen=True, slots=True)
class Comparer:
    """Chooses points and stocks for comparisons of campaigns."""

    gathered: FlatPlots
    fixed: Measure
    equal: Measure | None
    days: Sequence[float]
    fine_mass_t_ha: Sequence[float]

    def judge(self, early: int, late: int) -> Comparison:
        """Choose the stocks that the change is judged on, and compare."""
        if self.equal is None:
            return self.compare(early, late, self.fixed)
        if self._fits((early, late), self.equal):
            return self.compare(early, late, self.equal)
        return self.compare(early, late, self.fixed, self._why_not(early, late))

    def compare(
        self, early: int, late: int, measure: Measure, noted: int = 0
    ) -> Comparison:
        """Choose the points to compare by one kind of stock."""
        points0, points1 = (self.gathered.campaign_points[c] for c in (early, late))
        design, mixed, used0, used1 = self._select(points0, points1, measure)
        day0 = _mean(self.days, used0 or points0)
        day1 = _mean(self.days, used1 or points1)
        withheld = self._withheld(used0, used1, measure)
        if noted and self._masses_differ(used0, used1):
            withheld |= noted & _MASS_UNKNOWN
        carried = noted | (_UNPAIRED_MIX if mixed else 0)
        if _season_differs(day0, day1):
            carried |= _SEASON_DIFFERS
        for point in (*points0, *points1):
            carried |= measure.mask[point]
        return Comparison(
            measure, early, late, design, used0, used1, day0, day1, withheld, carried
        )

    def series(self, campaigns: Sequence[int]) -> tuple[Measure, int]:
        """Choose the stocks of a trend, and tell what there is to say about them."""
        measure = self.fixed
        if self.equal is not None and self._fits(campaigns, self.equal):
            measure = self.equal
        noted = 0
        methods = []
        for campaign in campaigns:
            used, found = self._of_campaign(campaign, measure)
            methods.append({name for p in used for name in measure.soc_methods[p]})
            noted |= found
        if any(names != methods[0] for names in methods if names and methods[0]):
            noted |= _METHOD_CHANGED
        return measure, noted

    def _of_campaign(self, campaign: int, measure: Measure) -> tuple[list[int], int]:
        """Return the points of a campaign that count, and what there is to say of all."""
        points = self.gathered.campaign_points[campaign]
        used = [point for point in points if measure.usable[point]]
        noted = self._withheld(used, used, measure)
        for point in points:
            noted |= measure.mask[point]
        return used, noted

    def _fits(self, campaigns: Sequence[int], equal: Measure) -> bool:
        sides = [
            [p for p in self.gathered.campaign_points[c] if equal.usable[p]]
            for c in campaigns
        ]
        fit = not any(equal.mask[p] & _UNFIT for side in sides for p in side)
        return fit and all(sides)

    def _why_not(self, early: int, late: int) -> int:
        assert self.equal is not None
        mask = 0
        for campaign in (early, late):
            for point in self.gathered.campaign_points[campaign]:
                mask |= self.equal.mask[point]
        # What else is known of a stock that is not used is no reason of the change.
        return mask & (_UNFIT | _MASS_UNKNOWN)

    def _masses_differ(self, used0: Sequence[int], used1: Sequence[int]) -> bool:
        if not used0 or not used1:
            return False
        mass0, mass1 = (_mean(self.fine_mass_t_ha, used) for used in (used0, used1))
        return abs(mass1 - mass0) > UNEQUAL_MASS_SHARE * mass0

    def _select(
        self, points0: Sequence[int], points1: Sequence[int], measure: Measure
    ) -> tuple[Design, bool, list[int], list[int]]:
        usable0 = [point for point in points0 if measure.usable[point]]
        usable1 = [point for point in points1 if measure.usable[point]]
        places0, places1 = self._places(usable0), self._places(usable1)
        shared = [place for place in places0 if place in places1]
        design, mixed = choose_design(len(usable0), len(usable1), len(shared))
        if design is Design.UNPAIRED:
            return design, mixed, usable0, usable1
        return (
            design,
            mixed,
            [places0[place] for place in shared],
            [places1[place] for place in shared],
        )

    def _places(self, points: Sequence[int]) -> dict[str, int]:
        """Points by place; a place that two points claim pairs with nothing."""
        names = self.gathered.places
        places: dict[str, int] = {}
        twice = []
        for point in points:
            if names[point] in places:
                twice.append(names[point])
            places[names[point]] = point
        for place in twice:
            places.pop(place, None)
        return places

    def _withheld(
        self, used0: Sequence[int], used1: Sequence[int], measure: Measure
    ) -> int:
        """Find what forbids a verdict although the figures can be computed."""
        withheld = 0
        for point in (*used0, *used1):
            withheld |= measure.mask[point] & _WITHHOLDS
            if measure.bd_unmeasured[point]:
                withheld |= _BD_ESTIMATED
        methods = measure.soc_methods
        if used0 and used1:
            before = {name for point in used0 for name in methods[point]}
            after = {name for point in used1 for name in methods[point]}
            if before != after:
                withheld |= _METHOD_CHANGED
        return withheld


def _season_differs(day0: float, day1: float) -> bool:
    first, second = (
        date.fromordinal(round(day)).timetuple().tm_yday for day in (day0, day1)
    )
    apart = abs(first - second)
    return min(apart, DAYS_PER_YEAR - apart) > SEASON_DAYS


def _mean(values: Sequence[float], points: Sequence[int]) -> float:
    return sum(values[point] for point in points) / len(points)
