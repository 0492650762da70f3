"""Change of the SOC stock of one plot between two campaigns, and its verdicts.

Paired t test where the same points were revisited, Welch's otherwise. The test
against 4 permille a year is made on ``c1 - k * c0`` with ``k = 1 + 0.004 * years``,
so it divides by nothing; the interval of the rate is the inversion of that test.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from server.stocks.fine_soil import FloatArray
from server.stocks.rate_interval import (
    Moments,
    RatioInterval,
    Shape,
    paired_interval,
    welch_df,
    welch_interval,
)
from server.stocks.reasons import Reason, in_order
from server.stocks.student_t import ALPHA, critical_t, two_sided_p

PERMILLE_YEAR: Final = 0.004  # annual growth of the reference, as a fraction
CO2_PER_C: Final = 44.0 / 12.0
SHORTEST_YEARS: Final = 1.0
# Fewer pairs than this say less than all points compared without pairing.
FEWEST_PAIRS_OF_A_MIX: Final = 3
# A standard error below ten rounding errors of the means is no spread at all.
_ROUNDING: Final = 10.0 * float(np.finfo(np.float64).eps)
_ZERO_STOCK_T_HA: Final = 1e-9

Interval = tuple[float | None, float | None]


class Design(StrEnum):
    """How the points of two campaigns are compared."""

    PAIRED = "paired"
    UNPAIRED = "unpaired"


class Verdict(StrEnum):
    """Where the rate stands against 4 permille of the baseline stock a year."""

    ABOVE = "above"
    BELOW = "below"
    NOT_DISTINGUISHABLE = "not distinguishable"
    NOT_ASSESSABLE = "not assessable"


class ZeroVerdict(StrEnum):
    """Whether the stock changed at all."""

    GAIN = "gain"
    LOSS = "loss"
    NO_DETECTABLE_CHANGE = "no detectable change"
    NOT_ASSESSABLE = "not assessable"


@dataclass(frozen=True, kw_only=True)
class ChangeEstimate:
    """Change between two campaigns; None where not computable, with the reason.

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
    rate_ci95_shape: Shape | None = None
    p_vs_4permille: float | None = None
    t_vs_4permille: float | None = None
    df_vs_4permille: float | None = None
    verdict_4permille: Verdict = Verdict.NOT_ASSESSABLE
    verdict_zero: ZeroVerdict = ZeroVerdict.NOT_ASSESSABLE
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
    stock0 = np.asarray(stock0_t_ha, dtype=np.float64)
    stock1 = np.asarray(stock1_t_ha, dtype=np.float64)
    if design is Design.PAIRED and stock0.shape != stock1.shape:
        raise ValueError("paired stocks differ in number")
    if not (np.isfinite(stock0).all() and np.isfinite(stock1).all()):
        raise ValueError("a stock is not finite")
    result = ChangeEstimate(
        design=design,
        n0=stock0.size,
        n1=stock1.size,
        years=years,
        stock0_t_ha=float(stock0.mean()) if stock0.size else None,
        stock1_t_ha=float(stock1.mean()) if stock1.size else None,
        reasons=in_order(withheld),
    )
    result = _with_change(result, stock0, stock1)
    result = _with_spread(result, stock0, stock1)
    return _with_verdicts(_with_rate_test(result, stock0, stock1), bool(withheld))


def _noted(result: ChangeEstimate, *reasons: Reason) -> ChangeEstimate:
    return replace(result, reasons=in_order((*result.reasons, *reasons)))


def _with_change(
    result: ChangeEstimate, stock0: FloatArray, stock1: FloatArray
) -> ChangeEstimate:
    """Add the point estimates: change, annual change, rate."""
    mean0, mean1 = result.stock0_t_ha, result.stock1_t_ha
    if mean0 is None or mean1 is None:
        return result
    # The mean of differences keeps digits that a difference of means loses.
    paired = result.design is Design.PAIRED
    change = float((stock1 - stock0).mean()) if paired else mean1 - mean0
    result = replace(result, change_t_ha=change)
    if result.years < SHORTEST_YEARS:
        result = _noted(result, Reason.INTERVAL_TOO_SHORT)
    else:
        annual = change / result.years
        result = replace(result, annual_t_ha=annual, co2e_t_ha_year=annual * CO2_PER_C)
    if mean0 < _ZERO_STOCK_T_HA:
        return _noted(result, Reason.ZERO_BASELINE)
    if result.annual_t_ha is None:
        return result
    return replace(result, rate_permille_year=1000.0 * result.annual_t_ha / mean0)


