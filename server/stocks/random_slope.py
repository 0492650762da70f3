"""Trend of a plot by a model of random slopes, for series with holes.

``y_ij = (b0 + u0_i) + (b1 + u1_i) t_ij + e_ij``: every point i has a line of its own
about the line of the plot. Unlike the mean of the points' own slopes, it uses points
that were visited once or twice, and weighs each by what it can tell. It stands beside
the two-stage trend to show where that depends on who was left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from server.stocks.fine_soil import FloatArray
from server.stocks.reml import Likelihood, search
from server.stocks.samples import Samples
from server.stocks.student_t import critical_t, two_sided_p
from server.stocks.trend import Trend

# Fewer lines have no variance between them worth the name.
FEWEST_LINES: Final = 3
# Visits beyond two dates of each point, which alone tell the residual.
FEWEST_SPARE: Final = 2
# A standard deviation below this share of the residual's is none (lme4's isSingular).
_SINGULAR: Final = 1e-4
_ROUNDING: Final = 1e-9  # of the spread of all values: residuals below it are none


class Fit(StrEnum):
    """How the estimation of a model of random slopes ended."""

    CONVERGED = "converged"
    # A variance of 0, or intercepts and slopes bound to each other; figures stand.
    BOUNDARY = "boundary"
    # The search did not end where the likelihood is flat; there are no figures.
    NOT_CONVERGED = "not_converged"
    # Fewer than three points with two dates, or two visits beyond; no figures.
    TOO_FEW = "too_few"
    # Every point lies on its own line, so that there is no residual; no figures.
    NO_RESIDUAL = "no_residual"


class SlopeFreedom(StrEnum):
    """Where the degrees of freedom of the slope come from."""

    SATTERTHWAITE = "satterthwaite"
    CONTAINMENT = "containment"  # points with two dates, minus one


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomSlope:
    """Trend of one plot by REML; None where `fit` says that there is none.

    `points` have two dates or more; `single_visits` is the number of the others, which
    tell about the stock. Standard deviations are those of the points about the line of
    the plot, that of the intercept and the fitted stock at the first date of all.
    """

    fit: Fit
    points: int
    single_visits: int
    visits: int
    slope_t_ha_year: float | None = None
    se_t_ha_year: float | None = None
    df: float | None = None
    freedom: SlopeFreedom | None = None
    ci95_t_ha_year: tuple[float, float] | None = None
    p_value: float | None = None
    fitted_first_t_ha: float | None = None
    intercept_sd_t_ha: float | None = None
    slope_sd_t_ha_year: float | None = None
    correlation: float | None = None
    residual_sd_t_ha: float | None = None
    reml_deviance: float | None = None


def fit_random_slope(
    years: ArrayLike, stock_t_ha: ArrayLike, places: Sequence[str]
) -> RandomSlope:
    """Fit the model of random slopes to one plot by restricted maximum likelihood.

    ``y_i ~ N(Z_i b, s^2 (I + Z_i L L' Z_i'))``, ``Z_i = (1, t_i)``, L lower triangular.
    Slope and residual are profiled out; the three numbers of L are searched for, from
    three starts. ``CI = b1 +- t(0.975, df) SE``.

    Parameters
    ----------
    years
        Time of each visit, years from any day, shape (n,).
    stock_t_ha
        Stocks, t/ha, finite, shape (n,).
    places
        Name of the place of each visit, n names. Places may differ in their dates.

    Returns
    -------
    RandomSlope
        Figures, or the reason in `fit`.

    Raises
    ------
    ValueError
        When lengths differ or a value is not finite.

    Notes
    -----
    Degrees of freedom after Satterthwaite from the numeric curvature of the likelihood;
    on the boundary that has no meaning, and they are the number of points with two
    dates minus one, which is fewer. With fewer than five points intervals are wide.
    Holes must not depend on the stock that was not seen. Source: Laird and Ware 1982;
    Bates et al. 2015 for the profile; Giesbrecht and Burns 1985 for the degrees of
    freedom. The same figures as the R packages lme4 and lmerTest.

    Examples
    --------
    >>> years = [0, 5, 10, 0, 5, 10, 0, 5, 0, 10]
    >>> stocks = [50.0, 52.1, 54.0, 60.0, 61.5, 62.0, 55.0, 56.3, 58.0, 61.0]
    >>> found = fit_random_slope(years, stocks, list("aaabbbccdd"))
    >>> str(found.fit), round(found.slope_t_ha_year, 3), found.points
    ('boundary', 0.301, 4)
    """
    times, samples = _read(years, stock_t_ha, places)
    visits = {*zip(samples.owner.tolist(), times.tolist(), strict=True)}
    dates = np.bincount([owner for owner, _ in visits], minlength=samples.count)
    points = int(np.count_nonzero(dates > 1))
    spare = times.size - int(np.minimum(dates, 2).sum())
    counts = (points, samples.count - points, times.size)
    if points < FEWEST_LINES or spare < FEWEST_SPARE:
        return _without(Fit.TOO_FEW, counts)
    scale = float(np.abs(samples.values).max())
    if float(samples.values.std()) <= _ROUNDING * scale:
        return _without(Fit.NO_RESIDUAL, counts)
    likelihood = Likelihood.of(times, samples)
    if likelihood.residual_share <= _ROUNDING:
        return _without(Fit.NO_RESIDUAL, counts)
    theta = search(likelihood)
    if theta is None:
        return _without(Fit.NOT_CONVERGED, counts)
    return _figures(likelihood, theta, float(times.min()), counts)


def parts(two_stage: Trend, model: RandomSlope) -> bool | None:
    """Return whether two-stage trend and model disagree by half of an interval.

    True where the slopes differ by more than half of the half-width of the two-stage
    interval: then the trend depends on the points that the first leaves out or weighs
    otherwise, and is to be read with care. None where one of them has no interval.

    >>> flat = Trend(
    ...     stage="point_slopes", n=5, slope_t_ha_year=0.2, ci95_t_ha_year=(0.0, 0.4)
    ... )
    >>> near, far = (
    ...     RandomSlope(
    ...         fit=Fit.CONVERGED,
    ...         points=5,
    ...         single_visits=0,
    ...         visits=20,
    ...         slope_t_ha_year=slope,
    ...     )
    ...     for slope in (0.29, 0.31)
    ... )
    >>> parts(flat, near), parts(flat, far)
    (False, True)
    """
    slope, other = two_stage.slope_t_ha_year, model.slope_t_ha_year
    ends = two_stage.ci95_t_ha_year
    if slope is None or other is None or ends is None:
        return None
    return abs(slope - other) > (ends[1] - ends[0]) / 4.0


def _read(
    years: ArrayLike, stock_t_ha: ArrayLike, places: Sequence[str]
) -> tuple[FloatArray, Samples]:
    times = np.asarray(years, dtype=np.float64)
    values = np.asarray(stock_t_ha, dtype=np.float64)
    if not times.shape == values.shape == (len(places),):
        raise ValueError("years, stocks and places differ in number")
    if not (np.isfinite(times).all() and np.isfinite(values).all()):
        raise ValueError("a year or a stock is not finite")
    numbers = {place: number for number, place in enumerate(dict.fromkeys(places))}
    owner = np.array([numbers[place] for place in places], dtype=np.int64)
    return times, Samples(values, owner, len(numbers))


def _without(fit: Fit, counts: tuple[int, int, int]) -> RandomSlope:
    points, single, visits = counts
    return RandomSlope(fit=fit, points=points, single_visits=single, visits=visits)


def _figures(
    likelihood: Likelihood,
    theta: FloatArray,
    first: float,
    counts: tuple[int, int, int],
) -> RandomSlope:
    """Turn the best L into figures in t/ha and years."""
    scale, solved = likelihood.scale, likelihood.solve(theta)
    points, single, visits = counts
    variance = solved.residual_squares / (visits - 2)
    rise = scale.value_spread / scale.time_spread
    slope = float(solved.fixed[1]) * rise
    error = float(variance * solved.inverse[1, 1]) ** 0.5 * rise
    bound = bool(min(theta[0], theta[2]) < _SINGULAR)
    df = float("nan") if bound else likelihood.satterthwaite_df(theta)
    # Without curvature, as on the boundary, there is nothing to count with.
    freedom = SlopeFreedom.CONTAINMENT if np.isnan(df) else SlopeFreedom.SATTERTHWAITE
    df = points - 1.0 if np.isnan(df) else df
    half = float(critical_t(df)) * error
    back = (first - scale.time) / scale.time_spread
    fitted = float(solved.fixed @ [1.0, back])
    sd0, sd1, correlation = _spreads(theta, back)
    residual = variance**0.5 * scale.value_spread
    deviance = likelihood.deviance(theta)[0] + 2.0 * float(np.log(scale.time_spread))
    deviance += 2.0 * (visits - 2) * float(np.log(scale.value_spread))
    return RandomSlope(
        fit=Fit.BOUNDARY if bound else Fit.CONVERGED,
        points=points,
        single_visits=single,
        visits=visits,
        slope_t_ha_year=slope,
        se_t_ha_year=error,
        df=df,
        freedom=freedom,
        ci95_t_ha_year=(slope - half, slope + half),
        p_value=float(two_sided_p(slope / error, df)),
        fitted_first_t_ha=scale.value + scale.value_spread * fitted,
        intercept_sd_t_ha=sd0 * residual,
        slope_sd_t_ha_year=sd1 * residual / scale.time_spread,
        correlation=correlation,
        residual_sd_t_ha=residual,
        reml_deviance=deviance,
    )


def _spreads(theta: FloatArray, back: float) -> tuple[float, float, float | None]:
    """Return both standard deviations in units of the residual's, and correlation."""
    lower = np.array([[theta[0], 0.0], [theta[1], theta[2]]])
    moved = np.array([[1.0, back], [0.0, 1.0]]) @ lower
    covariance = moved @ moved.T
    sd0, sd1 = (float(value) ** 0.5 for value in np.diag(covariance))
    if min(sd0, sd1) < _SINGULAR:
        return sd0, sd1, None
    return sd0, sd1, float(covariance[0, 1]) / (sd0 * sd1)
