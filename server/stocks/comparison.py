"""Which points of two campaigns are compared, by which stock, and what stands against.

A change is judged on stocks in an equal mass where both campaigns have them and every
profile has two increments or more; on stocks to a fixed depth otherwise. Which points are
compared never depends on what they weigh: where some do not reach the reference, all are
compared in the largest mass that all of them reach.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import lru_cache, reduce
from math import isnan, nan
from operator import or_
from typing import Final

from server.stocks.change import Design, choose_design
from server.stocks.gather import FlatPlots
from server.stocks.reasons import WITHHOLDS_VERDICT, Reason, mask_of

DAYS_PER_YEAR: Final = 365.25
SEASON_DAYS: Final = 60.0
# Change to a fixed depth is mostly compaction once masses part further than this.
UNEQUAL_MASS_SHARE: Final = 0.05
# A common mass of less than this share of the reference describes another soil.
LEAST_COMMON_SHARE: Final = 0.85
_WHOLE: Final = 1.0 - 1e-9

_WITHHOLDS: Final = mask_of(WITHHOLDS_VERDICT)
_METHOD_CHANGED: Final = mask_of([Reason.METHOD_CHANGED])
_UNPAIRED_MIX: Final = mask_of([Reason.UNPAIRED_MIX])
_SEASON_DIFFERS: Final = mask_of([Reason.SEASON_DIFFERS])
_COMMON_MASS: Final = mask_of([Reason.COMMON_MASS])
_MASS_NOT_REACHED: Final = mask_of([Reason.MASS_NOT_REACHED])
_OF_REFERENCE: Final = mask_of([Reason.MASS_NOT_REACHED, Reason.EXTRAPOLATED])
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
    """One kind of stock of all points, with what is known of it; plain columns.

    `reach_t_ha` is the largest mass that a point can be read at; NaN where it has no stock
    for another reason than its mass. Where mass does not matter the reference is 0.
    """

    judged_on: JudgedOn
    reach_t_ha: Sequence[float]
    reference_t_ha: Sequence[float]
    mask: Sequence[int]
    soc_methods: Sequence[frozenset[str | None]]

    def usable(self, points: Sequence[int]) -> list[int]:
        """Return the points that have a stock, in the reference or in less."""
        reach = self.reach_t_ha
        return [point for point in points if not isnan(reach[point])]

    def said(self, points: Iterable[int]) -> int:
        """Return the mask of all that is said of points."""
        return reduce(or_, map(self.mask.__getitem__, points), 0)

    def methods(self, points: Iterable[int]) -> frozenset[str | None]:
        """Return the laboratory methods of points."""
        return frozenset().union(*map(self.soc_methods.__getitem__, points))

    def short(self, points: Sequence[int]) -> int:
        """Count the points that do not reach their reference."""
        reach, reference = self.reach_t_ha, self.reference_t_ha
        return sum([reach[point] < _WHOLE * reference[point] for point in points])

    def common_mass(self, points: Sequence[int]) -> float | None:
        """Return the largest mass that all points reach; None if it is the reference.

        NaN where it is much less than the reference, so that it describes another soil.
        """
        if not self.short(points):
            return None
        mass = min(self.reach_t_ha[point] for point in points)
        enough = LEAST_COMMON_SHARE * _mean(self.reference_t_ha, points)
        return mass if mass >= enough else nan


@dataclass(frozen=True, slots=True)
class Comparison:
    """Points of two campaigns that are compared; pairs stand in the same order.

    They are compared in `common_mass_t_ha`, or each in its reference where that is None;
    `short` of them do not reach it. `sampled` counts the points of each campaign, and their places.
    """

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
    common_mass_t_ha: float | None
    short: int
    sampled: tuple[int, int, int]

    @property
    def years(self) -> float:
        """Time between the mean days of the points used."""
        return (self.day1 - self.day0) / DAYS_PER_YEAR


@dataclass(frozen=True, slots=True)
class TrendStocks:
    """Stocks of all points of a trend, the mass where it is common, and its reasons."""

    measure: Measure
    common_mass_t_ha: float | None
    noted: int


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
        if not self._fits((early, late), self.equal):
            return self.compare(early, late, self.fixed, self._why_not(early, late))
        found = self.compare(early, late, self.equal)
        if found.common_mass_t_ha is None or not isnan(found.common_mass_t_ha):
            return found
        other = self.compare(early, late, self.fixed, _MASS_NOT_REACHED)
        withheld = other.withheld | _MASS_NOT_REACHED
        return replace(other, withheld=withheld, short=found.short)

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
        used = (*used0, *used1)
        common_mass = measure.common_mass(used)
        carried = noted | (_UNPAIRED_MIX if mixed else 0)
        if _season_differs(day0, day1):
            carried |= _SEASON_DIFFERS
        sampled = (*points0, *points1)
        carried |= measure.said(sampled)
        if common_mass is not None:
            # What is said of points in the whole reference says nothing of this change.
            carried = (carried & ~_OF_REFERENCE) | _COMMON_MASS
        names = self.gathered.places
        places = {names[point] for point in sampled}
        return Comparison(
            measure=measure,
            early=early,
            late=late,
            design=design,
            used0=used0,
            used1=used1,
            day0=day0,
            day1=day1,
            withheld=withheld,
            carried=carried,
            common_mass_t_ha=common_mass,
            short=measure.short(used),
            sampled=(len(points0), len(points1), len(places)),
        )

    def series(self, campaigns: Sequence[int]) -> TrendStocks:
        """Choose the stocks of a trend, and find what there is to say about them."""
        measure, common_mass, noted = self._of_trend(campaigns)
        methods = []
        for campaign in campaigns:
            members, found = self._of_campaign(campaign, measure)
            methods.append(measure.methods(members))
            noted |= found
        if any(names != methods[0] for names in methods if names and methods[0]):
            noted |= _METHOD_CHANGED
        if common_mass is not None:
            noted = (noted & ~_OF_REFERENCE) | _COMMON_MASS
        return TrendStocks(measure, common_mass, noted)

    def _of_trend(self, campaigns: Sequence[int]) -> tuple[Measure, float | None, int]:
        """Return the kind of stock, the mass where all points share one, and why not."""
        if self.equal is None or not self._fits(campaigns, self.equal):
            return self.fixed, None, 0
        used = [p for c in campaigns for p in self._usable(c, self.equal)]
        common_mass = self.equal.common_mass(used)
        if common_mass is not None and isnan(common_mass):
            return self.fixed, None, _MASS_NOT_REACHED
        return self.equal, common_mass, 0

    def _of_campaign(self, campaign: int, measure: Measure) -> tuple[list[int], int]:
        """Return the points of a campaign that count, and what there is to say of all."""
        points = self.gathered.campaign_points[campaign]
        used = self._usable(campaign, measure)
        noted = self._withheld(used, used, measure)
        return used, noted | measure.said(points)

    def _usable(self, campaign: int, measure: Measure) -> list[int]:
        points = self.gathered.campaign_points[campaign]
        return measure.usable(points)

    def _fits(self, campaigns: Sequence[int], equal: Measure) -> bool:
        sides = [self._usable(campaign, equal) for campaign in campaigns]
        return all(sides) and not any(equal.said(side) & _UNFIT for side in sides)

    def _why_not(self, early: int, late: int) -> int:
        assert self.equal is not None
        mask = 0
        for campaign in (early, late):
            mask |= self.equal.said(self.gathered.campaign_points[campaign])
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
        usable0, usable1 = measure.usable(points0), measure.usable(points1)
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
        names = [self.gathered.places[point] for point in points]
        places = dict(zip(names, points, strict=True))
        if len(places) < len(names):
            return {p: places[p] for p in places if names.count(p) == 1}
        return places

    def _withheld(
        self, used0: Sequence[int], used1: Sequence[int], measure: Measure
    ) -> int:
        """Find what forbids a verdict although the figures can be computed."""
        withheld = (measure.said(used0) | measure.said(used1)) & _WITHHOLDS
        if used0 and used1 and measure.methods(used0) != measure.methods(used1):
            withheld |= _METHOD_CHANGED
        return withheld


def _season_differs(day0: float, day1: float) -> bool:
    apart = abs(_day_of_year(round(day0)) - _day_of_year(round(day1)))
    return min(apart, DAYS_PER_YEAR - apart) > SEASON_DAYS


@lru_cache(maxsize=1024)  # plots are sampled on the same days
def _day_of_year(day: int) -> int:
    return date.fromordinal(day).timetuple().tm_yday


def _mean(values: Sequence[float], points: Sequence[int]) -> float:
    return sum(map(values.__getitem__, points)) / len(points)
