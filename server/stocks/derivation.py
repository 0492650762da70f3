"""Many plots on their way from layers to results, as one array computation."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import chain, pairwise, repeat
from typing import Any

import numpy as np

from server.stocks.change import Design, estimate_changes, optional
from server.stocks.comparison import (
    DAYS_PER_YEAR,
    Comparer,
    Comparison,
    JudgedOn,
    Measure,
)
from server.stocks.fine_soil import FloatArray
from server.stocks.gather import Facts, FlatPlots, facts
from server.stocks.point_stocks import (
    Cores,
    EqualMassStocks,
    compute_cores,
    equal_mass_stocks,
    fixed_stocks,
)
from server.stocks.points import PointStock
from server.stocks.profiles import IntArray
from server.stocks.reasons import reasons_of
from server.stocks.reference_mass import (
    ReferenceMass,
    find_references,
    references_per_point,
)
from server.stocks.results import PlotResult, PlotTrend, StockChange
from server.stocks.samples import Compared, Samples
from server.stocks.settings import Settings
from server.stocks.trend import estimate_trend

_EqualFigures = tuple[float | None, float | None, float | None, bool | None]


class PlotBatch:
    """Many plots on their way from layers to results."""

    def __init__(
        self,
        gathered: FlatPlots,
        settings: Settings,
        frozen: Sequence[ReferenceMass | None],
    ) -> None:
        self.gathered = gathered
        self.settings = settings
        self.references: Sequence[ReferenceMass | None] = [None] * gathered.plots
        self.reference_t_ha = np.full(len(gathered.first_layers), np.nan)
        self.equal: EqualMassStocks | None = None
        cores = compute_cores(gathered, settings.depth_cm)
        self.fixed = fixed_stocks(cores)
        known = facts(gathered, gathered.top_cm < settings.depth_cm)
        self.mask = known.mask | self.fixed.mask
        self.by_depth = _measure(
            JudgedOn.FIXED_DEPTH, self.fixed.soc_stock_t_ha, self.mask, known
        )
        self.by_mass = self._derive_equal_mass(cores, frozen)
        self.comparer = Comparer(
            gathered,
            self.by_depth,
            self.by_mass,
            gathered.point_day.tolist(),
            self.fixed.fine_mass_t_ha.tolist(),
        )

    def _derive_equal_mass(
        self, cores: Cores, frozen: Sequence[ReferenceMass | None]
    ) -> Measure | None:
        gathered, settings = self.gathered, self.settings
        if not settings.equal_mass:
            return None
        every = np.ones(cores.point.size, dtype=np.bool_)
        mass = cores.mean(cores.basis_mass_t_ha(settings.basis), every)
        self.references = find_references(gathered, settings, mass.tolist(), frozen)
        self.reference_t_ha = references_per_point(gathered, settings, self.references)
        fewest = np.full(gathered.plots, np.iinfo(np.int64).max)
        np.minimum.at(fewest, gathered.core_plot, cores.profiles.layer_counts)
        equal = equal_mass_stocks(
            gathered,
            cores,
            self.reference_t_ha,
            settings.basis,
            [settings.curve(count) for count in fewest.tolist()],
        )
        known = facts(gathered, equal.used_layers)
        mask = known.mask | equal.mask
        self.equal = equal
        self.mask = self.mask | mask
        return _measure(JudgedOn.EQUIVALENT_MASS, equal.soc_stock_t_ha, mask, known)

    def results(self) -> Iterator[PlotResult]:
        """Return the results plot by plot."""
        stocks = self._stocks()
        changes: list[list[StockChange]] = [[] for _ in range(self.gathered.plots)]
        for plot, change in self._changes():
            changes[plot].append(change)
        for plot, campaigns in enumerate(self.gathered.plot_campaigns):
            points = (self.gathered.campaign_points[number] for number in campaigns)
            yield PlotResult(
                tuple(stocks[point] for members in points for point in members),
                tuple(changes[plot]),
                self.references[plot],
                self._trend(campaigns) if len(campaigns) > 2 else None,
            )

    def _trend(self, campaigns: Sequence[int]) -> PlotTrend:
        """Fit the stocks of the points over the mean days of their campaigns."""
        gathered = self.gathered
        measure, noted = self.comparer.series(campaigns)
        massed = self.equal if measure is self.by_mass else None
        stocks = (massed or self.fixed).soc_stock_t_ha
        visits = [
            (float(gathered.campaign_day[campaign]), point)
            for campaign in campaigns
            for point in gathered.campaign_points[campaign]
            if measure.usable[point]
        ]
        first = float(gathered.campaign_day[campaigns[0]])
        return PlotTrend(
            line=estimate_trend(
                [(day - first) / DAYS_PER_YEAR for day, _ in visits],
                [float(stocks[point]) for _, point in visits],
                [gathered.places[point] for _, point in visits],
            ),
            judged_on=measure.judged_on,
            depth_cm=self.settings.depth_cm,
            from_campaign=gathered.campaign_keys[campaigns[0]],
            to_campaign=gathered.campaign_keys[campaigns[-1]],
            campaigns=len(campaigns),
            reasons=reasons_of(noted),
        )

    def _stocks(self) -> list[PointStock]:
        fixed, depth_cm = self.fixed, self.settings.depth_cm
        columns = zip(
            self.gathered.first_layers,
            optional(fixed.soc_stock_t_ha),
            optional(fixed.fine_mass_t_ha),
            fixed.covered_to_cm.tolist(),
            optional(fixed.stock_to_covered_t_ha),
            fixed.cores.tolist(),
            self.mask.tolist(),
            self._equal_figures(),
            strict=True,
        )
        return [
            PointStock(
                campaign=layer.campaign,
                point=layer.point,
                depth_cm=depth_cm,
                soc_stock_t_ha=stock,
                fine_mass_t_ha=mass,
                covered_to_cm=covered,
                stock_to_covered_t_ha=partial,
                cores=cores,
                reasons=reasons_of(mask),
                esm_stock_t_ha=equal[0],
                reference_mass_t_ha=equal[1],
                sampled_mass_t_ha=equal[2],
                extrapolated=equal[3],
            )
            for layer, stock, mass, covered, partial, cores, mask, equal in columns
        ]

    def _equal_figures(self) -> Iterable[_EqualFigures]:
        if self.equal is None:
            return repeat((None, None, None, None), len(self.gathered.first_layers))
        stocks = optional(self.equal.soc_stock_t_ha)
        return zip(
            stocks,
            optional(self.reference_t_ha),
            optional(self.equal.sampled_mass_t_ha),
            [
                None if stock is None else beyond
                for stock, beyond in zip(
                    stocks, self.equal.extrapolated.tolist(), strict=True
                )
            ],
            strict=True,
        )

    def _changes(self) -> Iterator[tuple[int, StockChange]]:
        """Return each change with the number of its plot."""
        comparer = self.comparer
        judged = [comparer.judge(*span) for span in self._spans()]
        besides = [
            comparer.compare(each.early, each.late, self.by_depth)
            for each in judged
            if each.measure is self.by_mass
        ]
        figures = self._estimate([*judged, *besides])
        beside = iter(figures[len(judged) :])
        for comparison, fields in zip(judged, figures, strict=False):
            plot = int(self.gathered.campaign_plot[comparison.early])
            also = next(beside) if comparison.measure is self.by_mass else {}
            yield plot, self._change(comparison, fields, also)

    def _spans(self) -> Iterator[tuple[int, int]]:
        """Choose the campaigns to compare, each pair once.

        Each with the next, the first with the last, and the first of the present
        laboratory method with the last: the longest span that one method judges.
        """
        for campaigns in self.gathered.plot_campaigns:
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
                for point in self.gathered.campaign_points[campaign]
                for name in self.by_depth.soc_methods[point]
            }
            for campaign in campaigns
        ]
        start = len(campaigns) - 1
        while start and methods[start - 1] == methods[-1]:
            start -= 1
        return start

    def _estimate(self, comparisons: Sequence[Comparison]) -> list[dict[str, Any]]:
        if not comparisons:
            return []
        compared = Compared(
            self._samples(comparisons, [each.used0 for each in comparisons]),
            self._samples(comparisons, [each.used1 for each in comparisons]),
            np.array([each.design is Design.PAIRED for each in comparisons]),
        )
        years = np.array([each.years for each in comparisons])
        withheld = np.array([each.withheld for each in comparisons], dtype=np.int64)
        return list(estimate_changes(compared, years, withheld))

    def _samples(
        self, comparisons: Sequence[Comparison], used: Sequence[Sequence[int]]
    ) -> Samples:
        sizes = [len(points) for points in used]
        owner = np.repeat(np.arange(len(comparisons)), sizes)
        points = np.array(list(chain.from_iterable(used)), dtype=np.int64)
        values = self.fixed.soc_stock_t_ha[points]
        if self.equal is not None:
            massed = np.array([each.measure is self.by_mass for each in comparisons])
            by_mass = self.equal.soc_stock_t_ha[points]
            values = np.where(massed[owner], by_mass, values)
        return Samples(values, owner, len(comparisons))

    def _change(
        self, comparison: Comparison, fields: dict[str, Any], beside: dict[str, Any]
    ) -> StockChange:
        keys = self.gathered.campaign_keys
        fields["reasons"] = reasons_of(fields["reasons"] | comparison.carried)
        judged_on = comparison.measure.judged_on
        massed = judged_on is JudgedOn.EQUIVALENT_MASS
        return StockChange(
            **fields,
            from_campaign=keys[comparison.early],
            to_campaign=keys[comparison.late],
            from_date=date.fromordinal(round(comparison.day0)),
            to_date=date.fromordinal(round(comparison.day1)),
            depth_cm=self.settings.depth_cm,
            judged_on=judged_on,
            reference_mass_t_ha=self._reference(comparison) if massed else None,
            fixed_depth_change_t_ha=beside.get("change_t_ha"),
            fixed_depth_change_ci95_t_ha=beside.get("change_ci95_t_ha"),
        )

    def _reference(self, comparison: Comparison) -> float:
        """Return the mass of the points used; their mean where each has its own."""
        masses = {float(self.reference_t_ha[point]) for point in comparison.used0}
        return masses.pop() if len(masses) == 1 else sum(masses) / len(masses)


def _measure(
    judged_on: JudgedOn, stock: FloatArray, mask: IntArray, known: Facts
) -> Measure:
    return Measure(
        judged_on,
        (~np.isnan(stock)).tolist(),
        mask.tolist(),
        known.bd_unmeasured.tolist(),
        known.soc_methods,
    )
