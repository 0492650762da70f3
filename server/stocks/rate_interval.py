"""Fieller interval: every ratio of two mean stocks that the t test lets stand.

A rate divides by a baseline that is itself estimated, so its interval is found by
inverting the test: all ratios k for which ``mean1 - k * mean0`` does not differ
from zero. With a poorly known baseline that set has no end on one side or both, or
falls into two parts. Both are said, never hidden behind a number.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from scipy import optimize

from server.stocks.fine_soil import FloatArray
from server.stocks.student_t import critical_t

# Angles looked at on each side of the estimate before a bound is refined.
_STEPS: Final = 400


class Shape(StrEnum):
    """What kind of set an interval of a ratio is."""

    INTERVAL = "interval"  # both ends exist, nothing outside stands
    UNBOUNDED = "unbounded"  # the side that is null has no end
    DISJOINT = "disjoint"  # further values outside the ends stand as well


@dataclass(frozen=True, slots=True)
class RatioInterval:
    """The connected part around the estimate; None is an end at infinity."""

    low: float | None
    high: float | None
    shape: Shape


@dataclass(frozen=True, slots=True)
class Moments:
    """Means of two campaigns and the (co)variances of these means."""

    mean0: float
    mean1: float
    var0: float
    var1: float
    covariance: float = 0.0

    def standard_error(self, ratio: FloatArray) -> FloatArray:
        """Give the standard error of ``mean1 - ratio * mean0``."""
        variance = (
            self.var1 - 2.0 * ratio * self.covariance + np.square(ratio) * self.var0
        )
        return np.sqrt(np.maximum(variance, 0.0))


def paired_interval(moments: Moments, df: float) -> RatioInterval:
    """Invert the paired t test of ``c1 - k * c0``; the bounds are exact.

    ``(m0^2 - t^2 v0) k^2 - 2 (m0 m1 - t^2 c) k + (m1^2 - t^2 v1) <= 0``, v and c the
    (co)variances of the means. Ratios are dimensionless. `mean0` must not be 0.
    Source: Fieller 1954.

    >>> interval = paired_interval(Moments(50.0, 55.0, 0.25, 0.25), 9.0)
    >>> round(interval.low, 4), round(interval.high, 4), str(interval.shape)
    (1.0669, 1.1342, 'interval')
    """
    t2 = float(critical_t(df)) ** 2
    a = moments.mean0**2 - t2 * moments.var0
    b = moments.mean0 * moments.mean1 - t2 * moments.covariance
    c = moments.mean1**2 - t2 * moments.var1
    discriminant = b * b - a * c
    if a == 0.0 or discriminant < 0.0:
        return RatioInterval(None, None, Shape.UNBOUNDED)
    root = discriminant**0.5
    low, high = sorted(((b - root) / a, (b + root) / a))
    if a > 0.0:
        return RatioInterval(low, high, Shape.INTERVAL)
    if moments.mean1 / moments.mean0 >= high:
        return RatioInterval(high, None, Shape.DISJOINT)
    return RatioInterval(None, low, Shape.DISJOINT)


def welch_interval(moments: Moments, n0: int, n1: int) -> RatioInterval:
    """Invert the Welch test of ``c1`` against ``k * c0``, numerically.

    Its degrees of freedom depend on k, so there is no closed form: both sides of the
    estimate are scanned to infinity and each sign change is refined. Ratios are
    dimensionless. `mean0` must not be 0 and one variance must be positive.

    >>> interval = welch_interval(Moments(50.0, 55.0, 0.25, 0.25), 10, 10)
    >>> round(interval.low, 4), round(interval.high, 4), str(interval.shape)
    (1.0692, 1.1318, 'interval')
    """
    estimate = moments.mean1 / moments.mean0
    scale = float(moments.standard_error(np.array(estimate))) / abs(moments.mean0)

    def excess(angle: FloatArray) -> FloatArray:
        """Positive where the test rejects ``k = estimate + scale * tan(angle)``."""
        ratio = estimate + scale * np.tan(angle)
        error = moments.standard_error(ratio)
        df = welch_df(moments.var1, np.square(ratio) * moments.var0, n1, n0)
        return np.abs(moments.mean1 - ratio * moments.mean0) - critical_t(df) * error

    upward, upper_roots = _first_crossing(excess, 1.0)
    downward, lower_roots = _first_crossing(excess, -1.0)
    high = None if upward is None else estimate + scale * float(np.tan(upward))
    low = None if downward is None else estimate + scale * float(np.tan(downward))
    return RatioInterval(low, high, _shape(lower_roots, upper_roots))


def welch_df(
    var_a: float | FloatArray, var_b: float | FloatArray, n_a: int, n_b: int
) -> FloatArray:
    """Give the Welch-Satterthwaite degrees of freedom of a difference of means.

    ``df = (va + vb)^2 / (va^2 / (na - 1) + vb^2 / (nb - 1))``; va, vb variances of the
    two means, not both 0; na, nb >= 2.

    >>> float(welch_df(1.0, 1.0, 5, 5))
    8.0
    """
    total = np.asarray(var_a + var_b)
    # Shares keep the squares away from overflow and underflow.
    share_a = np.divide(var_a, total, out=np.ones_like(total), where=total > 0.0)
    share_b = 1.0 - share_a
    df: FloatArray = 1.0 / (
        np.square(share_a) / (n_a - 1) + np.square(share_b) / (n_b - 1)
    )
    return df


def _first_crossing(
    excess: Callable[[FloatArray], FloatArray], side: float
) -> tuple[float | None, int]:
    """Find the root nearest to angle 0 on one side, and how many there are."""
    # The last angle stands for infinity: tan is about 2e9 standard errors there.
    angles = side * np.linspace(0.0, np.pi / 2 - 5e-10, _STEPS + 1)
    rejected = excess(angles) > 0.0
    changes = np.flatnonzero(rejected[1:] != rejected[:-1])
    if not changes.size:
        return None, 0
    at = int(changes[0])
    root = optimize.brentq(
        lambda angle: float(excess(np.array(angle))),
        angles[at],
        angles[at + 1],
        xtol=1e-14,
        rtol=1e-13,
    )
    return float(root), int(changes.size)


def _shape(lower_roots: int, upper_roots: int) -> Shape:
    """Tell by the crossings on either side; a second one lets values stand again."""
    if max(lower_roots, upper_roots) > 1:
        return Shape.DISJOINT
    return Shape.INTERVAL if lower_roots and upper_roots else Shape.UNBOUNDED
