"""The changes of many plots between their campaigns, each with what stands beside it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Any, Final

import numpy as np

from server.stocks.change import ChangeVerdict, Design, ZeroVerdict, estimate_changes
from server.stocks.choices import Reference
from server.stocks.compared_points import ComparedPoints, points_of
from server.stocks.comparison import Comparer, Comparison, JudgedOn
from server.stocks.fine_soil import FloatArray
from server.stocks.gather import FlatPlots
from server.stocks.layering import depths_differ, shared_boundary_cm
from server.stocks.plausibility import is_change_implausible
from server.stocks.point_reader import PointReader
from server.stocks.point_stocks import EqualMassStocks, FixedStocks
from server.stocks.profiles import BoolArray
from server.stocks.reasons import Reason, mask_of, reasons_of
from server.stocks.results import SharedDepth, StockChange
from server.stocks.samples import Compared, Samples
from server.stocks.settings import Settings

_Fields = dict[str, Any]

_EXTRAPOLATED: Final = mask_of([Reason.EXTRAPOLATED])
_DEPTHS_DIFFER: Final = mask_of([Reason.DEPTHS_DIFFER])
_CHANGE_IMPLAUSIBLE: Final = mask_of([Reason.CHANGE_IMPLAUSIBLE])
_CHANGE_CONFIRMED: Final = mask_of([Reason.CHANGE_CONFIRMED])


@dataclass(frozen=True, slots=True)
class _Layered:
    """A comparison of campaigns that were cut differently."""

    spread_t_ha: float
    shared: SharedDepth | None


class PlotChanges:
    """Compares the campaigns of many plots."""

    def __init__(
        self,
        gathered: FlatPlots,
        settings: Settings,
        comparer: Comparer,
        reader: PointReader,
        stocks: tuple[FixedStocks, EqualMassStocks | None, FloatArray],
        confirmed: Sequence[str | None],
    ) -> None:
        self._confirmed = confirmed
        self._gathered = gathered
        self._settings = settings
        self._comparer = comparer
        self._reader = reader
        self._fixed, self._equal, self._reference_t_ha = stocks
        #: Stock by the other curve minus that by the usual one, of points it matters to.
        self.spread_t_ha = np.full(len(gathered.first_layers), np.nan)

    def all(self) -> Iterator[tuple[int, StockChange]]:
        """Return each change with the number of its plot."""
        judged = [self._comparer.judge(*span) for span in self._spans()]
        if not judged:
            return
        judged, sides, values = self._read(judged)
        figures = self._estimate(judged, sides, values)
        layered = self._layered(judged, sides, values, figures)
        beside = self._beside(judged)
        for number, (comparison, fields) in enumerate(
            zip(judged, figures, strict=True)
        ):
            plot = int(self._gathered.campaign_plot[comparison.early])
            yield (
                plot,
                self._change(
                    comparison, fields, beside.get(number, {}), layered.get(number)
                ),
            )

    def _spans(self) -> Iterator[tuple[int, int]]:
        """Choose the campaigns to compare, each pair once.

        Each with the next, the first with the last, and the first of the present
        laboratory method with the last: the longest span that one method judges.
        """
        for campaigns in self._gathered.plot_campaigns:
            yield from pairwise(campaigns)
            if len(campaigns) > 2:
                yield campaigns[0], campaigns[-1]
                start = self._first_of_present_method(campaigns)
                if 0 < start < len(campaigns) - 2:
                    yield campaigns[start], campaigns[-1]

    def _first_of_present_method(self, campaigns: Sequence[int]) -> int:
        methods = [
            {
                name
                for point in self._gathered.campaign_points[campaign]
                for name in self._comparer.fixed.soc_methods[point]
            }
            for campaign in campaigns
        ]
        start = len(campaigns) - 1
        while start and methods[start - 1] == methods[-1]:
            start -= 1
        return start

    def _read(
        self, judged: list[Comparison]
    ) -> tuple[
        list[Comparison], tuple[ComparedPoints, ComparedPoints], list[FloatArray]
    ]:
        """Return the stocks that are compared; those in a common mass are read anew."""
        sides = points_of(judged)
        massed = self._massed(judged)
        common = _common_masses(judged)
        is_common = ~np.isnan(common)
        noted = np.zeros(len(judged), dtype=np.int64)
        values = []
        for side in sides:
            stock = self._fixed.soc_stock_t_ha[side.points]
            if self._equal is not None:
                by_mass = self._equal.soc_stock_t_ha[side.points]
                stock = np.where(massed[side.owner], by_mass, stock)
            less = side.chosen(is_common)
            if less.points.size:
                read, mask = self._reader.in_mass(less.points, common[less.owner])
                stock[is_common[side.owner]] = read
                np.bitwise_or.at(noted, less.owner, mask & _EXTRAPOLATED)
            values.append(stock)
        return (
            [
                replace(each, carried=each.carried | int(more)) if more else each
                for each, more in zip(judged, noted, strict=True)
            ],
            sides,
            values,
        )

    def _estimate(
        self,
        comparisons: Sequence[Comparison],
        sides: tuple[ComparedPoints, ComparedPoints],
        values: Sequence[FloatArray],
    ) -> list[_Fields]:
        early, late = (
            Samples(stock, side.owner, side.count)
            for stock, side in zip(values, sides, strict=True)
        )
        compared = Compared(early, late, _paired(comparisons))
        years = np.array([each.years for each in comparisons])
        withheld = np.array([each.withheld for each in comparisons], dtype=np.int64)
        return list(estimate_changes(compared, years, withheld))

    def _beside(self, judged: Sequence[Comparison]) -> dict[int, _Fields]:
        """Return the change to the fixed depth of those judged in an equal mass."""
        massed = np.flatnonzero(self._massed(judged)).tolist()
        if not massed:
            return {}
        comparer = self._comparer
        fixed = [
            comparer.compare(judged[n].early, judged[n].late, comparer.fixed)
            for n in massed
        ]
        sides = points_of(fixed)
        values = [self._fixed.soc_stock_t_ha[side.points] for side in sides]
        return dict(zip(massed, self._estimate(fixed, sides, values), strict=True))

    def _layered(
        self,
        judged: Sequence[Comparison],
        sides: tuple[ComparedPoints, ComparedPoints],
        values: Sequence[FloatArray],
        figures: Sequence[_Fields],
    ) -> dict[int, _Layered]:
        """Return what there is to say of campaigns that were cut differently."""
        depth = self._depths_cm(judged, sides)
        known = np.array([each["change_t_ha"] is not None for each in figures])
        differ = known & depths_differ(self._reader, *sides, _paired(judged), depth)
        if not differ.any():
            return {}
        means = []
        for side, stock in zip(sides, values, strict=True):
            chosen = side.chosen(differ)
            other = self._by_other_curve(judged, chosen, depth)
            part = other - stock[differ[side.owner]]
            self.spread_t_ha[chosen.points] = np.fmax(
                np.nan_to_num(self.spread_t_ha[chosen.points]), np.abs(part)
            )
            means.append(chosen.mean(part))
        spread = np.abs(means[1] - means[0])
        return {
            number: _Layered(
                float(spread[number]),
                self._shared(judged[number], float(depth[number])),
            )
            for number in np.flatnonzero(differ).tolist()
        }

    def _depths_cm(
        self,
        judged: Sequence[Comparison],
        sides: tuple[ComparedPoints, ComparedPoints],
    ) -> FloatArray:
        """Return the depth that each comparison looks down to."""
        depth = np.full(len(judged), self._settings.depth_cm)
        elsewhere = ~np.isnan(_common_masses(judged))
        if self._settings.reference not in {Reference.MEAN, Reference.POINT}:
            elsewhere = self._massed(judged)
        if elsewhere.any():
            found = []
            for side in sides:
                chosen = side.chosen(elsewhere)
                mass = self._masses(judged, chosen)
                found.append(
                    chosen.mean(self._reader.depth_of_mass(chosen.points, mass))
                )
            depth = np.where(elsewhere, np.fmin(found[0], found[1]), depth)
        return depth

    def _by_other_curve(
        self, judged: Sequence[Comparison], side: ComparedPoints, depth_cm: FloatArray
    ) -> FloatArray:
        massed = self._massed(judged)[side.owner]
        stock = np.full(side.points.size, np.nan)
        stock[~massed] = self._reader.by_curve(
            side.points[~massed], depth_cm[side.owner[~massed]]
        )
        if massed.any():
            mass = self._masses(judged, side)[massed]
            points = side.points[massed]
            stock[massed], _ = self._reader.in_mass(points, mass, other_curve=True)
        return stock

    def _shared(self, comparison: Comparison, depth_cm: float) -> SharedDepth | None:
        """Compare to a depth at which all cores of both campaigns are cut."""
        found = shared_boundary_cm(self._reader, comparison, depth_cm)
        if found is None:
            return None
        sides = points_of([comparison])
        values = [
            self._reader.to_depth(side.points, np.full(side.points.size, found))
            for side in sides
        ]
        (fields,) = self._estimate([comparison], sides, values)
        return SharedDepth(
            depth_cm=found,
            change_t_ha=fields["change_t_ha"],
            change_ci95_t_ha=fields["change_ci95_t_ha"],
            verdict_4permille=fields["verdict_4permille"],
            verdict_zero=fields["verdict_zero"],
        )

    def _change(
        self,
        comparison: Comparison,
        fields: _Fields,
        beside: _Fields,
        layered: _Layered | None,
    ) -> StockChange:
        keys = self._gathered.campaign_keys
        massed = comparison.measure.judged_on is JudgedOn.EQUIVALENT_MASS
        mask = fields["reasons"] | comparison.carried
        if layered is not None:
            mask |= _DEPTHS_DIFFER
            if _exceeds(layered.spread_t_ha, fields["change_ci95_t_ha"]):
                _withhold(fields)
        confirmed = None
        if is_change_implausible(fields["annual_t_ha"], fields["rate_permille_year"]):
            plot = int(self._gathered.campaign_plot[comparison.early])
            confirmed = self._confirmed[plot]
            mask |= _CHANGE_IMPLAUSIBLE if confirmed is None else _CHANGE_CONFIRMED
            if confirmed is None:
                _withhold(fields)
        return StockChange(
            **fields | {"reasons": reasons_of(mask)},
            from_campaign=keys[comparison.early],
            to_campaign=keys[comparison.late],
            from_date=date.fromordinal(round(comparison.day0)),
            to_date=date.fromordinal(round(comparison.day1)),
            depth_cm=self._settings.depth_cm,
            judged_on=comparison.measure.judged_on,
            points_sampled0=comparison.sampled[0],
            points_sampled1=comparison.sampled[1],
            points_sampled=comparison.sampled[2],
            points_short_of_mass=comparison.short,
            reference_mass_t_ha=self._mass(comparison) if massed else None,
            reference_depth_cm=self._depth_of_mass(comparison) if massed else None,
            fixed_depth_change_t_ha=beside.get("change_t_ha"),
            fixed_depth_change_ci95_t_ha=beside.get("change_ci95_t_ha"),
            curve_spread_t_ha=layered.spread_t_ha if layered else None,
            shared_depth=layered.shared if layered else None,
            change_confirmed=confirmed,
        )

    def _mass(self, comparison: Comparison) -> float:
        """Return the mass of the points used; their mean where each has its own."""
        if comparison.common_mass_t_ha is not None:
            return comparison.common_mass_t_ha
        masses = self._reference_t_ha[list(comparison.used0)]
        return float(masses[0] if np.all(masses == masses[0]) else masses.mean())

    def _depth_of_mass(self, comparison: Comparison) -> float | None:
        """Return the depth that the mass had in the earlier campaign, where it is less."""
        if comparison.common_mass_t_ha is None:
            return None
        points = np.array(comparison.used0, dtype=np.int64)
        mass = np.full(points.size, comparison.common_mass_t_ha)
        return float(np.mean(self._reader.depth_of_mass(points, mass)))

    def _masses(
        self, comparisons: Sequence[Comparison], side: ComparedPoints
    ) -> FloatArray:
        """Return the mass that each point is read at, t/ha."""
        common = _common_masses(comparisons)[side.owner]
        own = self._reference_t_ha[side.points]
        return np.where(np.isnan(common), own, common)

    def _massed(self, comparisons: Sequence[Comparison]) -> BoolArray:
        return np.array(
            [each.measure.judged_on is JudgedOn.EQUIVALENT_MASS for each in comparisons]
        )


def _paired(comparisons: Sequence[Comparison]) -> BoolArray:
    return np.array([each.design is Design.PAIRED for each in comparisons])


def _common_masses(comparisons: Sequence[Comparison]) -> FloatArray:
    """Return the common mass of each comparison; NaN where points have their own."""
    return np.array([each.common_mass_t_ha for each in comparisons], dtype=np.float64)


def _exceeds(spread_t_ha: float, interval: tuple[float, float] | None) -> bool:
    """Return whether the curves part by more than half of the interval's width.

    Without an interval nobody can tell, and an area must not be judged by them.
    """
    if interval is None:
        return True
    return spread_t_ha > (interval[1] - interval[0]) / 2.0


def _withhold(fields: _Fields) -> None:
    """Leave the figures of a change and take its verdicts."""
    fields["withheld"] = True
    fields["verdict_4permille"] = ChangeVerdict.NOT_ASSESSABLE
    fields["verdict_zero"] = ZeroVerdict.NOT_ASSESSABLE
