"""Many plots on their way from layers to results, as one array computation."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import repeat
from typing import Final

import numpy as np

from server.stocks.bridged import find_bridged
from server.stocks.change import optional
from server.stocks.compared_points import ComparedPoints
from server.stocks.compared_stocks import PlotStocks
from server.stocks.comparison import (
    DAYS_PER_YEAR,
    Comparer,
    JudgedOn,
    Measure,
    TrendStocks,
)
from server.stocks.factor_errors import FactorErrors
from server.stocks.fine_soil import FloatArray
from server.stocks.gather import Facts, FlatPlots, facts
from server.stocks.monotone import Interpolant
from server.stocks.plot_changes import PlotChanges
from server.stocks.point_reader import PointReader
from server.stocks.point_stocks import (
    Cores,
    EqualMassStocks,
    compute_cores,
    equal_mass_stocks,
    fixed_stocks,
)
from server.stocks.points import PointStock
from server.stocks.profiles import BoolArray, IntArray
from server.stocks.random_slope import RandomSlope, fit_random_slope, parts
from server.stocks.reasons import Reason, mask_of, reasons_of
from server.stocks.reference_mass import (
    ReferenceMass,
    find_references,
    references_per_point,
)
from server.stocks.results import PlotResult, PlotTrend, StockChange
from server.stocks.rings import find_rings
from server.stocks.settings import Settings
from server.stocks.trend import Stage, Trend, estimate_trend, with_shared_errors

_TRENDS_PART: Final = mask_of([Reason.TRENDS_PART])


class PlotBatch:
    """Many plots on their way from layers to results."""

    def __init__(
        self,
        gathered: FlatPlots,
        settings: Settings,
        frozen: Sequence[ReferenceMass | None],
        confirmed: Sequence[str | None],
    ) -> None:
        self.gathered = gathered
        self.confirmed = confirmed
        self.settings = settings
        self.references: Sequence[ReferenceMass | None] = [None] * gathered.plots
        self.reference_t_ha = np.full(len(gathered.first_layers), np.nan)
        self.equal: EqualMassStocks | None = None
        self.curves = [Interpolant.LINEAR] * gathered.plots
        cores = compute_cores(gathered, settings.depth_cm)
        self.fixed = fixed_stocks(cores)
        self.rings = find_rings(gathered)
        known = self._facts(gathered.top_cm < settings.depth_cm)
        self.mask = known.mask | self.fixed.mask
        usable = ~np.isnan(self.fixed.soc_stock_t_ha)
        self.by_depth = _measure(
            JudgedOn.FIXED_DEPTH,
            (np.where(usable, np.inf, np.nan), np.zeros(usable.size)),
            self.mask,
            known,
        )
        self.by_mass = self._derive_equal_mass(cores, frozen)
        self.reader = PointReader(gathered, cores, settings.basis, self.curves)
        self.shared = self._shared_values()
        self.comparer = Comparer(
            gathered,
            self.by_depth,
            self.by_mass,
            gathered.point_day.tolist(),
            self.fixed.fine_mass_t_ha.tolist(),
        )

    def _shared_values(self) -> list[FactorErrors]:
        """Return what points share: the density of rings, a factor between methods."""
        depth_cm, found = self.settings.depth_cm, []
        if self.rings is not None:
            values = self.rings.values
            found.append(FactorErrors.of_density(values, self.reader, depth_cm))
        bridged = find_bridged(self.gathered)
        if bridged is not None:
            found.append(FactorErrors.of_soc(bridged, self.reader, depth_cm))
        return found

    def _facts(self, used: BoolArray) -> Facts:
        """Collect what is known of the layers used, and of rings they share."""
        known = facts(self.gathered, used)
        if self.rings is None:
            return known
        said = known.mask | self.rings.mask(self.gathered.point_campaign)
        return replace(known, mask=said)

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
        self.curves = [settings.curve(count) for count in fewest.tolist()]
        equal = equal_mass_stocks(
            gathered, cores, self.reference_t_ha, settings.basis, self.curves
        )
        known = self._facts(equal.used_layers)
        mask = known.mask | equal.mask
        self.equal = equal
        self.mask = self.mask | mask
        masses = equal.reach_t_ha, self.reference_t_ha
        return _measure(JudgedOn.EQUIVALENT_MASS, masses, mask, known)

    def results(self) -> Iterator[PlotResult]:
        """Return the results plot by plot."""
        compared = PlotChanges(
            self.gathered,
            self.settings,
            self.comparer,
            PlotStocks(
                self.fixed,
                self.equal,
                self.reference_t_ha,
                self.reader,
                self.shared,
            ),
            self.confirmed,
        )
        changes: list[list[StockChange]] = [[] for _ in range(self.gathered.plots)]
        for plot, change in compared.all():
            changes[plot].append(change)
        stocks = self._stocks(compared.spread_t_ha)
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
        series = self.comparer.series(campaigns)
        visits = [
            (float(gathered.campaign_day[campaign]), point)
            for campaign in campaigns
            for point in series.measure.usable(gathered.campaign_points[campaign])
        ]
        points = np.array([point for _, point in visits], dtype=np.int64)
        first = float(gathered.campaign_day[campaigns[0]])
        years = [(day - first) / DAYS_PER_YEAR for day, _ in visits]
        places = [gathered.places[point] for _, point in visits]
        stocks = self._stocks_of(series, points)
        line = estimate_trend(years, stocks, places)
        moved = [
            (estimate_trend(years, moves, places).slope_t_ha_year or 0.0, df)
            for moves, df in self._moved(series, points)
        ]
        line = with_shared_errors(line, moved)
        model = _beside(line, years, stocks, places)
        apart = _TRENDS_PART if model is not None and parts(line, model) else 0
        return PlotTrend(
            line=line,
            random_slope=model,
            judged_on=series.measure.judged_on,
            depth_cm=self.settings.depth_cm,
            from_campaign=gathered.campaign_keys[campaigns[0]],
            to_campaign=gathered.campaign_keys[campaigns[-1]],
            campaigns=len(campaigns),
            reasons=reasons_of(series.noted | apart),
        )

    def _stocks_of(self, series: TrendStocks, points: IntArray) -> FloatArray:
        """Return the stocks of a trend's points, in a common mass where they need one."""
        if self.equal is None or series.measure is not self.by_mass:
            return self.fixed.soc_stock_t_ha[points]
        if series.common_mass_t_ha is None:
            return self.equal.soc_stock_t_ha[points]
        mass = np.full(points.size, series.common_mass_t_ha)
        stocks, _ = self.reader.in_mass(points, mass)
        return stocks

    def _moved(
        self, series: TrendStocks, points: IntArray
    ) -> list[tuple[FloatArray, float]]:
        """Return what the error of each shared factor moves a trend's stocks."""

        def read(reader: PointReader, side: ComparedPoints) -> FloatArray:
            if self.equal is None or series.measure is not self.by_mass:
                depth = np.full(side.points.size, self.settings.depth_cm)
                return reader.to_depth(side.points, depth)
            common = series.common_mass_t_ha
            own = self.reference_t_ha[side.points]
            mass = own if common is None else np.full(side.points.size, common)
            return reader.in_mass(side.points, mass)[0]

        campaigns = self.gathered.point_campaign[points]
        return [
            moved
            for each in self.shared
            for moved in each.of_points(points, campaigns, read)
        ]

    def _stocks(self, spread_t_ha: FloatArray) -> list[PointStock]:
        fixed, first = self.fixed, self.gathered.first_layers
        # By position, in the order of the fields: a project has many points.
        return list(
            map(
                PointStock,
                [layer.campaign for layer in first],
                [layer.point for layer in first],
                repeat(self.settings.depth_cm),
                optional(fixed.soc_stock_t_ha),
                optional(fixed.fine_mass_t_ha),
                fixed.covered_to_cm.tolist(),
                optional(fixed.stock_to_covered_t_ha),
                fixed.cores.tolist(),
                map(reasons_of, self.mask.tolist()),
                *self._equal_figures(),
                optional(spread_t_ha),
            )
        )

    def _equal_figures(self) -> list[Iterable[float | None]]:
        """Return the stock in an equal mass, the two masses, and what was extrapolated."""
        if self.equal is None:
            return [repeat(None)] * 4
        stock = self.equal.soc_stock_t_ha
        beyond: list[bool | None] = self.equal.extrapolated.tolist()
        for number in np.flatnonzero(np.isnan(stock)).tolist():
            beyond[number] = None
        return [
            optional(stock),
            optional(self.reference_t_ha),
            optional(self.equal.sampled_mass_t_ha),
            beyond,
        ]


def _beside(
    line: Trend, years: Sequence[float], stocks: FloatArray, places: Sequence[str]
) -> RandomSlope | None:
    """Return the model of random slopes of a series with holes; None for a full one."""
    full = len(set(places)) * len(set(years)) == len(places)
    if full or line.stage is not Stage.POINT_SLOPES:
        return None
    return fit_random_slope(years, stocks, places)


def _measure(
    judged_on: JudgedOn,
    masses: tuple[FloatArray, FloatArray],
    mask: IntArray,
    known: Facts,
) -> Measure:
    reach, reference = masses
    return Measure(
        judged_on,
        reach.tolist(),
        reference.tolist(),
        mask.tolist(),
        known.soc_methods,
    )
