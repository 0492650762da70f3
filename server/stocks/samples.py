"""Stocks of the points of many changes at once, flat, and the moments of their means.

Row i of a sample belongs to change ``owner[i]``. Changes may have any number of rows,
also none: NaN is what cannot be computed.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from server.stocks.common_errors import CommonErrors
from server.stocks.fine_soil import FloatArray
from server.stocks.profiles import BoolArray, IntArray
from server.stocks.student_t import welch_df

# A standard error below ten rounding errors of the means is no spread at all.
_ROUNDING: Final = 10.0 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Samples:
    """Values of m groups, flat, in order of their group."""

    values: FloatArray
    owner: IntArray
    count: int

    @cached_property
    def n(self) -> IntArray:
        """Number of values of each group."""
        return np.bincount(self.owner, minlength=self.count)

    @cached_property
    def mean(self) -> FloatArray:
        """Mean of each group; NaN where it is empty."""
        return self._over(self._sum(self.values), self.n)

    @cached_property
    def variance(self) -> FloatArray:
        """Variance of each group about its mean, over n - 1; NaN below two values."""
        return self.covariance(self)

    def covariance(self, other: "Samples") -> FloatArray:
        """Return the covariance with rows of the same groups, over n - 1."""
        product = self.deviation * other.deviation
        return self._over(self._sum(product), self.n - 1)

    @cached_property
    def deviation(self) -> FloatArray:
        """Distance of each value from the mean of its group."""
        deviation: FloatArray = self.values - self.mean[self.owner]
        return deviation

    def _sum(self, values: FloatArray) -> FloatArray:
        total = np.bincount(self.owner, weights=values, minlength=self.count)
        return total.astype(np.float64, copy=False)

    @staticmethod
    def _over(total: FloatArray, divisor: NDArray[np.int64]) -> FloatArray:
        return np.where(divisor > 0, total / np.maximum(divisor, 1), np.nan)


@dataclass(frozen=True)
class Compared:
    """Points of two campaigns for each of m changes.

    Where `paired`, rows of both campaigns stand in the same order of places. `common`
    are the errors that all points share.
    """

    early: Samples
    late: Samples
    paired: BoolArray
    common: CommonErrors | None = None

    def __post_init__(self) -> None:
        if np.any(self.paired & (self.early.n != self.late.n)):
            raise ValueError("paired stocks differ in number")
        if not all(np.isfinite(side.values).all() for side in (self.early, self.late)):
            raise ValueError("a stock is not finite")

    def change(self) -> FloatArray:
        """Return the difference of the means.

        The mean of differences keeps digits that a difference of means loses.
        """
        apart = self.late.mean - self.early.mean
        return np.where(self.paired, self.differences().mean, apart)

    def differences(self) -> Samples:
        """Return the differences of pairs; changes that are not paired have none."""
        return self._contrast(np.ones(self.paired.size))

    def spread(self, ratio: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return standard error and df of ``mean1 - ratio * mean0``; 0 is no spread.

        NaN where a campaign has fewer than two points. Errors that all points share are
        in it, unless the points have no spread at all.
        """
        n0, n1 = self.early.n, self.late.n
        with np.errstate(divide="ignore", invalid="ignore"):
            var0 = np.square(ratio) * self.early.variance / n0
            var1 = self.late.variance / n1
            df = np.where(self.paired, n0 - 1.0, welch_df(var1, var0, n1, n0))
            within = self._contrast(ratio).variance / n0
        variance = np.where(self.paired, within, var0 + var1)
        scale = np.maximum(np.abs(self.early.mean), np.abs(self.late.mean))
        flat = np.sqrt(variance) <= _ROUNDING * scale
        if self.common is not None:
            variance, df = self.common.join(ratio, variance, df)
        return np.where(flat, 0.0, np.sqrt(variance)), df

    def covariance(self) -> FloatArray:
        """Return the covariance of the two means; 0 where not paired."""
        early, late = self._pairs()
        with np.errstate(divide="ignore", invalid="ignore"):
            of_means = early.covariance(late) / self.early.n
        return np.where(self.paired, of_means, 0.0)

    def _contrast(self, ratio: FloatArray) -> Samples:
        early, late = self._pairs()
        values = late.values - ratio[late.owner] * early.values
        return Samples(values, late.owner, late.count)

    def _pairs(self) -> tuple[Samples, Samples]:
        early, late = (
            Samples(side.values[rows], side.owner[rows], side.count)
            for side in (self.early, self.late)
            for rows in (self.paired[side.owner],)
        )
        return early, late
