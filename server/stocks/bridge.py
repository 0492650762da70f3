"""Bridge between two laboratory methods: bags analysed by both, and one factor.

A change of method between campaigns looks like a change of the soil. Bags analysed again
tell the factor between the methods; its error is one for all points of a campaign and
does not show in their spread, so it is added as any other that they share.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import exp
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from server.stocks.fine_soil import FloatArray
from server.stocks.profiles import BoolArray
from server.stocks.shared_error import SharedFactor
from server.stocks.student_t import ALPHA, critical_t, two_sided_p

FEWEST_PAIRS: Final = 10
LEAST_RANGE_RATIO: Final = 2.0
_ROUNDING: Final = 1e-12


class BridgeRefusal(StrEnum):
    """Why analyses in pairs make no bridge."""

    TOO_FEW = "fewer than 10 bags were analysed by both methods"
    NOT_POSITIVE = "a value is missing, zero, negative or not finite"
    TOO_NARROW = (
        "the highest of the bags has less than twice the SOC of the lowest: topsoil and"
        " subsoil of a plot differ by more, and a factor looks like an offset"
    )


@dataclass(frozen=True, slots=True)
class Bridge:
    """Factor from method A to method B: ``B = factor * A``, dimensionless.

    `factor_se` is its standard error, `pairs` the number of bags; the factor holds from
    `low_g_kg` to `high_g_kg`, SOC by method A.
    """

    factor: float
    factor_se: float
    pairs: int
    low_g_kg: float
    high_g_kg: float

    @property
    def shared(self) -> SharedFactor:
        """The error of the factor, ``se / factor``, with pairs - 1 df.

        All converted values of a campaign share it. Its sensitivity is the change of the
        figure when they are multiplied by one factor.
        """
        return SharedFactor(self.factor_se / self.factor, self.pairs - 1.0)


@dataclass(frozen=True, slots=True)
class BridgeFit:
    """A bridge, and whether one factor describes it over its range.

    `slope` is that of log B over log A (reduced major axis), 1 for one factor. Where
    `not_proportional`, the factor is wrong at both ends of the range: do not convert.
    """

    bridge: Bridge
    slope: float
    slope_ci95: tuple[float, float]
    p_proportional: float

    @property
    def not_proportional(self) -> bool:
        """Whether the slope differs from 1 at 5 %."""
        return self.p_proportional < ALPHA


def fit_bridge(a_g_kg: ArrayLike, b_g_kg: ArrayLike) -> BridgeFit | BridgeRefusal:
    """Estimate the factor between two methods from bags that were analysed by both.

    ``d = ln B - ln A``, ``factor = exp(mean d)``, ``SE = factor * sd(d) / sqrt(n)``,
    df n - 1. ``slope = sd(ln B) / sd(ln A)``; it is tested against 1 by the correlation
    of ``ln B - ln A`` with ``ln B + ln A``, ``t = r sqrt((n - 2) / (1 - r^2))``, df n - 2,
    and its interval is ``slope (sqrt(h + 1) -+ sqrt(h))``,
    ``h = t(0.975)^2 (1 - r_ab^2) / (n - 2)``.

    Parameters
    ----------
    a_g_kg, b_g_kg
        SOC of the same bags by method A and B, g/kg, shape (n,), same order.

    Returns
    -------
    BridgeFit or BridgeRefusal
        The bridge, or why there is none.

    Raises
    ------
    ValueError
        When the two differ in shape or are not flat.

    Notes
    -----
    Logarithms, since laboratory error grows with the value; neither method is free of
    error, so neither is regressed on the other. The test takes the relative errors of
    both for about equal; where A's is much the larger it may call proportional methods
    otherwise. With few bags it finds only a gross bend: look at the interval of the slope
    too. Bags must be chosen for their range, not for their results. Less than
    10 pairs leave the factor's error badly known, and a highest value of less than twice
    the lowest cannot tell a factor from an offset. Sources: Pitman 1939 and Morgan 1939
    (test); Jolicoeur and Mosimann 1968 (interval of the reduced major axis); Bland
    and Altman 1999 (ratios).

    Examples
    --------
    >>> a = np.array([6.0, 8.0, 9.0, 11.0, 13.0, 15.0, 18.0, 20.0, 24.0, 30.0])
    >>> fit = fit_bridge(a, a * (1.2 + 0.02 * (-1.0) ** np.arange(10)))
    >>> (
    ...     round(fit.bridge.factor, 3),
    ...     round(fit.bridge.factor_se, 4),
    ...     fit.not_proportional,
    ... )
    (1.2, 0.0067, False)
    """
    a, b = (np.asarray(side, dtype=np.float64) for side in (a_g_kg, b_g_kg))
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError("analyses in pairs differ in number")
    if a.size < FEWEST_PAIRS:
        return BridgeRefusal.TOO_FEW
    if not all(np.all(np.isfinite(side) & (side > 0.0)) for side in (a, b)):
        return BridgeRefusal.NOT_POSITIVE
    low, high = float(a.min()), float(a.max())
    if high < LEAST_RANGE_RATIO * low:
        return BridgeRefusal.TOO_NARROW
    log_a, log_b = np.log(a), np.log(b)
    apart = log_b - log_a
    factor = exp(float(apart.mean()))
    error = factor * float(apart.std(ddof=1)) / a.size**0.5
    slope, ends, p_value = _slope(log_a, log_b)
    return BridgeFit(Bridge(factor, error, a.size, low, high), slope, ends, p_value)


def _slope(
    log_a: FloatArray, log_b: FloatArray
) -> tuple[float, tuple[float, float], float]:
    """Return the reduced major axis, its interval, and p of its being 1."""
    df = log_a.size - 2
    slope = float(log_b.std(ddof=1) / log_a.std(ddof=1))
    off_line = 1.0 - _correlation(log_a, log_b) ** 2
    h = float(critical_t(df)) ** 2 * max(off_line, 0.0) / df
    ends = slope * ((h + 1.0) ** 0.5 - h**0.5), slope * ((h + 1.0) ** 0.5 + h**0.5)
    r = _correlation(log_b - log_a, log_b + log_a)
    with np.errstate(divide="ignore"):
        t = r * np.sqrt(df / np.maximum(1.0 - np.square(r), 0.0))
    return slope, ends, float(two_sided_p(t, df))


def _correlation(x: FloatArray, y: FloatArray) -> float:
    """Return Pearson's correlation; 0 where one of them does not vary."""
    x, y = x - x.mean(), y - y.mean()
    scale = float(np.sqrt((x @ x) * (y @ y)))
    # Differences that are rounding alone go along with nothing.
    flat = float(np.abs(x).max()) < _ROUNDING
    return 0.0 if flat else float(np.clip((x @ y) / scale, -1.0, 1.0))


def convert(soc_g_kg: ArrayLike, bridge: Bridge) -> tuple[FloatArray, BoolArray]:
    """Bring values of method A to method B, inside the range of the bridge only.

    Parameters
    ----------
    soc_g_kg
        SOC by method A, g/kg, any shape; NaN where missing.
    bridge
        Factor and range.

    Returns
    -------
    tuple
        SOC by method B, g/kg, NaN outside of the range; and which values lie inside, ends
        included. Outside the method changed and nothing is known of it.

    Examples
    --------
    >>> values, inside = convert([5.0, 10.0], Bridge(1.2, 0.01, 12, 6.0, 30.0))
    >>> values.tolist(), inside.tolist()
    ([nan, 12.0], [False, True])
    """
    values = np.asarray(soc_g_kg, dtype=np.float64)
    inside: BoolArray = (values >= bridge.low_g_kg) & (values <= bridge.high_g_kg)
    return np.where(inside, values * bridge.factor, np.nan), inside
