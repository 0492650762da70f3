"""Trend of a stock over three and more campaigns, on the real dates.

Two stages: a straight line through each point's own series, then the distribution of
the slopes. A model that pools the residuals of all points takes repeated soil for
independent soil, and its standard error is wrong either way.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from server.stocks.change import optional
from server.stocks.fine_soil import FloatArray
from server.stocks.profiles import IntArray
from server.stocks.samples import Samples
from server.stocks.student_t import ALPHA, critical_t, satterthwaite_df, two_sided_p

# Less than ten rounding errors of the values is no residual at all.
_ROUNDING: Final = 10.0 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Lines:
    """Straight lines through m series; NaN where not computable.

    Slopes in t/ha per year, stocks in t/ha. `bend` is the coefficient of the squared
    time, t/ha per year squared.
    """

    n: IntArray
    first_year: FloatArray
    fitted_first_t_ha: FloatArray
    slope_t_ha_year: FloatArray
    se_t_ha_year: FloatArray
    df: FloatArray
    low_t_ha_year: FloatArray
    high_t_ha_year: FloatArray
    p_value: FloatArray
    residual_sd_t_ha: FloatArray
    bend_t_ha_year2: FloatArray
    bend_p_value: FloatArray

    @property
    def relative_permille_year(self) -> FloatArray:
        """Slopes relative to the fitted stock at the first date of the series."""
        first = self.fitted_first_t_ha
        relative: FloatArray = (
            1000.0 * self.slope_t_ha_year / np.where(first > 0.0, first, np.nan)
        )
        return relative


class Stage(StrEnum):
    """What a trend of a plot was estimated from."""

    POINT_SLOPES = "point_slopes"  # two stages: the points were revisited
    CAMPAIGN_MEANS = "campaign_means"  # one line through the means of the campaigns


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Trend of one plot; None where not computable.

    `n` counts the slopes or the campaigns. The relative slope is that of the mean
    slope in the mean of the fitted first stocks. `curved` says that a straight line
    hides something: read no verdict off the slope then.
    """

    stage: Stage
    n: int
    slope_t_ha_year: float | None = None
    se_t_ha_year: float | None = None
    df: float | None = None
    ci95_t_ha_year: tuple[float, float] | None = None
    p_value: float | None = None
    fitted_first_t_ha: float | None = None
    relative_permille_year: float | None = None
    curved: bool | None = None


def fit_lines(years: FloatArray, stocks: Samples) -> Lines:
    """Fit a straight line to each of many series by ordinary least squares.

    ``b = sum((t - mean t)(c - mean c)) / sum((t - mean t)^2)``, ``s^2 = sum of squared
    residuals / (n - 2)``, ``SE(b) = s / sqrt(sum((t - mean t)^2))``, ``df = n - 2``,
    ``CI = b +- t(0.975, df) * SE``.

    Parameters
    ----------
    years
        Time of each row, years from any day, same rows as `stocks`.
    stocks
        Stocks of m series, t/ha.

    Returns
    -------
    Lines
        One value per series. A slope needs two dates, its error three values, the
        bend three dates and its test four values.

    Notes
    -----
    Residuals are taken for independent: right for dates years apart. Source: textbook
    least squares; the same figures as the R function ``lm``.

    Examples
    --------
    >>> one = Samples(np.array([50.0, 51.0, 53.0]), np.zeros(3, dtype=np.int64), 1)
    >>> lines = fit_lines(np.array([0.0, 5.0, 10.0]), one)
    >>> lines.slope_t_ha_year.round(6).tolist(), lines.se_t_ha_year.round(6).tolist()
    ([0.3], [0.057735])
    """
    times = Samples(years, stocks.owner, stocks.count)
    slope, residual = _remove(stocks.deviation, times.deviation, years, stocks)
    squares = Samples(np.square(times.deviation), stocks.owner, stocks.count)
    _, square = _remove(squares.deviation, times.deviation, years, stocks)
    bend, rest = _remove(residual, square, squares.values, stocks)
    error, sd = _error(residual, times.deviation, stocks, 2)
    bend_error, _ = _error(rest, square, stocks, 3)
    df = np.where(stocks.n > 2, stocks.n - 2.0, np.nan)
    half = critical_t(df) * error
    first = np.full(stocks.count, np.inf)
    np.minimum.at(first, stocks.owner, years)
    first = np.where(np.isfinite(first), first, np.nan)
    return Lines(
        n=stocks.n,
        first_year=first,
        fitted_first_t_ha=stocks.mean + slope * (first - times.mean),
        slope_t_ha_year=slope,
        se_t_ha_year=error,
        df=df,
        low_t_ha_year=slope - half,
        high_t_ha_year=slope + half,
        p_value=_p_value(slope, error, df),
        residual_sd_t_ha=sd,
        bend_t_ha_year2=bend,
        bend_p_value=_p_value(bend, bend_error, df - 1.0),
    )


