"""The stocks that changes compare, each read as its comparison asks for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from server.stocks.change import Design
from server.stocks.choices import Reference
from server.stocks.common_errors import CommonErrors
from server.stocks.compared_points import ComparedPoints, points_of
from server.stocks.comparison import Comparison, JudgedOn
from server.stocks.factor_errors import FactorErrors
from server.stocks.fine_soil import FloatArray
from server.stocks.point_reader import PointReader
from server.stocks.point_stocks import EqualMassStocks, FixedStocks
from server.stocks.profiles import BoolArray
from server.stocks.reasons import Reason, mask_of
from server.stocks.rings import BD_SHARED_ASSUMED
from server.stocks.samples import Compared, Samples
from server.stocks.settings import Settings

_EXTRAPOLATED: Final = mask_of([Reason.EXTRAPOLATED])


@dataclass(frozen=True, slots=True)
class PlotStocks:
    """Stocks of all points of many plots, and how to read them once more."""

    fixed: FixedStocks
    equal: EqualMassStocks | None
    reference_t_ha: FloatArray
    reader: PointReader
    shared: Sequence[FactorErrors]


class ComparedStocks:
    """Stocks of the points of many comparisons, one array a campaign, t/ha.

    `in_mass` tells which comparisons are of stocks in an equal mass. With `to_depth_cm`
    all are of stocks to that depth.
    """

    def __init__(
        self,
        comparisons: Sequence[Comparison],
        stocks: PlotStocks,
        settings: Settings,
        to_depth_cm: float | None = None,
    ) -> None:
        self._stocks = stocks
        self._settings = settings
        self._to_depth_cm = settings.depth_cm if to_depth_cm is None else to_depth_cm
        self.comparisons = [self._without_cancelled(each) for each in comparisons]
        self.sides = points_of(self.comparisons)
        self.paired: BoolArray = np.array(
            [each.design is Design.PAIRED for each in comparisons]
        )
        self.in_mass: BoolArray = np.array(
            [
                to_depth_cm is None
                and each.measure.judged_on is JudgedOn.EQUIVALENT_MASS
                for each in comparisons
            ]
        )
        # The common mass of each comparison; NaN where points have their own.
        self._common_t_ha = np.array(
            [each.common_mass_t_ha for each in comparisons], dtype=np.float64
        )
        self.values = (
            [self._read(stocks.reader, side) for side in self.sides]
            if to_depth_cm is not None
            else self._known()
        )

    def _without_cancelled(self, comparison: Comparison) -> Comparison:
        """Return a comparison that says nothing of a density which moves no test of it."""
        spans = comparison.early, comparison.late
        if not any(each.values.cancel(*spans) for each in self._stocks.shared):
            return comparison
        return replace(comparison, carried=comparison.carried & ~BD_SHARED_ASSUMED)

    def as_samples(self) -> Compared:
        """Return the stocks as samples of two campaigns, with the errors they share."""
        early, late = (
            Samples(stock, side.owner, side.count)
            for stock, side in zip(self.values, self.sides, strict=True)
        )
        return Compared(early, late, self.paired, self._common_errors())

    def _common_errors(self) -> CommonErrors | None:
        """Return the errors that all points of a campaign share."""
        if not self._stocks.shared:
            return None
        return CommonErrors.together(
            [
                each.of_changes(self.comparisons, self.sides, self._read)
                for each in self._stocks.shared
            ]
        )

    def depths_cm(self) -> FloatArray:
        """Return the depth that each comparison looks down to."""
        depth = np.full(len(self.comparisons), self._settings.depth_cm)
        elsewhere = ~np.isnan(self._common_t_ha)
        if self._settings.reference not in {Reference.MEAN, Reference.POINT}:
            elsewhere = self.in_mass
        if elsewhere.any():
            reader, found = self._stocks.reader, []
            for side in self.sides:
                chosen = side.chosen(elsewhere)
                mass = self._masses(chosen)
                found.append(chosen.mean(reader.depth_of_mass(chosen.points, mass)))
            depth = np.where(elsewhere, np.fmin(found[0], found[1]), depth)
        return depth

    def by_other_curve(self, side: ComparedPoints, depth_cm: FloatArray) -> FloatArray:
        """Return the stocks of some points by the curve that is not the usual one."""
        reader = self._stocks.reader
        in_mass = self.in_mass[side.owner]
        stock = np.full(side.points.size, np.nan)
        stock[~in_mass] = reader.by_curve(
            side.points[~in_mass], depth_cm[side.owner[~in_mass]]
        )
        if in_mass.any():
            mass, points = self._masses(side)[in_mass], side.points[in_mass]
            stock[in_mass], _ = reader.in_mass(points, mass, other_curve=True)
        return stock

    def _known(self) -> list[FloatArray]:
        """Return the stocks as derived; those in a common mass are read anew."""
        is_common = ~np.isnan(self._common_t_ha)
        noted = np.zeros(len(self.comparisons), dtype=np.int64)
        values = []
        for side in self.sides:
            stock = self._stocks.fixed.soc_stock_t_ha[side.points]
            if self._stocks.equal is not None:
                by_mass = self._stocks.equal.soc_stock_t_ha[side.points]
                stock = np.where(self.in_mass[side.owner], by_mass, stock)
            less = side.chosen(is_common)
            if less.points.size:
                mass = self._common_t_ha[less.owner]
                read, mask = self._stocks.reader.in_mass(less.points, mass)
                stock[is_common[side.owner]] = read
                np.bitwise_or.at(noted, less.owner, mask & _EXTRAPOLATED)
            values.append(stock)
        for number in np.flatnonzero(noted).tolist():
            each = self.comparisons[number]
            carried = each.carried | int(noted[number])
            self.comparisons[number] = replace(each, carried=carried)
        return values

    def _read(self, reader: PointReader, side: ComparedPoints) -> FloatArray:
        """Read the stocks of some points off the cores that a reader has."""
        depth = np.full(side.points.size, self._to_depth_cm)
        stock = reader.to_depth(side.points, depth)
        in_mass = self.in_mass[side.owner]
        if in_mass.any():
            mass = self._masses(side)[in_mass]
            stock[in_mass], _ = reader.in_mass(side.points[in_mass], mass)
        return stock

    def _masses(self, side: ComparedPoints) -> FloatArray:
        """Return the mass that each point is read at, t/ha."""
        common = self._common_t_ha[side.owner]
        own = self._stocks.reference_t_ha[side.points]
        return np.where(np.isnan(common), own, common)
