"""From plots to farms, projects and organisations: area-weighted, stratified.

A plot whose points were measured is a stratum. Plots that stand for many others are
merged by `cluster` into one stratum first. Plots without a result are never filled:
the measured area is described, and its share of all area told.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from server.stocks.change import (
    CO2_PER_C,
    PERMILLE_YEAR,
    Design,
    Interval,
    estimate_change,
)
from server.stocks.choices import Lonely
from server.stocks.rate_interval import IntervalShape
from server.stocks.reasons import Reason, in_order
from server.stocks.strata import Estimate, Freedom, Strata
from server.stocks.units import Stratum, cluster, stratum_of
from server.stocks.verdicts import (
    ChangeVerdict,
    ZeroVerdict,
    rate_verdict,
    zero_verdict,
)

_PERMILLE_YEAR: Final = 1000.0 * PERMILLE_YEAR


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """What is known of an area; every figure is of the represented area alone.

    That is the area of the measured plots, and where plots were drawn out of many, the
    land they stand for; `drawn` counts those. Means per hectare in t/ha and t/ha/year;
    totals in t of carbon and of CO2 a year, positive is removal. `coverage` and
    `area_with_se_share` are the shares of all area that is represented, and of that
    whose strata have a variance of their own.
    """

    units: int
    measured: int
    drawn: int
    area_ha: float
    measured_ha: float
    represented_ha: float
    coverage: float
    area_with_se_share: float
    lonely: Lonely
    stock0_t_ha: Estimate
    stock1_t_ha: Estimate
    annual_t_ha: Estimate
    total_c_t_year: Estimate
    total_co2e_t_year: Estimate
    rate_permille_year: float | None
    rate_ci95_permille_year: Interval | None
    rate_ci95_shape: IntervalShape | None
    p_vs_4permille: float | None
    verdict_4permille: ChangeVerdict
    verdict_zero: ZeroVerdict
    reasons: tuple[Reason, ...]


def aggregate(
    units: Sequence[Stratum],
    *,
    lonely: Lonely = Lonely.FAIL,
    freedom: Freedom = Freedom.SATTERTHWAITE,
) -> Aggregate:
    """Return the mean and total change of an area, and judge it.

    ``y = sum(w_h y_h)``, ``Var = sum(w_h^2 Var_h)``, ``w_h = A_h / A`` over the
    represented area A; total ``A y``. Degrees of freedom
    ``Var^2 / sum((w_h^2 Var_h)^2 / df_h)`` (Satterthwaite), an unpaired stratum with
    one term for each campaign. The rate is judged on the contrast
    ``sum(w_h (c1_h - k_h c0_h))``, ``k_h = 1 + r T_h``, so nothing is divided by; its
    interval holds every r that the test does not reject.

    Parameters
    ----------
    units
        All strata of the area, measured or not: plots, and what `cluster` made of
        plots that were drawn.
    lonely
        What to do about strata of one point.
    freedom
        How degrees of freedom are counted.

    Returns
    -------
    Aggregate
        Figures of the measured area; None and a reason for what is not computable.

    Notes
    -----
    Strata are independent. Less than a year between campaigns leaves a stratum out.
    Sources: VM0042 v2.2 equations 70 and 71; Cochran 1977, chapter 5; the four rules
    for one-point strata as in the R package survey.

    Examples
    --------
    >>> from server.stocks.change import Design, estimate_change
    >>> from server.stocks.units import stratum_of
    >>> change = estimate_change(
    ...     [50.0, 52.0, 54.0], [53.0, 54.0, 58.0], design=Design.PAIRED, years=5.0
    ... )
    >>> result = aggregate([stratum_of("a", 3.0, change), stratum_of("b", 1.0, None)])
    >>> result.annual_t_ha.value, result.measured_ha, result.coverage
    (0.6, 3.0, 0.75)
    """
    known = [stratum for stratum in units if stratum.area_ha]
    used = [stratum for stratum in known if stratum.annual_t_ha is not None]
    area = sum(stratum.area_ha or 0.0 for stratum in known)
    counts = _counts(units)
    reasons = list(_reasons_of_cover(units, known, used))
    if not used:
        return _nothing(counts, area, lonely, reasons)
    strata = Strata(used, lonely, freedom)
    reasons += _reasons_of_strata(strata, used)
    annual = strata.annual_change()
    total = annual.times(strata.area_ha)
    rate = strata.rate()
    p_rate, t_rate = strata.test(_PERMILLE_YEAR)
    interval, shape = _interval(strata, rate, p_rate)
    verdict = rate_verdict(p_rate, t_rate)
    verdict_zero = zero_verdict(annual.p_value, annual.value)
    if any(stratum.withheld for stratum in used):
        verdict = ChangeVerdict.NOT_ASSESSABLE
        verdict_zero = ZeroVerdict.NOT_ASSESSABLE
    return Aggregate(
        **counts,
        area_ha=area,
        measured_ha=sum(stratum.measured_ha for stratum in used),
        represented_ha=strata.area_ha,
        coverage=strata.area_ha / area,
        area_with_se_share=strata.share_with_error,
        lonely=lonely,
        stock0_t_ha=strata.stock(0),
        stock1_t_ha=strata.stock(1),
        annual_t_ha=annual,
        total_c_t_year=total,
        total_co2e_t_year=total.times(CO2_PER_C),
        rate_permille_year=rate,
        rate_ci95_permille_year=interval,
        rate_ci95_shape=shape,
        p_vs_4permille=p_rate,
        verdict_4permille=verdict,
        verdict_zero=verdict_zero,
        reasons=in_order(reasons),
    )


def _interval(
    strata: Strata, rate: float | None, p_rate: float | None
) -> tuple[tuple[float | None, float | None] | None, IntervalShape | None]:
    """Return the interval of the rate, where it can be tested, and its shape."""
    if p_rate is None or rate is None:
        return None, None
    low, high, shape = strata.bounds(rate)
    return (low, high), shape


def _reasons_of_cover(
    units: Sequence[Stratum], known: Sequence[Stratum], used: Sequence[Stratum]
) -> Iterator[Reason]:
    """Yield what there is to say of land without an area or without a result."""
    if len(known) < len(units) or any(u.drawn and u.drawn.without_area for u in known):
        yield Reason.AREA_MISSING
    is_partial = any(u.represented_ha < (u.area_ha or 0.0) for u in used)
    if len(used) < len(known) or is_partial:
        yield Reason.PARTIAL_COVERAGE


def _reasons_of_strata(strata: Strata, used: Sequence[Stratum]) -> Iterator[Reason]:
    """Yield what there is to say of strata of one, and what each stratum says."""
    if strata.alone.any():
        yield Reason.NO_VARIANCE
    if (strata.alone & strata.drawn).any():
        yield Reason.SINGLE_PLOT
    if (strata.alone & ~strata.drawn).any():
        yield Reason.SINGLE_POINT
    for stratum in used:
        yield from stratum.reasons


def mean_stock(
    plots: Sequence[tuple[float, Sequence[float]]], *, is_drawn: bool
) -> Estimate:
    """Return the area-weighted mean stock of plots in one campaign, with its error.

    Equations and degrees of freedom are those of `aggregate`, of plots that were drawn
    those of `cluster`.

    Parameters
    ----------
    plots
        Of each plot its area in ha and the stocks of its points in t/ha.
    is_drawn
        Whether the plots stand for more land than themselves.

    Examples
    --------
    >>> plots = [(3.0, [50.0, 52.0, 54.0]), (1.0, [60.0, 66.0])]
    >>> found = mean_stock(plots, is_drawn=False)
    >>> found.value, round(found.se, 6), round(found.df, 6)
    (54.75, 1.145644, 2.882353)
    """
    # Each campaign is compared with itself: only its stock is asked for.
    units = [
        stratum_of(
            "",
            area_ha,
            estimate_change(stocks, stocks, design=Design.PAIRED, years=1.0),
        )
        for area_ha, stocks in plots
    ]
    if is_drawn:
        units = [cluster("", sum(area_ha for area_ha, _ in plots), units)]
    return Strata(units, Lonely.FAIL, Freedom.SATTERTHWAITE).stock(0)


def _counts(units: Sequence[Stratum]) -> dict[str, int]:
    """Count plots: all, those with a result and an area, those that were drawn."""
    drawn = [stratum.drawn for stratum in units if stratum.drawn is not None]
    own = [stratum for stratum in units if stratum.drawn is None]
    measured = sum(bool(u.area_ha) and u.annual_t_ha is not None for u in own)
    return {
        "units": len(own) + sum(each.plots for each in drawn),
        "measured": measured + sum(each.measured for each in drawn),
        "drawn": sum(each.plots for each in drawn),
    }


def _nothing(
    counts: dict[str, int],
    area_ha: float,
    lonely: Lonely,
    reasons: Sequence[Reason],
) -> Aggregate:
    return Aggregate(
        **counts,
        area_ha=area_ha,
        measured_ha=0.0,
        represented_ha=0.0,
        coverage=0.0,
        area_with_se_share=0.0,
        lonely=lonely,
        stock0_t_ha=Estimate(),
        stock1_t_ha=Estimate(),
        annual_t_ha=Estimate(),
        total_c_t_year=Estimate(),
        total_co2e_t_year=Estimate(),
        rate_permille_year=None,
        rate_ci95_permille_year=None,
        rate_ci95_shape=None,
        p_vs_4permille=None,
        verdict_4permille=ChangeVerdict.NOT_ASSESSABLE,
        verdict_zero=ZeroVerdict.NOT_ASSESSABLE,
        reasons=in_order(reasons),
    )