def _with_spread(
    result: ChangeEstimate, stock0: FloatArray, stock1: FloatArray
) -> ChangeEstimate:
    """Add standard error, interval and p value of the change."""
    if result.change_t_ha is None:
        return result
    if min(result.n0, result.n1) < 2:
        return _noted(result, Reason.SINGLE_POINT, Reason.NO_VARIANCE)
    error, df = _spread(result.design, stock0, stock1, 1.0)
    if error == 0.0:
        return _noted(replace(result, se_t_ha=0.0), Reason.ZERO_VARIANCE)
    change, half = result.change_t_ha, float(critical_t(df)) * error
    low, high = change - half, change + half
    annual = result.annual_t_ha is not None
    return replace(
        result,
        se_t_ha=error,
        df=df,
        change_ci95_t_ha=(low, high),
        p_value=float(two_sided_p(change / error, df)),
        annual_ci95_t_ha=(low / result.years, high / result.years) if annual else None,
    )


def _with_rate_test(
    result: ChangeEstimate, stock0: FloatArray, stock1: FloatArray
) -> ChangeEstimate:
    """Add the test against 4 permille and the interval of the rate."""
    if result.df is None or result.annual_t_ha is None:
        return result
    ratio = 1.0 + PERMILLE_YEAR * result.years
    contrast = float(stock1.mean() - ratio * stock0.mean())
    error, df = _spread(result.design, stock0, stock1, ratio)
    if error > 0.0:
        t = contrast / error
        p = float(two_sided_p(t, df))
        result = replace(result, t_vs_4permille=t, df_vs_4permille=df, p_vs_4permille=p)
    if result.rate_permille_year is None:
        return result
    moments = _moments(result.design, stock0, stock1)
    if result.design is Design.PAIRED:
        interval = paired_interval(moments, float(result.n0 - 1))
    else:
        interval = welch_interval(moments, result.n0, result.n1)
    return replace(
        result,
        rate_ci95_permille_year=_rates(interval, result.years),
        rate_ci95_shape=interval.shape,
    )


def _with_verdicts(result: ChangeEstimate, withheld: bool) -> ChangeEstimate:  # noqa: FBT001
    if withheld or result.change_t_ha is None or result.p_value is None:
        return result
    result = replace(result, verdict_zero=_against_zero(result.change_t_ha, result))
    if result.rate_permille_year is None:
        return result
    return replace(result, verdict_4permille=_against_4permille(result))


def _against_zero(change_t_ha: float, result: ChangeEstimate) -> ZeroVerdict:
    if result.p_value is None or result.p_value >= ALPHA:
        return ZeroVerdict.NO_DETECTABLE_CHANGE
    return ZeroVerdict.GAIN if change_t_ha > 0.0 else ZeroVerdict.LOSS


def _against_4permille(result: ChangeEstimate) -> Verdict:
    if result.p_vs_4permille is None or result.t_vs_4permille is None:
        return Verdict.NOT_ASSESSABLE
    if result.p_vs_4permille >= ALPHA:
        return Verdict.NOT_DISTINGUISHABLE
    return Verdict.ABOVE if result.t_vs_4permille > 0.0 else Verdict.BELOW


def _moments(design: Design, stock0: FloatArray, stock1: FloatArray) -> Moments:
    n0, n1 = stock0.size, stock1.size
    mean0, mean1 = float(stock0.mean()), float(stock1.mean())
    covariance = 0.0
    if design is Design.PAIRED:
        products = (stock0 - mean0) * (stock1 - mean1)
        covariance = float(products.sum()) / (n0 - 1) / n0
    return Moments(
        mean0,
        mean1,
        float(stock0.var(ddof=1)) / n0,
        float(stock1.var(ddof=1)) / n1,
        covariance,
    )


def _spread(
    design: Design, stock0: FloatArray, stock1: FloatArray, ratio: float
) -> tuple[float, float]:
    """Give standard error and df of ``mean1 - ratio * mean0``; 0 is no spread."""
    if design is Design.PAIRED:
        contrast = stock1 - ratio * stock0
        error = float(contrast.std(ddof=1)) / contrast.size**0.5
        df = float(contrast.size - 1)
    else:
        var0 = ratio * ratio * float(stock0.var(ddof=1)) / stock0.size
        var1 = float(stock1.var(ddof=1)) / stock1.size
        error = (var0 + var1) ** 0.5
        df = float(welch_df(var1, var0, stock1.size, stock0.size))
    scale = max(abs(float(stock0.mean())), abs(float(stock1.mean())))
    return (error if error > _ROUNDING * scale else 0.0), df


def _rates(interval: RatioInterval, years: float) -> Interval:
    """Turn ratios of stocks into permille a year."""
    low, high = (
        None if ratio is None else 1000.0 * (ratio - 1.0) / years
        for ratio in (interval.low, interval.high)
    )
    return low, high