def two_stage(lines: Lines) -> Trend:
    """Return the trend of a plot from the lines of its revisited points.

    ``b = mean of the slopes``, ``SE = sd of the slopes / sqrt(m)``, ``df = m - 1``.
    The plot is curved where the mean of the points' bends differs from zero by the
    same t test. Points whose line has no error, with fewer than three visits, are
    left out.

    >>> years = np.tile([0.0, 5.0, 10.0], 2)
    >>> stocks = np.array([50.0, 51.0, 53.0, 60.0, 61.0, 62.0])
    >>> trend = two_stage(fit_lines(years, Samples(stocks, np.arange(6) // 3, 2)))
    >>> round(trend.slope_t_ha_year, 6), round(trend.se_t_ha_year, 6), trend.df
    (0.25, 0.05, 1.0)
    """
    long = ~np.isnan(lines.se_t_ha_year)
    slopes = _one(lines.slope_t_ha_year[long])
    bends = _one(lines.bend_t_ha_year2[long])
    first = _one(lines.fitted_first_t_ha[long])
    error = _standard_error(slopes)
    bend_error = _standard_error(bends)
    df = np.where(slopes.n > 1, slopes.n - 1.0, np.nan)
    half = critical_t(df) * error
    relative = 1000.0 * slopes.mean / np.where(first.mean > 0.0, first.mean, np.nan)
    return _trend(
        Stage.POINT_SLOPES,
        (slopes.n, slopes.mean, error, df, slopes.mean - half, slopes.mean + half),
        _p_value(slopes.mean, error, df),
        (first.mean, relative, _p_value(bends.mean, bend_error, df)),
    )


def of_campaign_means(lines: Lines) -> Trend:
    """Return the trend of a plot from the one line through its campaign means.

    For points that were never revisited: the error is that of the line alone, and the
    spread between points enters by the means only.
    """
    return _trend(
        Stage.CAMPAIGN_MEANS,
        (
            lines.n,
            lines.slope_t_ha_year,
            lines.se_t_ha_year,
            lines.df,
            lines.low_t_ha_year,
            lines.high_t_ha_year,
        ),
        lines.p_value,
        (lines.fitted_first_t_ha, lines.relative_permille_year, lines.bend_p_value),
    )


def estimate_trend(
    years: ArrayLike, stock_t_ha: ArrayLike, places: Sequence[str]
) -> Trend:
    """Estimate the trend of one plot from the stocks of its points.

    Two-stage where two points or more were visited three times; otherwise one line
    through the mean of each date's stocks.

    Parameters
    ----------
    years
        Time of each visit, years from any day; campaigns share one time.
    stock_t_ha
        Stocks, t/ha, finite.
    places
        Name of the place of each row.

    Examples
    --------
    >>> trend = estimate_trend([0, 5, 10], [50.0, 51.0, 53.0], ["a", "b", "c"])
    >>> trend.stage, round(trend.slope_t_ha_year, 6)
    (<Stage.CAMPAIGN_MEANS: 'campaign_means'>, 0.3)
    """
    if not places:
        return Trend(stage=Stage.CAMPAIGN_MEANS, n=0)
    times = np.asarray(years, dtype=np.float64)
    values = np.asarray(stock_t_ha, dtype=np.float64)
    numbers = {place: number for number, place in enumerate(dict.fromkeys(places))}
    owner = np.array([numbers[place] for place in places], dtype=np.int64)
    lines = fit_lines(times, Samples(values, owner, len(numbers)))
    if np.count_nonzero(~np.isnan(lines.se_t_ha_year)) > 1:
        return two_stage(lines)
    dates, date_of = np.unique(times, return_inverse=True)
    means = Samples(values, date_of, dates.size).mean
    return of_campaign_means(fit_lines(dates, _one(means)))


