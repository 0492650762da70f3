"""Interval of the ratio of two mean stocks whose points share an error."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from server.stocks.common_errors import CommonErrors
from server.stocks.fine_soil import FloatArray
from server.stocks.profiles import BoolArray, IntArray
from server.stocks.rate_interval import Moments, RatioIntervals, invert
from server.stocks.student_t import welch_df


def joined_intervals(
    moments: Moments,
    n: tuple[IntArray, IntArray],
    paired: BoolArray,
    common: CommonErrors,
) -> RatioIntervals:
    """Invert the test of ``c1 - k * c0`` whose error holds what all points share.

    As `paired_intervals` and `welch_intervals`; since the degrees of freedom are joined,
    those of pairs depend on k too.
    """
    estimate = moments.mean1 / moments.mean0
    variance, _ = common.join(estimate, *_of_points(moments, n, paired, estimate))
    scale = np.sqrt(variance) / np.abs(moments.mean0)
    both = np.tile(np.arange(estimate.size), 2)
    test = _JoinedTest(
        moments.take(both),
        (n[0][both], n[1][both]),
        paired[both],
        common.take(both),
        estimate[both],
        np.concatenate((scale, -scale)),
    )
    return invert(test)


def _of_points(
    moments: Moments,
    n: tuple[IntArray, IntArray],
    paired: BoolArray,
    ratio: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return variance and degrees of freedom of ``c1 - ratio * c0`` between points."""
    var0, var1 = np.square(ratio) * moments.var0, moments.var1
    within = np.maximum(var1 + var0 - 2.0 * ratio * moments.covariance, 0.0)
    df = np.where(paired, n[0] - 1.0, welch_df(var1, var0, n[1], n[0]))
    return np.where(paired, within, var1 + var0), df


@dataclass(frozen=True, slots=True)
class _JoinedTest:
    moments: Moments
    n: tuple[IntArray, IntArray]
    paired: BoolArray
    common: CommonErrors
    estimate: FloatArray
    scale: FloatArray

    def excess(
        self, tangent: FloatArray, critical: Callable[[FloatArray], FloatArray]
    ) -> FloatArray:
        ratio = self.estimate + self.scale * tangent
        own = _of_points(self.moments, self.n, self.paired, ratio)
        variance, df = self.common.join(ratio, *own)
        apart = np.abs(self.moments.mean1 - ratio * self.moments.mean0)
        excess: FloatArray = apart - critical(df) * np.sqrt(variance)
        return excess

    def take(self, rows: IntArray) -> "_JoinedTest":
        return _JoinedTest(
            self.moments.take(rows),
            (self.n[0][rows], self.n[1][rows]),
            self.paired[rows],
            self.common.take(rows),
            self.estimate[rows],
            self.scale[rows],
        )
