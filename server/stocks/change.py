"""Change of the SOC stock of one plot between two campaigns, and its verdicts.

Paired t test where the same points were revisited, Welch's otherwise. The test
against 4 permille a year is made on ``c1 - k * c0`` with ``k = 1 + 0.004 * years``,
so it divides by nothing; the interval of the rate is the inversion of that test.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from math import isnan
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from server.stocks.common_errors import ProjectError
from server.stocks.fine_soil import FloatArray
from server.stocks.joined_interval import joined_intervals
from server.stocks.profiles import BoolArray, IntArray
from server.stocks.rate_interval import (
    SHAPES,
    IntervalShape,
    Moments,
    paired_intervals,
    welch_intervals,
)
from server.stocks.reasons import Reason, mask_of, reasons_of
from server.stocks.samples import Compared, Samples
from server.stocks.student_t import critical_t, two_sided_p
from server.stocks.verdicts import (
    ChangeVerdict,
    ZeroVerdict,
    rate_verdict,
    zero_verdict,
)

PERMILLE_YEAR: Final = 0.004  # annual growth of the reference, as a fraction
CO2_PER_C: Final = 44.0 / 12.0
SHORTEST_YEARS: Final = 1.0
# Below this a rate is given and warned of.
USUAL_YEARS: Final = 3.0
# Fewer pairs than this say less than all points compared without pairing.
FEWEST_PAIRS_OF_A_MIX: Final = 3
ZERO_STOCK_T_HA: Final = 1e-9

_INTERVAL_TOO_SHORT: Final = mask_of([Reason.INTERVAL_TOO_SHORT])
_INTERVAL_SHORT: Final = mask_of([Reason.INTERVAL_SHORT])
_ZERO_BASELINE: Final = mask_of([Reason.ZERO_BASELINE])
_TOO_FEW: Final = mask_of([Reason.SINGLE_POINT, Reason.NO_VARIANCE])
_ZERO_VARIANCE: Final = mask_of([Reason.ZERO_VARIANCE])

Interval = tuple[float | None, float | None]


class Design(StrEnum):
    """How the points of two campaigns are compared."""

    PAIRED = "paired"
    UNPAIRED = "unpaired"


@dataclass(frozen=True, kw_only=True)
class ChangeEstimate:
    """Change between two campaigns; None where not computable, with the reason.

    `withheld` says that the figures must not be judged, for one of the reasons; a change
    of a single point has no verdict either, and may still count in one of an area.
    `shared_se_t_ha` is the part of the standard error that all points share;
    `bootstrap_ci95_t_ha` is a second interval where the differences are skewed, and
    `project_error` the part that is one for all plots of a project.
    Stocks and changes in t/ha of carbon, `co2e_t_ha_year` in t/ha of CO2 (positive is
    removal). Intervals are 95 %. An end of `rate_ci95_permille_year` that is None is
    at infinity; `rate_ci95_shape` tells so.
    """

    design: Design
    n0: int
    n1: int
    years: float
    stock0_t_ha: float | None = None
    stock1_t_ha: float | None = None
    stock0_se_t_ha: float | None = None
    stock1_se_t_ha: float | None = None
    change_t_ha: float | None = None
    se_t_ha: float | None = None
    df: float | None = None
    change_ci95_t_ha: tuple[float, float] | None = None
    p_value: float | None = None
    annual_t_ha: float | None = None
    annual_ci95_t_ha: tuple[float, float] | None = None
    co2e_t_ha_year: float | None = None
    rate_permille_year: float | None = None
    rate_ci95_permille_year: Interval | None = None
    rate_ci95_shape: IntervalShape | None = None
    p_vs_4permille: float | None = None
    t_vs_4permille: float | None = None
    df_vs_4permille: float | None = None
    verdict_4permille: ChangeVerdict = ChangeVerdict.NOT_ASSESSABLE
    verdict_zero: ZeroVerdict = ZeroVerdict.NOT_ASSESSABLE
    shared_se_t_ha: float | None = None
    bootstrap_ci95_t_ha: tuple[float, float] | None = None
    project_error: ProjectError | None = None
    withheld: bool = False
    reasons: tuple[Reason, ...] = ()


def choose_design(n0: int, n1: int, pairs: int) -> tuple[Design, bool]:
    """Decide between pairs and all points, and tell whether the points are mixed.

    Pairs, where every point was revisited, or in a mix three pairs or more that are
    at least half of the points of either campaign. All points otherwise.

    >>> choose_design(4, 4, 4), choose_design(5, 4, 3), choose_design(5, 4, 2)
    ((<Design.PAIRED: 'paired'>, False), (<Design.PAIRED: 'paired'>, True), \
(<Design.UNPAIRED: 'unpaired'>, True))
    """
    mixed = 0 < pairs < max(n0, n1)
    enough = pairs >= FEWEST_PAIRS_OF_A_MIX and 2 * pairs >= max(n0, n1)
    paired = pairs > 0 and (enough or not mixed)
    return (Design.PAIRED if paired else Design.UNPAIRED), mixed


def estimate_change(
    stock0_t_ha: ArrayLike,
    stock1_t_ha: ArrayLike,
    *,
    design: Design,
    years: float,
    withheld: Collection[Reason] = (),
) -> ChangeEstimate:
    """Estimate the change of the mean stock and judge it.

    ``D = mean1 - mean0``, ``CI = D +- t(0.975, df) * SE``, ``annual = D / T``,
    ``rate = 1000 * D / (T * mean0)``, all simple, not compound.

    Paired: ``SE = sd(c1 - c0) / sqrt(n)``, ``df = n - 1``. Unpaired:
    ``SE^2 = s0^2 / n0 + s1^2 / n1``, df after Welch and Satterthwaite.

    Parameters
    ----------
    stock0_t_ha, stock1_t_ha
        Stocks of the points of the earlier and later campaign, t/ha, shapes (n0,)
        and (n1,), finite. Paired: same length, same order.
    design
        Paired or unpaired.
    years
        Time T between the campaigns, years of 365.25 days.
    withheld
        Reasons known to the caller that forbid a verdict; the figures stay.

    Returns
    -------
    ChangeEstimate
        Whatever can be computed; None and a reason for the rest.

    Raises
    ------
    ValueError
        When paired stocks differ in number or a stock is not finite.

    Notes
    -----
    Valid for stocks of points about normally distributed; with n below 5 intervals
    are wide, rightly. Source: Student's and Welch's t tests; Fieller 1954 for the
    interval of the rate.

    Examples
    --------
    >>> result = estimate_change(
    ...     [50.0, 61.0, 55.0], [58.0, 70.0, 62.0], design=Design.PAIRED, years=5.0
    ... )
    >>> result.change_t_ha, str(result.verdict_4permille), str(result.verdict_zero)
    (8.0, 'above', 'gain')
    """
    sides = [np.asarray(side, dtype=np.float64) for side in (stock0_t_ha, stock1_t_ha)]
    early, late = (
        Samples(side, np.zeros(side.size, dtype=np.int64), 1) for side in sides
    )
    compared = Compared(early, late, np.array([design is Design.PAIRED]))
    withheld_mask = np.array([mask_of(withheld)], dtype=np.int64)
    figures = next(estimate_changes(compared, np.array([years]), withheld_mask))
    return ChangeEstimate(**figures | {"reasons": reasons_of(figures["reasons"])})


def estimate_changes(
    compared: Compared, years: FloatArray, withheld: IntArray
) -> Iterator[dict[str, Any]]:
    """Estimate many changes at once; see `estimate_change` for the equations.

    Returns the fields of `ChangeEstimate` for each change, with `reasons` still packed
    into a mask. `withheld` holds a mask per change, `years` its time.
    """
    return _Estimates(compared, years, withheld).rows()


class _Estimates:
    """Columns of m changes; NaN is what cannot be computed."""

    def __init__(
        self, compared: Compared, years: FloatArray, withheld: IntArray
    ) -> None:
        self.compared = compared
        self.years = years
        self.withheld = withheld
        self.mean0, self.mean1 = compared.early.mean, compared.late.mean
        self.change = compared.change()
        self.mask = withheld.copy()
        self._estimate_rate()
        self._estimate_spread()
        self._test_rate()

    def _estimate_rate(self) -> None:
        """Add the point estimates: annual change, rate."""
        known = ~np.isnan(self.change)
        short = self.years < SHORTEST_YEARS
        zero = self.mean0 < ZERO_STOCK_T_HA
        self.mask |= np.where(known & short, _INTERVAL_TOO_SHORT, 0)
        warned = ~short & (self.years < USUAL_YEARS)
        self.mask |= np.where(known & warned, _INTERVAL_SHORT, 0)
        self.mask |= np.where(known & zero, _ZERO_BASELINE, 0)
        years = np.where(short, np.nan, self.years)
        self.annual = self.change / years
        self.rate = 1000.0 * self.annual / np.where(zero, np.nan, self.mean0)

    def _estimate_spread(self) -> None:
        """Add standard error, interval and p value of the change."""
        known = ~np.isnan(self.change)
        few = np.minimum(self.compared.early.n, self.compared.late.n) < 2
        error, df = self.compared.spread(np.ones(self.years.size))
        flat = error == 0.0
        self.mask |= np.where(known & few, _TOO_FEW, 0)
        self.mask |= np.where(flat, _ZERO_VARIANCE, 0)
        self.error = error
        self.df = np.where(flat | few, np.nan, df)
        half = critical_t(self.df) * error
        self.low, self.high = self.change - half, self.change + half
        with np.errstate(divide="ignore", invalid="ignore"):
            self.p_value = two_sided_p(self.change / error, self.df)

    def _test_rate(self) -> None:
        """Add the test against 4 permille and the interval of the rate."""
        testable = ~(np.isnan(self.df) | np.isnan(self.annual))
        ratio = np.where(testable, 1.0 + PERMILLE_YEAR * self.years, np.nan)
        contrast = self.mean1 - ratio * self.mean0
        error, df = self.compared.spread(ratio)
        error = np.where(error > 0.0, error, np.nan)
        self.t_rate = contrast / error
        self.df_rate = np.where(np.isnan(self.t_rate), np.nan, df)
        self.p_rate = two_sided_p(self.t_rate, self.df_rate)
        self._bound_rate(testable & ~np.isnan(self.rate))

    def _bound_rate(self, testable: BoolArray) -> None:
        self.rate_low, self.rate_high = np.full((2, testable.size), np.nan)
        self.shape = np.full(testable.size, _NO_SHAPE)
        early, late = self.compared.early, self.compared.late
        with np.errstate(divide="ignore", invalid="ignore"):
            moments = Moments(
                self.mean0,
                self.mean1,
                early.variance / early.n,
                late.variance / late.n,
                self.compared.covariance(),
            )
        common, paired = self.compared.common, self.compared.paired
        joined = np.zeros_like(paired) if common is None else common.has_any
        for kind in (paired & ~joined, ~paired & ~joined, joined):
            rows = np.flatnonzero(testable & kind)
            if not rows.size:
                continue
            chosen, n0, n1 = moments.take(rows), early.n[rows], late.n[rows]
            if common is not None and kind is joined:
                found = joined_intervals(
                    chosen, (n0, n1), paired[rows], common.take(rows)
                )
            elif paired[rows[0]]:
                found = paired_intervals(chosen, (n0 - 1).astype(np.float64))
            else:
                found = welch_intervals(chosen, n0, n1)
            years = self.years[rows]
            self.rate_low[rows] = 1000.0 * (found.low - 1.0) / years
            self.rate_high[rows] = 1000.0 * (found.high - 1.0) / years
            self.shape[rows] = found.shape

    def _mean_errors(self) -> tuple[FloatArray, FloatArray]:
        """Return the standard error of the mean stock of either campaign."""
        early, late = (
            side.variance / np.maximum(side.n, 1)
            for side in (self.compared.early, self.compared.late)
        )
        if self.compared.common is not None:
            early += np.square(self.compared.common.early_t_ha).sum(axis=1)
            late += np.square(self.compared.common.late_t_ha).sum(axis=1)
        return np.sqrt(early), np.sqrt(late)

    def _shared_error(self) -> FloatArray:
        """Return the error of the change that all points share; NaN where none do."""
        common = self.compared.common
        if common is None:
            return np.full(self.years.size, np.nan)
        added = common.variances(np.ones(self.years.size)).sum(axis=1)
        return np.where(common.has_any, np.sqrt(added), np.nan)

    def _project_errors(self) -> list[ProjectError | None]:
        common, count = self.compared.common, self.years.size
        if common is None or not any(common.of_project):
            return [None] * count
        return [common.moved_with_project(number) for number in range(count)]

    def _verdicts(self) -> tuple[list[ChangeVerdict], list[ZeroVerdict]]:
        judged = (self.withheld == 0) & ~np.isnan(self.p_value)
        rated = judged & ~np.isnan(self.rate)
        return (
            _each(rate_verdict, np.where(rated, self.p_rate, np.nan), self.t_rate),
            _each(zero_verdict, np.where(judged, self.p_value, np.nan), self.change),
        )

    def rows(self) -> Iterator[dict[str, Any]]:
        """Return the fields of each change."""
        verdicts, zero_verdicts = self._verdicts()
        yearly = np.where(np.isnan(self.annual), np.nan, self.years)
        annual = _pairs(self.low / yearly, self.high / yearly)
        rates = zip(optional(self.rate_low), optional(self.rate_high), strict=True)
        bounded = (self.shape != _NO_SHAPE).tolist()
        error0, error1 = self._mean_errors()
        columns: dict[str, list[Any]] = {
            "design": [_DESIGNS[int(paired)] for paired in self.compared.paired],
            "n0": self.compared.early.n.tolist(),
            "n1": self.compared.late.n.tolist(),
            "years": self.years.tolist(),
            "stock0_t_ha": optional(self.mean0),
            "stock1_t_ha": optional(self.mean1),
            "stock0_se_t_ha": optional(error0),
            "stock1_se_t_ha": optional(error1),
            "change_t_ha": optional(self.change),
            "se_t_ha": optional(self.error),
            "df": optional(self.df),
            "change_ci95_t_ha": _pairs(self.low, self.high),
            "p_value": optional(self.p_value),
            "annual_t_ha": optional(self.annual),
            "annual_ci95_t_ha": annual,
            "co2e_t_ha_year": optional(self.annual * CO2_PER_C),
            "rate_permille_year": optional(self.rate),
            "rate_ci95_permille_year": [
                ends if known else None
                for ends, known in zip(rates, bounded, strict=True)
            ],
            "rate_ci95_shape": [_SHAPES[shape] for shape in self.shape.tolist()],
            "p_vs_4permille": optional(self.p_rate),
            "t_vs_4permille": optional(self.t_rate),
            "df_vs_4permille": optional(self.df_rate),
            "verdict_4permille": verdicts,
            "verdict_zero": zero_verdicts,
            "shared_se_t_ha": optional(self._shared_error()),
            "project_error": self._project_errors(),
            "withheld": (self.withheld != 0).tolist(),
            "reasons": self.mask.tolist(),
        }
        names = tuple(columns)
        for values in zip(*columns.values(), strict=True):
            yield dict(zip(names, values, strict=True))


_Word = TypeVar("_Word")
_SHAPES: Final = (*SHAPES, None)
_NO_SHAPE: Final = len(SHAPES)
_DESIGNS: Final = (Design.UNPAIRED, Design.PAIRED)


def _each(
    verdict: Callable[[float, float], _Word], p_value: FloatArray, sign: FloatArray
) -> list[_Word]:
    return list(map(verdict, p_value.tolist(), sign.tolist()))


def optional(values: FloatArray) -> list[float | None]:
    """Return plain numbers, None for NaN.

    >>> optional(np.array([1.5, np.nan]))
    [1.5, None]
    """
    plain: list[float | None] = values.tolist()
    missing = np.flatnonzero(np.isnan(values))
    for number in missing.tolist():
        plain[number] = None
    return plain


def _pairs(low: FloatArray, high: FloatArray) -> list[tuple[float, float] | None]:
    return [
        None if isnan(ends[0]) else ends
        for ends in zip(low.tolist(), high.tolist(), strict=True)
    ]