def with_shared_errors(trend: Trend, moved: Sequence[tuple[float, float]]) -> Trend:
    """Return the trend with errors that points share in its standard error.

    Parameters
    ----------
    trend
        As estimated from the points.
    moved
        What one standard error of each shared factor moves the slope, t/ha a year, and
        the degrees of freedom of that error. A slope is linear in the stocks, so this
        is the slope of what the factor moves the stocks.
    """
    slope, error, own = trend.slope_t_ha_year, trend.se_t_ha_year, trend.df
    if slope is None or error is None or own is None or not moved:
        return trend
    variances = [error**2, *(part**2 for part, _ in moved)]
    df = satterthwaite_df(variances, [own, *(freedom for _, freedom in moved)])
    joined = sum(variances) ** 0.5
    half = float(critical_t(df)) * joined
    return replace(
        trend,
        se_t_ha_year=joined,
        df=float(df),
        ci95_t_ha_year=(slope - half, slope + half),
        p_value=float(two_sided_p(slope / joined, df)) if joined else None,
    )


def _trend(
    stage: Stage,
    line: tuple[IntArray, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray],
    p_value: FloatArray,
    beside: tuple[FloatArray, FloatArray, FloatArray],
) -> Trend:
    """Turn arrays of one value into a trend."""
    n, slope, error, df, low, high = line
    first, relative, bend_p = beside
    ends = optional(np.concatenate((low, high)))
    return Trend(
        stage=stage,
        n=int(n[0]),
        slope_t_ha_year=optional(slope)[0],
        se_t_ha_year=optional(error)[0],
        df=optional(df)[0],
        ci95_t_ha_year=(
            None if ends[0] is None or ends[1] is None else (ends[0], ends[1])
        ),
        p_value=optional(p_value)[0],
        fitted_first_t_ha=optional(first)[0],
        relative_permille_year=optional(relative)[0],
        curved=None if np.isnan(bend_p[0]) else bool(bend_p[0] < ALPHA),
    )


def _one(values: FloatArray) -> Samples:
    return Samples(values, np.zeros(values.size, dtype=np.int64), 1)


def _sum(values: FloatArray, groups: Samples) -> FloatArray:
    total = np.bincount(groups.owner, weights=values, minlength=groups.count)
    return total.astype(np.float64, copy=False)


def _remove(
    values: FloatArray, by: FloatArray, size: FloatArray, groups: Samples
) -> tuple[FloatArray, FloatArray]:
    """Regress values on others of mean 0; return the coefficients and what is left.

    `size` is what `by` was computed from: equal dates, or squares that a line
    explains, leave its rounding only, and nothing is removed.
    """
    total = _sum(np.square(by), groups)
    rounding = np.square(_ROUNDING * size)
    known = total > _sum(rounding, groups)
    ratio = _sum(values * by, groups) / np.where(known, total, 1.0)
    rest = values - np.where(known, ratio, 0.0)[groups.owner] * by
    return np.where(known, ratio, np.nan), rest


def _error(
    residual: FloatArray, by: FloatArray, groups: Samples, parameters: int
) -> tuple[FloatArray, FloatArray]:
    """Return standard error of a coefficient and standard deviation of residuals."""
    df = groups.n - parameters
    total = _sum(np.square(residual), groups)
    scale = np.square(_ROUNDING * groups.mean) * groups.n
    total = np.where(total <= scale, 0.0, total)
    sd = np.sqrt(np.where(df > 0, total / np.maximum(df, 1), np.nan))
    with np.errstate(divide="ignore", invalid="ignore"):
        return sd / np.sqrt(_sum(np.square(by), groups)), sd


def _standard_error(values: Samples) -> FloatArray:
    spread = np.sqrt(values.variance / np.maximum(values.n, 1))
    return np.where(spread <= _ROUNDING * np.abs(values.mean), 0.0, spread)


def _p_value(estimate: FloatArray, error: FloatArray, df: FloatArray) -> FloatArray:
    t = estimate / np.where(error > 0.0, error, np.nan)
    return two_sided_p(t, np.where(df > 0.0, df, np.nan))


def line_of(lines: Lines, number: int) -> dict[str, float | int | None]:
    """Return one line as plain values, to be shown or stored."""
    values: dict[str, float | int | None] = {"n": int(lines.n[number])}
    for field in fields(Lines)[1:]:
        values[field.name] = optional(getattr(lines, field.name)[number : number + 1])[
            0
        ]
    values["relative_permille_year"] = optional(lines.relative_permille_year)[number]
    return values
