"""A second interval for skewed differences, and the test that says when to look at it.

The t interval of a mean of few skewed values covers the truth less often than it says.
The bootstrap-t interval takes the quantiles of the t statistic from resamples of the
values themselves, and so leans to the side to which they lean.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from server.stocks.draws import positions
from server.stocks.fine_soil import FloatArray
from server.stocks.profiles import BoolArray, IntArray
from server.stocks.samples import Samples
from server.stocks.student_t import ALPHA, LEVEL, two_sided_p

# 2000 times the two tails are whole numbers, so that no quantile lies between draws.
DRAWS: Final = 1999
# The test of skewness is not defined below; bootstrap-t needs values to draw from.
FEWEST: Final = 8
# From here on the mean is near enough to normal whatever the values are.
MANY: Final = 30
_ROUNDING: Final = 1e-12  # of the largest value: a spread below it is none


@dataclass(frozen=True, slots=True)
class Skewness:
    """Skewness of each of m groups; NaN below eight values or without spread.

    `g1` is dimensionless: the third moment about the mean over the second to the power
    of 1.5. `z` is standard normal where the values are normal.
    """

    g1: FloatArray
    z: FloatArray
    p_value: FloatArray
    skewed: BoolArray


def skewness(samples: Samples) -> Skewness:
    """Test whether the values of each group are skewed.

    ``g1 = m3 / m2^1.5``, ``y = g1 sqrt((n + 1)(n + 3) / (6 (n - 2)))``,
    ``z = delta asinh(y / alpha)``, `delta` and `alpha` functions of n that make z
    standard normal for normal values. `skewed` is p < 0.05, two-sided, at 8 to 29
    values: with fewer no test can tell, with more the t interval holds.

    Parameters
    ----------
    samples
        Values of m groups, any unit.

    Returns
    -------
    Skewness
        One value per group.

    Notes
    -----
    One in twenty groups of normal values is called skewed. Source: D'Agostino 1970,
    Biometrika 57:679; the same figures as ``scipy.stats.skewtest``.

    Examples
    --------
    >>> one = Samples(
    ...     np.array([1.0, 2, 1, 2, 1, 2, 1, 2, 30]), np.zeros(9, dtype=np.int64), 1
    ... )
    >>> skewness(one).g1.round(4).tolist(), skewness(one).skewed.tolist()
    ([2.4617], [True])
    """
    n = samples.n.astype(np.float64)
    second, third = (_moment(samples, power) for power in (2, 3))
    largest = np.zeros(samples.count)
    np.maximum.at(largest, samples.owner, np.abs(samples.values))
    known = (n >= FEWEST) & (np.sqrt(second) > _ROUNDING * largest)
    g1 = third / np.where(known, second, np.nan) ** 1.5
    z = _standardised(g1, np.where(known, n, np.nan))
    p_value = two_sided_p(z, np.inf)
    return Skewness(g1, z, p_value, (p_value < ALPHA) & (n < MANY))


def skewed(differences: ArrayLike) -> bool:
    """Return whether 8 to 29 differences are skewed; see `skewness`.

    Raises ValueError for values that are not finite.

    >>> skewed([1.0, 2, 1, 2, 1, 2, 1, 2, 30]), skewed([1.0, 2, 30])
    (True, False)
    """
    values = _finite(differences)
    samples = Samples(values, np.zeros(values.size, dtype=np.int64), 1)
    return bool(skewness(samples).skewed[0])


@dataclass(frozen=True, slots=True)
class Term:
    """One sample that enters an estimate with its mean times a weight."""

    values: ArrayLike
    weight: float = 1.0


def bootstrap_t(
    terms: Sequence[Term], level: float = LEVEL
) -> tuple[float, float] | None:
    """Return the bootstrap-t interval of a weighted sum of means.

    ``y = sum(w_k mean_k)``, ``SE^2 = sum(w_k^2 s_k^2 / n_k)``; of 1999 resamples
    ``t* = (y* - y) / SE*``; the interval is ``y - t*(0.975) SE`` to
    ``y - t*(0.025) SE``, the 1950th and the 50th of the sorted t*.

    Parameters
    ----------
    terms
        Paired differences are one term. Unpaired campaigns are two, with weights 1 and
        -1, resampled apart; strata are one or two each, times their share of the area.
        Values in t/ha, finite.
    level
        Share of the truth that is to be covered.

    Returns
    -------
    tuple or None
        Both ends, unit of the values. None where a sample has fewer than eight values,
        the estimate no standard error, or too many resamples none.

    Raises
    ------
    ValueError
        When a value is not finite.

    Notes
    -----
    The same values give the same interval, in any order: they are sorted, and what is
    drawn depends on their number and the position of their term alone. Resamples of one
    value only have no spread; they count as t* at infinity. With heavy tails the
    interval is wide, and covers somewhat less than it says. Source: Efron 1979; Davison
    and Hinkley 1997, section 5.2; the interval ``stud`` of the R package boot.

    Examples
    --------
    >>> differences = [0.2, 0.4, 0.5, 0.7, 0.9, 1.3, 2.2, 6.1]
    >>> low, high = bootstrap_t([Term(differences)])
    >>> bool(low < 1.5375 < high), bool(high - 1.5375 > 1.5375 - low)
    (True, True)
    """
    samples = [np.sort(_finite(term.values)) for term in terms]
    if not samples or min(values.size for values in samples) < FEWEST:
        return None
    weights = [term.weight for term in terms]
    estimate = sum(w * float(v.mean()) for w, v in zip(weights, samples, strict=True))
    variance = sum(
        w * w * float(v.var(ddof=1)) / v.size
        for w, v in zip(weights, samples, strict=True)
    )
    largest = max(float(np.abs(values).max()) for values in samples)
    error = variance**0.5
    if error <= _ROUNDING * largest:
        return None
    low, high = _tails(weights, samples, level)
    if not np.isfinite([low, high]).all():
        return None
    return estimate - high * error, estimate - low * error


def _tails(
    weights: Sequence[float], samples: Sequence[FloatArray], level: float
) -> tuple[float, float]:
    """Return the lower and upper quantile of the resampled t statistic."""
    moved, variance = np.zeros((2, DRAWS))
    for number, (weight, values) in enumerate(zip(weights, samples, strict=True)):
        drawn = (values - values.mean())[_resamples(values.size, number)]
        mean = drawn.mean(axis=1)
        moved += weight * mean
        spread = np.square(drawn - mean[:, np.newaxis]).sum(axis=1)
        variance += weight**2 * spread / (values.size * (values.size - 1.0))
    some = variance > (_ROUNDING * max(float(np.ptp(v)) for v in samples)) ** 2
    without = np.where(moved == 0.0, 0.0, np.copysign(np.inf, moved))
    t = np.sort(np.where(some, moved / np.sqrt(np.where(some, variance, 1.0)), without))
    lower = round((DRAWS + 1) * (1.0 - level) / 2.0)
    return float(t[lower - 1]), float(t[DRAWS - lower])


@lru_cache(maxsize=64)
def _resamples(n: int, number: int) -> IntArray:
    return positions(DRAWS, n, n, number)


def _moment(samples: Samples, power: int) -> FloatArray:
    total = np.bincount(
        samples.owner, weights=samples.deviation**power, minlength=samples.count
    )
    moment: FloatArray = total / np.maximum(samples.n, 1)
    return moment


def _standardised(g1: FloatArray, n: FloatArray) -> FloatArray:
    """Return g1 as a standard normal score (D'Agostino 1970)."""
    y = g1 * np.sqrt((n + 1.0) * (n + 3.0) / (6.0 * (n - 2.0)))
    kurtosis = 3.0 * (n * n + 27.0 * n - 70.0) * (n + 1.0) * (n + 3.0)
    kurtosis /= (n - 2.0) * (n + 5.0) * (n + 7.0) * (n + 9.0)
    w2 = np.sqrt(2.0 * (kurtosis - 1.0)) - 1.0
    delta = 1.0 / np.sqrt(0.5 * np.log(w2))
    alpha = np.sqrt(2.0 / (w2 - 1.0))
    z: FloatArray = delta * np.arcsinh(y / alpha)
    return z


def _finite(values: ArrayLike) -> FloatArray:
    finite = np.asarray(values, dtype=np.float64)
    if not np.isfinite(finite).all():
        raise ValueError("a difference is not finite")
    return finite
