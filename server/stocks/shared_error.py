"""Errors that all points of a campaign share: one factor on all of their values.

A ring that gave the density of every point, a factor between two laboratory methods:
their errors move all stocks together. The spread between points does not hold them, so
they are added to its variance, and the degrees of freedom joined.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite, log
from typing import Final

import numpy as np

from server.stocks.contrast import Combined
from server.stocks.student_t import satterthwaite_df

# Stocks bend little over a percent; far above rounding, far below any curvature.
STEP: Final = 0.01


@dataclass(frozen=True, slots=True)
class SharedFactor:
    """Relative standard error of a factor, and the degrees of freedom it is known with.

    `relative_se` is that of the factor's logarithm, dimensionless, finite and >= 0; `df`
    is > 0, infinite where the error is assumed. Raises `ValueError` otherwise.
    """

    relative_se: float
    df: float

    def __post_init__(self) -> None:
        if not (isfinite(self.relative_se) and self.relative_se >= 0.0):
            raise ValueError("a relative standard error is negative or not finite")
        if not self.df > 0.0:
            raise ValueError("degrees of freedom are not positive")


def sensitivity(figure: Callable[[float], float], step: float = STEP) -> float:
    """Return the change of a figure for a change of a factor's logarithm.

    ``dD / dln f = (D(1 + h) - D(1 - h)) / (ln(1 + h) - ln(1 - h))``, t/ha.

    Parameters
    ----------
    figure
        Stock, change or contrast, t/ha, after all values that share the factor were
        multiplied by the number given: for a density all layers of the campaign
        alike, so that their errors count as one and never cancel.
    step
        h, dimensionless, 0 < h < 1.

    Notes
    -----
    Exact for what is linear in the logarithm, off by about h^2 / 3 of itself else. Source:
    central difference; JCGM 100:2008, 5.1.3.

    Examples
    --------
    >>> round(sensitivity(lambda factor: 54.0 * factor), 2)
    54.0
    """
    apart = log(1.0 + step) - log(1.0 - step)
    return (figure(1.0 + step) - figure(1.0 - step)) / apart


def join(
    variance: float,
    df: float,
    sensitivities: Sequence[float],
    shared: Sequence[SharedFactor],
) -> tuple[float, float]:
    """Add the errors of shared factors to the sampling variance of a mean or a change.

    ``Var = v + sum((dD / dln f_k * u_k)^2)``,
    ``df = Var^2 / (v^2 / df_v + sum((dD / dln f_k * u_k)^4 / df_k))``.

    Parameters
    ----------
    variance, df
        Squared standard error of the figure over its points, (t/ha)^2, and its degrees
        of freedom: s^2 / n and n - 1. Random error of measurement is in it already.
    sensitivities
        dD / dln f of each factor, t/ha, see `sensitivity`. A factor that both campaigns
        share (density carried over) is one factor, whose sensitivities are added.
    shared
        The factors, independent of each other and of the points, in the same order.

    Returns
    -------
    tuple
        Joined variance, (t/ha)^2, and degrees of freedom; infinite where nothing is
        estimated. NaN stays NaN: shared errors do not make up for a missing spread.

    Raises
    ------
    ValueError
        When sensitivities and factors differ in number.

    Notes
    -----
    First order. Sources: VM0042 v2.2 equations 72 and 73; JCGM 100:2008, G.4
    (Welch and Satterthwaite).

    Examples
    --------
    >>> ring = SharedFactor(0.05, float("inf"))
    >>> [round(each, 6) for each in join(1.0, 9.0, [50.0, -50.0], [ring, ring])]
    [13.5, 1640.25]
    """
    own = [
        (slope * factor.relative_se) ** 2
        for slope, factor in zip(sensitivities, shared, strict=True)
    ]
    parts, freedom = [variance, *own], [df, *(factor.df for factor in shared)]
    return sum(parts), float(satterthwaite_df(parts, freedom))


def join_contrast(
    combined: Combined,
    sensitivities: Sequence[tuple[float, float]],
    shared: Sequence[SharedFactor],
) -> Combined:
    """Add the errors of shared factors to a contrast at any rate.

    Of ``c1 - (1 + r T) c0`` with r as a fraction a year a sensitivity is
    ``(dc1 - dc0) / dln f - r T dc0 / dln f``: its two numbers are the constant and the
    one that the rate multiplies. The test of a rate and its interval then hold them too.

    Raises `ValueError` when sensitivities and factors differ in number.

    >>> change = Combined(
    ...     np.array([2.0, -500.0]), np.array([1.0]), np.array([1.0 / 9.0]), 9.0
    ... )
    >>> ring = SharedFactor(0.05, float("inf"))
    >>> both = join_contrast(change, [(-50.0, -500.0), (52.0, 0.0)], [ring, ring])
    >>> [round(float(part), 4) for part in both.at(np.array(0.0))]
    [2.0, 14.01, 1766.5209]
    """
    for (constant, per_rate), factor in zip(sensitivities, shared, strict=True):
        slope = np.array([constant, per_rate]) * factor.relative_se
        combined = combined.plus(0.0, np.convolve(slope, slope), factor.df)
    return combined
