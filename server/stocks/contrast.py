"""A contrast of stocks at any rate, summed over independent terms, and its test.

Every figure is a polynomial in the rate: the contrast ``c1 - (1 + r T) c0`` is linear
in it, its variance a square, the sum that gives Satterthwaite's degrees of freedom of
fourth degree. Sums over the terms are made once; a constant has degree 0.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.polynomial.polynomial import polyadd, polymul, polyval
from numpy.typing import ArrayLike

from server.stocks.fine_soil import FloatArray
from server.stocks.profiles import IntArray
from server.stocks.rate_interval import SHAPES, IntervalShape, invert
from server.stocks.student_t import two_sided_p


@dataclass(frozen=True, slots=True)
class Combined:
    """Mean over all terms with its variance, as polynomials in the rate.

    `squares` is the sum of squared variances over their degrees of freedom.
    """

    mean: FloatArray
    variance: FloatArray
    squares: FloatArray
    least_df: float
    inflation: float = 1.0
    design_df: float | None = None

    def at(self, rate: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return mean, variance and degrees of freedom at each rate."""
        variance = polyval(rate, self.variance)
        with np.errstate(divide="ignore", invalid="ignore"):
            df = np.square(variance) / polyval(rate, self.squares)
        # Never fewer than those of one term; rounding alone gives less, or no number.
        df = np.fmax(df, self.least_df)
        if self.design_df is not None:
            df = np.full(variance.shape, self.design_df)
        mean: FloatArray = np.asarray(polyval(rate, self.mean), dtype=np.float64)
        return mean, np.maximum(variance, 0.0) * self.inflation, df

    def plus(self, mean: ArrayLike, variance: ArrayLike, df: float) -> "Combined":
        """Add an independent term; `mean` and `variance` are polynomials in the rate.

        Coefficients stand in order of their power; `df` is infinite where the variance
        is known. Raises `ValueError` where the degrees of freedom are not
        Satterthwaite's, or the variance is inflated for strata of one point.

        >>> one = Combined(np.array([2.0]), np.array([1.0]), np.array([0.25]), 4.0)
        >>> [float(part) for part in one.plus([-0.5], [1.0], 4.0).at(np.array(0.0))]
        [1.5, 2.0, 8.0]
        """
        if self.inflation != 1.0 or self.design_df is not None:
            raise ValueError("degrees of freedom are not those of Satterthwaite")
        own = np.atleast_1d(np.asarray(variance, dtype=np.float64))
        mean, total, squares = (
            np.asarray(polyadd(old, new), dtype=np.float64)
            for old, new in (
                (self.mean, np.atleast_1d(mean)),
                (self.variance, own),
                (self.squares, polymul(own, own) / df),
            )
        )
        least = min(self.least_df, df)
        return replace(self, mean=mean, variance=total, squares=squares, least_df=least)

    def test(self, rate: float) -> tuple[float | None, float | None]:
        """Test whether the rate is this one; return p and t, None without variance."""
        mean, variance, df = self.at(np.array(rate))
        if not float(variance) > 0.0:
            return None, None
        t = float(mean) / float(variance) ** 0.5
        return float(two_sided_p(t, df)), t

    def bounds(
        self, rate: float, step: float
    ) -> tuple[float | None, float | None, IntervalShape]:
        """Return every rate that the test does not reject; None is an end at infinity.

        `rate` is the one at which the mean vanishes, `step` its standard error, in the
        unit of the polynomials. Source: Fieller 1954, inverted numerically.
        """
        found = invert(_RateTest(self, np.full(2, rate), np.array([step, -step])))
        low, high = (
            None if np.isnan(end[0]) else float(end[0])
            for end in (found.low, found.high)
        )
        return low, high, SHAPES[int(found.shape[0])]


@dataclass(frozen=True, slots=True)
class _RateTest:
    """The test of one contrast, above the estimated rate and below it."""

    combined: Combined
    estimate: FloatArray
    scale: FloatArray

    def excess(
        self, tangent: FloatArray, critical: Callable[[FloatArray], FloatArray]
    ) -> FloatArray:
        mean, variance, df = self.combined.at(self.estimate + self.scale * tangent)
        excess: FloatArray = np.abs(mean) - critical(df) * np.sqrt(variance)
        return excess

    def take(self, rows: IntArray) -> "_RateTest":
        return _RateTest(self.combined, self.estimate[rows], self.scale[rows])
