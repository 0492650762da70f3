"""Fieller interval: every ratio of two mean stocks that the t test lets stand.

A rate divides by a baseline that is itself estimated, so its interval is found by
inverting the test: all ratios k for which ``mean1 - k * mean0`` does not differ
from zero. With a poorly known baseline that set has no end on one side or both, or
falls into two parts. Both are said, never hidden behind a number.

Many intervals are found at once; arrays have one value per interval.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cache
from typing import Final, Protocol

import numpy as np
from numpy.polynomial import Chebyshev

from server.stocks.fine_soil import FloatArray
from server.stocks.profiles import BoolArray, IntArray
from server.stocks.student_t import critical_t, welch_df

# Angles looked at on each side of the estimate before a bound is refined.
_STEPS: Final = 400
# Intervals scanned together: their temporaries stay in the processor cache.
_BLOCK: Final = 256
# Bisection alone needs 50 halvings of a step; interpolation about 8.
_MOST_REFINEMENTS: Final = 100
_ANGLE_TOLERANCE: Final = 1e-15
# Error of the scan's critical t is about 1e-13 at this degree.
_DEGREE: Final = 22


class IntervalShape(StrEnum):
    """What kind of set an interval of a ratio is."""

    INTERVAL = "interval"  # both ends exist, nothing outside stands
    UNBOUNDED = "unbounded"  # the side that is null has no end
    DISJOINT = "disjoint"  # further values outside the ends stand as well


SHAPES: Final = tuple(IntervalShape)
_INTERVAL, _UNBOUNDED, _DISJOINT = range(3)


@dataclass(frozen=True, slots=True)
class RatioIntervals:
    """The connected parts around the estimates; NaN is an end at infinity."""

    low: FloatArray
    high: FloatArray
    shape: IntArray  # position in SHAPES


@dataclass(frozen=True, slots=True)
class Moments:
    """Means of two campaigns and the (co)variances of these means."""

    mean0: FloatArray
    mean1: FloatArray
    var0: FloatArray
    var1: FloatArray
    covariance: FloatArray

    def take(self, rows: IntArray) -> "Moments":
        """Return the moments at the given positions."""
        return Moments(
            self.mean0[rows],
            self.mean1[rows],
            self.var0[rows],
            self.var1[rows],
            self.covariance[rows],
        )


def paired_intervals(moments: Moments, df: FloatArray) -> RatioIntervals:
    """Invert the paired t test of ``c1 - k * c0``; the bounds are exact.

    ``(m0^2 - t^2 v0) k^2 - 2 (m0 m1 - t^2 c) k + (m1^2 - t^2 v1) <= 0``, v and c the
    (co)variances of the means. Ratios are dimensionless. `mean0` must not be 0.
    Source: Fieller 1954.

    >>> one = [np.array([x]) for x in (50.0, 55.0, 0.25, 0.25, 0.0)]
    >>> found = paired_intervals(Moments(*one), np.array([9.0]))
    >>> (
    ...     found.low.round(4).tolist(),
    ...     found.high.round(4).tolist(),
    ...     SHAPES[found.shape[0]],
    ... )
    ([1.0669], [1.1342], <IntervalShape.INTERVAL: 'interval'>)
    """
    t2 = np.square(critical_t(df))
    a = np.square(moments.mean0) - t2 * moments.var0
    b = moments.mean0 * moments.mean1 - t2 * moments.covariance
    c = np.square(moments.mean1) - t2 * moments.var1
    discriminant = b * b - a * c
    endless = (a == 0.0) | (discriminant < 0.0)
    root = np.sqrt(np.where(endless, np.nan, discriminant))
    first, second = ((b + sign * root) / np.where(a == 0.0, 1.0, a) for sign in (-1, 1))
    low, high = np.minimum(first, second), np.maximum(first, second)
    outside = ~endless & (a < 0.0)
    above = outside & (moments.mean1 / moments.mean0 >= high)
    return RatioIntervals(
        np.where(above, high, np.where(outside, np.nan, low)),
        np.where(above, np.nan, np.where(outside, low, high)),
        np.where(endless, _UNBOUNDED, np.where(outside, _DISJOINT, _INTERVAL)),
    )


def welch_intervals(moments: Moments, n0: IntArray, n1: IntArray) -> RatioIntervals:
    """Invert the Welch test of ``c1`` against ``k * c0``, numerically.

    Its degrees of freedom depend on k, so there is no closed form: both sides of the
    estimate are scanned to infinity and each first change of sign is refined. Ratios
    are dimensionless. `mean0` must not be 0 and one variance must be positive.

    >>> one = [np.array([x]) for x in (50.0, 55.0, 0.25, 0.25, 0.0)]
    >>> found = welch_intervals(Moments(*one), np.array([10]), np.array([10]))
    >>> (
    ...     found.low.round(4).tolist(),
    ...     found.high.round(4).tolist(),
    ...     SHAPES[found.shape[0]],
    ... )
    ([1.0692], [1.1318], <IntervalShape.INTERVAL: 'interval'>)
    """
    parts = []
    for start in range(0, n0.size, _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, n0.size))
        parts.append(invert(_welch_test(moments.take(rows), n0[rows], n1[rows])))
    return RatioIntervals(
        *(
            np.concatenate([getattr(part, field.name) for part in parts])
            for field in fields(RatioIntervals)
        )
    )


class RatioTest(Protocol):
    """m tests of a ratio at ``estimate + scale * tan(angle)``, one per column.

    A positive scale looks above the estimate, a negative one below it.
    """

    @property
    def estimate(self) -> FloatArray:
        """Ratios that the tests never reject."""

    @property
    def scale(self) -> FloatArray:
        """Ratios that an angle of 45 degrees stands for."""

    def excess(
        self, tangent: FloatArray, critical: Callable[[FloatArray], FloatArray]
    ) -> FloatArray:
        """Return values that are positive where the test rejects the ratio."""

    def take(self, rows: IntArray) -> "RatioTest":
        """Return the tests at the given positions."""


@dataclass(frozen=True, slots=True)
class _WelchTest:
    moments: Moments
    n0: IntArray
    n1: IntArray
    estimate: FloatArray
    scale: FloatArray

    def excess(
        self, tangent: FloatArray, critical: Callable[[FloatArray], FloatArray]
    ) -> FloatArray:
        ratio = self.estimate + self.scale * tangent
        var1 = self.moments.var1
        var0 = np.square(ratio) * self.moments.var0
        df = welch_df(var1, var0, self.n1, self.n0)
        apart = np.abs(self.moments.mean1 - ratio * self.moments.mean0)
        excess: FloatArray = apart - critical(df) * np.sqrt(var1 + var0)
        return excess

    def take(self, rows: IntArray) -> "_WelchTest":
        return _WelchTest(
            self.moments.take(rows),
            self.n0[rows],
            self.n1[rows],
            self.estimate[rows],
            self.scale[rows],
        )


def _welch_test(moments: Moments, n0: IntArray, n1: IntArray) -> _WelchTest:
    """Look above each estimate, then below each."""
    estimate = moments.mean1 / moments.mean0
    error = np.sqrt(moments.var1 + np.square(estimate) * moments.var0)
    scale = error / np.abs(moments.mean0)
    both = np.tile(np.arange(n0.size), 2)
    sides = np.concatenate((scale, -scale))
    return _WelchTest(moments.take(both), n0[both], n1[both], estimate[both], sides)


def invert(test: RatioTest) -> RatioIntervals:
    """Find the bounds of each test; its first half looks above, its second below."""
    angles, tangents = _angles()
    # One row per angle, so that the tests stand in the last axis as everywhere.
    rejected = test.excess(tangents[:, np.newaxis], _fast_critical_t) > 0.0
    changes = rejected[1:] != rejected[:-1]
    found = np.flatnonzero(changes.any(axis=0))
    at = changes.argmax(axis=0)[found]
    bound = np.full(test.estimate.size, np.nan)
    if found.size:
        root = _refine(test.take(found), angles[at], angles[at + 1])
        bound[found] = test.estimate[found] + test.scale[found] * np.tan(root)
    high, low = bound.reshape(2, -1)
    bounded = ~(np.isnan(low) | np.isnan(high))
    shape = np.where(bounded, _INTERVAL, _UNBOUNDED)
    # A second crossing lets values further out stand again.
    again = changes.sum(axis=0).reshape(2, -1).max(axis=0) > 1
    return RatioIntervals(low, high, np.where(again, _DISJOINT, shape))


@cache
def _angles() -> tuple[FloatArray, FloatArray]:
    # The last angle stands for infinity: tan is about 2e9 standard errors there.
    angles = np.linspace(0.0, np.pi / 2 - 5e-10, _STEPS + 1)
    return angles, np.tan(angles)


@cache
def _critical_curve() -> Chebyshev:
    """Logarithm of the critical t over 1 / df, for df >= 1."""
    nodes = (np.cos(np.pi * (np.arange(200) + 0.5) / 200) + 1.0) / 2.0
    return Chebyshev.fit(nodes, np.log(critical_t(1.0 / nodes)), _DEGREE, domain=[0, 1])


def _fast_critical_t(df: FloatArray) -> FloatArray:
    """Return what `critical_t` gives, near enough to see on which side it lies."""
    curve: FloatArray = np.exp(_critical_curve()(1.0 / df))
    return curve


def _refine(test: RatioTest, low: FloatArray, high: FloatArray) -> FloatArray:
    """Find the angle in each bracket (Chandrupatla 1997), all brackets at once."""

    def excess(angle: FloatArray) -> FloatArray:
        return test.excess(np.tan(angle), critical_t)

    a, b = low, high
    fa, fb = excess(a), excess(b)
    share = np.full(a.size, 0.5)
    for _ in range(_MOST_REFINEMENTS):
        x = a + share * (b - a)
        fx = excess(x)
        same = np.sign(fx) == np.sign(fa)
        c, fc = np.where(same, a, b), np.where(same, fa, fb)
        b, fb = np.where(same, b, a), np.where(same, fb, fa)
        a, fa = x, fx
        near = _near(a, b)
        done: BoolArray = (near > 0.5) | (fa == 0.0)
        if done.all():
            break
        share = np.clip(_next_share((a, b, c), (fa, fb, fc)), near, 1.0 - near)
        # A bracket that is done stays where it is.
        share = np.where(done, 0.0, share)
    return np.where(np.abs(fa) < np.abs(fb), a, b)


def _near(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return the tolerance as a share of the bracket."""
    width = np.maximum(np.abs(b - a), np.finfo(np.float64).tiny)
    near: FloatArray = _ANGLE_TOLERANCE * np.maximum(np.abs(a), 1e-3) / width
    return near


def _next_share(
    x: tuple[FloatArray, FloatArray, FloatArray],
    f: tuple[FloatArray, FloatArray, FloatArray],
) -> FloatArray:
    """Interpolate where three points lie well enough for it, halve otherwise."""
    (a, b, c), (fa, fb, fc) = x, f
    with np.errstate(divide="ignore", invalid="ignore"):
        xi, phi = (a - b) / (c - b), (fa - fb) / (fc - fb)
        fits = (np.square(phi) < xi) & (np.square(1.0 - phi) < 1.0 - xi)
        inverse = fa / (fb - fa) * fc / (fb - fc)
        inverse += (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
    return np.where(fits & np.isfinite(inverse), inverse, 0.5)
