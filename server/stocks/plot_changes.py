"""The changes of many plots between their campaigns, each with what stands beside it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, Final

import numpy as np

from server.stocks.change import PERMILLE_YEAR, estimate_changes
from server.stocks.compared_stocks import ComparedStocks, PlotStocks
from server.stocks.comparison import Comparer, Comparison, JudgedOn
from server.stocks.gather import FlatPlots
from server.stocks.layering import depths_differ, shared_boundary_cm
from server.stocks.plausibility import is_change_implausible
from server.stocks.reasons import Reason, mask_of, reasons_of
from server.stocks.results import SharedDepth, StockChange
from server.stocks.samples import Compared
from server.stocks.second_intervals import second_intervals
from server.stocks.settings import Settings
from server.stocks.verdicts import ChangeVerdict, ZeroVerdict

_Fields = dict[str, Any]

_DEPTHS_DIFFER: Final = mask_of([Reason.DEPTHS_DIFFER])
_SKEWED: Final = mask_of([Reason.SKEWED])
_CHANGE_IMPLAUSIBLE: Final = mask_of([Reason.CHANGE_IMPLAUSIBLE])
_CHANGE_CONFIRMED: Final = mask_of([Reason.CHANGE_CONFIRMED])


@dataclass(frozen=True, slots=True)
class _Layered:
    """A comparison of campaigns that were cut differently."""

    apart_t_ha: float  # change by the other curve minus that by the usual one
    shared: SharedDepth | None


class PlotChanges:
    """Compares the campaigns of many plots."""

    def __init__(
        self,
        gathered: FlatPlots,
        settings: Settings,
        comparer: Comparer,
        stocks: PlotStocks,
        confirmed: Sequence[str | None],
    ) -> None:
        self._gathered = gathered
        self._settings = settings
        self._comparer = comparer
        self._stocks = stocks
        self._references: list[float] = stocks.reference_t_ha.tolist()
        self._confirmed = confirmed
        #: Stock by the other curve minus that by the usual one, of points it matters to.
        self.spread_t_ha = np.full(len(gathered.first_layers), np.nan)

    def all(self) -> Iterator[tuple[int, StockChange]]:
        """Return each change with the number of its plot."""
        judged = [self._comparer.judge(*span) for span in self._spans()]
        if not judged:
            return
        compared = ComparedStocks(judged, self._stocks, self._settings)
        both = compared.as_samples()
        figures = self._estimate(compared, both)
        for number, interval in second_intervals(both).items():
            figures[number]["reasons"] |= _SKEWED
            figures[number]["bootstrap_ci95_t_ha"] = interval
        layered = self._layered(compared, figures)
        beside = self._beside(compared)
        for number, (comparison, fields) in enumerate(
            zip(compared.comparisons, figures, strict=True)
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

    @staticmethod
    def _estimate(compared: ComparedStocks, both: Compared) -> list[_Fields]:
        years = np.array([each.years for each in compared.comparisons])
        withheld = [each.withheld for each in compared.comparisons]
        return list(estimate_changes(both, years, np.array(withheld, dtype=np.int64)))

    def _beside(self, compared: ComparedStocks) -> dict[int, _Fields]:
        """Return the change to the fixed depth of those judged in an equal mass."""
        massed = np.flatnonzero(compared.in_mass).tolist()
        if not massed:
            return {}
        comparer = self._comparer
        fixed = [
            comparer.compare(each.early, each.late, comparer.fixed)
            for each in (compared.comparisons[number] for number in massed)
        ]
        to_depth = ComparedStocks(fixed, self._stocks, self._settings)
        figures = self._estimate(to_depth, to_depth.as_samples())
        return dict(zip(massed, figures, strict=True))

    def _layered(
        self, compared: ComparedStocks, figures: Sequence[_Fields]
    ) -> dict[int, _Layered]:
        """Return what there is to say of campaigns that were cut differently."""
        depth = compared.depths_cm()
        known = np.array([each["change_t_ha"] is not None for each in figures])
        reader = self._stocks.reader
        cut = depths_differ(reader, *compared.sides, compared.paired, depth)
        differ = known & cut
        if not differ.any():
            return {}
        means = []
        for side, stock in zip(compared.sides, compared.values, strict=True):
            chosen = side.chosen(differ)
            other = compared.by_other_curve(chosen, depth)
            part = other - stock[differ[side.owner]]
            self.spread_t_ha[chosen.points] = np.fmax(
                np.nan_to_num(self.spread_t_ha[chosen.points]), np.abs(part)
            )
            means.append(chosen.mean(part))
        apart = means[1] - means[0]
        return {
            number: _Layered(
                float(apart[number]),
                self._shared(compared.comparisons[number], float(depth[number])),
            )
            for number in np.flatnonzero(differ).tolist()
        }

    def _shared(self, comparison: Comparison, depth_cm: float) -> SharedDepth | None:
        """Compare to a depth at which all cores of both campaigns are cut."""
        found = shared_boundary_cm(self._stocks.reader, comparison, depth_cm)
        if found is None:
            return None
        to_depth = ComparedStocks(
            [comparison], self._stocks, self._settings, to_depth_cm=found
        )
        (fields,) = self._estimate(to_depth, to_depth.as_samples())
        self._judge_plausibility(comparison, fields)
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
            if _depends_on_curve(fields, layered.apart_t_ha):
                _withhold(fields)
        said, confirmed = self._judge_plausibility(comparison, fields)
        mask |= said
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
            curve_spread_t_ha=abs(layered.apart_t_ha) if layered else None,
            shared_depth=layered.shared if layered else None,
            change_confirmed=confirmed,
        )

    def _judge_plausibility(
        self, comparison: Comparison, fields: _Fields
    ) -> tuple[int, str | None]:
        """Take the verdicts of a change that no soil makes, unless a person confirmed it.

        Returns what there is to say of it, and why it was confirmed.
        """
        if not is_change_implausible(
            fields["annual_t_ha"], fields["rate_permille_year"]
        ):
            return 0, None
        confirmed = self._confirmed[int(self._gathered.campaign_plot[comparison.early])]
        if confirmed is not None:
            return _CHANGE_CONFIRMED, confirmed
        _withhold(fields)
        return _CHANGE_IMPLAUSIBLE, None

    def _mass(self, comparison: Comparison) -> float:
        """Return the mass of the points used; their mean where each has its own."""
        if comparison.common_mass_t_ha is not None:
            return comparison.common_mass_t_ha
        masses = [self._references[point] for point in comparison.used0]
        if masses.count(masses[0]) == len(masses):
            return masses[0]
        return float(np.mean(masses))

    def _depth_of_mass(self, comparison: Comparison) -> float | None:
        """Return the depth that the mass had in the earlier campaign, where it is less."""
        if comparison.common_mass_t_ha is None:
            return None
        points = np.array(comparison.used0, dtype=np.int64)
        mass = np.full(points.size, comparison.common_mass_t_ha)
        return float(np.mean(self._stocks.reader.depth_of_mass(points, mass)))


def _depends_on_curve(fields: _Fields, apart_t_ha: float) -> bool:
    """Return whether the other curve might lead to another verdict.

    Where the curves part by more than half of the interval's width, or where the change
    by the other curve stands otherwise to zero or to 4 permille a year. Without an
    interval nobody can tell, and an area must not be judged by them.
    """
    interval = fields["change_ci95_t_ha"]
    if interval is None:
        return True
    half = (interval[1] - interval[0]) / 2.0
    if abs(apart_t_ha) > half:
        return True
    line = PERMILLE_YEAR * fields["years"] * fields["stock0_t_ha"]
    change = fields["change_t_ha"]
    return any(
        _side(change - mark, half) != _side(change + apart_t_ha - mark, half)
        for mark in (0.0, line)
    )


def _side(change_t_ha: float, half_t_ha: float) -> int:
    """Return whether a change lies above (1), below (-1) or within half a width of 0."""
    return int(change_t_ha > half_t_ha) - int(change_t_ha < -half_t_ha)


def _withhold(fields: _Fields) -> None:
    """Leave the figures of a change and take its verdicts."""
    fields["withheld"] = True
    fields["verdict_4permille"] = ChangeVerdict.NOT_ASSESSABLE
    fields["verdict_zero"] = ZeroVerdict.NOT_ASSESSABLE
