"""The stratified estimator of a mean over an area, and of a contrast at any rate."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.polynomial.polynomial import polyadd

from server.stocks.change import Design
from server.stocks.choices import Lonely
from server.stocks.contrast import Combined
from server.stocks.fine_soil import FloatArray
from server.stocks.profiles import BoolArray
from server.stocks.rate_interval import IntervalShape
from server.stocks.student_t import critical_t, two_sided_p
from server.stocks.units import Stratum

# Variances of one campaign per stratum as polynomials, and their degrees of freedom.
_Term = tuple[FloatArray, FloatArray]
_PERMILLE: Final = 1000.0


class Freedom(StrEnum):
    """Which degrees of freedom an aggregate has."""

    SATTERTHWAITE = "satterthwaite"
    DESIGN = "design"  # points minus strata, as survey software counts


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its error; None where not computable. Interval 95 %."""

    value: float | None = None
    se: float | None = None
    df: float | None = None
    ci95: tuple[float, float] | None = None
    p_value: float | None = None

    def times(self, factor: float) -> "Estimate":
        """Return the figure in another unit; the factor is positive and exact."""
        ends = self.ci95
        return Estimate(
            None if self.value is None else self.value * factor,
            None if self.se is None else self.se * factor,
            self.df,
            None if ends is None else (ends[0] * factor, ends[1] * factor),
            self.p_value,
        )


def estimate_of(mean: float, variance: float, df: float) -> Estimate:
    """Return a mean with its error, interval and test against zero.

    Without variance there is neither interval nor test.

    >>> estimate_of(2.0, 1.0, 3.0).ci95
    (-1.18..., 5.18...)
    """
    if not variance > 0.0:
        return Estimate(mean, 0.0)
    error = variance**0.5
    half = float(critical_t(df)) * error
    p_value = float(two_sided_p(mean / error, df))
    return Estimate(mean, error, df, (mean - half, mean + half), p_value)


class Strata:
    """Measured strata as columns; lonely ones have a variance of 0 until ruled."""

    def __init__(
        self, units: Sequence[Stratum], lonely: Lonely, freedom: Freedom
    ) -> None:
        self.lonely, self.freedom = lonely, freedom
        area = _column(units, "represented_ha")
        years, self.stock0, self.stock1, self.annual = (
            _column(units, name)
            for name in (
                "years",
                "stock0_t_ha",
                "stock1_t_ha",
                "annual_t_ha",
            )
        )
        variances = [
            _column(units, name)
            for name in ("variance0", "variance1", "covariance", "annual_variance")
        ]
        self.alone: BoolArray = np.isnan(variances[3])
        self.var0, self.var1, self.cov, self.annual_var = (
            np.where(self.alone, 0.0, column) for column in variances
        )
        self.paired = np.array([stratum.design is Design.PAIRED for stratum in units])
        self.n0, self.n1 = _column(units, "n0"), _column(units, "n1")
        self.drawn = np.array([stratum.drawn is not None for stratum in units])
        self.area_ha = float(area.sum())
        self.weight = area / self.area_ha
        self.years = years
        errors = [unit.project_error for unit in units]
        self.project_error = np.array(
            [(0.0, 0.0) if e is None else (e.early_t_ha, e.late_t_ha) for e in errors]
        ).reshape(-1, 2)
        self.project_df = min((e.df for e in errors if e is not None), default=np.inf)

    @property
    def has_error(self) -> bool:
        """Whether the rule for lonely strata leaves a standard error."""
        if self.alone.all():
            return False
        return self.lonely is not Lonely.FAIL or not self.alone.any()

    @property
    def share_with_error(self) -> float:
        """Share of the area whose strata have a variance of their own."""
        return float(self.weight[~self.alone].sum())

    def annual_change(self) -> Estimate:
        """Return the mean annual change."""
        late = np.where(self.paired, self.annual_var, self.var1 / self.years**2)
        early = np.where(self.paired, 0.0, self.var0 / self.years**2)
        shared = (self.project_error[:, 1] - self.project_error[:, 0]) / self.years
        terms = (late, self.n1), (early, self.n0)
        return self._estimate(self.annual, *terms, shared=shared)

    def stock(self, campaign: int) -> Estimate:
        """Return the mean stock of the earlier (0) or later (1) campaign."""
        if campaign == 0:
            term, shared = (self.var0, self.n0), self.project_error[:, 0]
            return self._estimate(self.stock0, term, shared=shared)
        term, shared = (self.var1, self.n1), self.project_error[:, 1]
        return self._estimate(self.stock1, term, shared=shared)

    def contrast(self) -> Combined:
        """Return ``c1 - (1 + r T) c0``, r the rate as a fraction a year."""
        step = self.years
        late = [self.var1, np.zeros_like(step), np.zeros_like(step)]
        early = [self.var0, 2.0 * self.var0 * step, self.var0 * step**2]
        shared = [2.0 * self.cov, 2.0 * self.cov * step, np.zeros_like(step)]
        paired = self.paired[:, np.newaxis]
        late_terms, early_terms, shared_terms = (
            np.stack(columns, axis=1) for columns in (late, early, shared)
        )
        both = late_terms + early_terms - shared_terms
        values = np.stack((self.stock1 - self.stock0, -step * self.stock0), axis=1)
        combined = self._combine(
            values,
            (np.where(paired, both, late_terms), self.n1),
            (np.where(paired, 0.0, early_terms), self.n0),
        )
        moved0, moved1 = self.project_error.T
        moved = np.stack((moved1 - moved0, -step * moved0), axis=1)
        return self._with_project_error(combined, moved)

    def rate(self) -> float | None:
        """Return the rate at which the contrast vanishes, permille a year."""
        base = float(self.weight @ (self.years * self.stock0))
        if not base > 0.0:
            return None
        return _PERMILLE * float(self.weight @ (self.stock1 - self.stock0)) / base

    def test(self, rate_permille_year: float) -> tuple[float | None, float | None]:
        """Test whether the rate is this one; return p and t."""
        if not self.has_error:
            return None, None
        return self.contrast().test(rate_permille_year / _PERMILLE)

    def bounds(
        self, rate_permille_year: float
    ) -> tuple[float | None, float | None, IntervalShape]:
        """Return every rate that the test does not reject."""
        rate = rate_permille_year / _PERMILLE
        combined = self.contrast()
        _, variance, _ = combined.at(np.array(rate))
        base = float(self.weight @ (self.years * self.stock0))
        step = float(variance) ** 0.5 / base
        low, high, shape = combined.bounds(rate, step)
        low, high = (None if e is None else _PERMILLE * e for e in (low, high))
        return low, high, shape

    def _with_project_error(self, combined: Combined, moved: FloatArray) -> Combined:
        """Add what a factor of all plots moves the sum, beyond what it moves each alone.

        ``(sum w_i m_i)^2 - sum (w_i m_i)^2``: variances of the points hold the second
        part, the variance between drawn plots does not. Rows of `moved` are strata,
        columns powers of the rate.
        """
        if not moved.any():
            return combined
        weighed = self.weight[:, np.newaxis] * moved
        together = weighed.sum(axis=0)
        alone = _products(weighed, np.ones(weighed.shape[0]))[~self.drawn].sum(axis=0)
        added = np.convolve(together, together) - alone
        if combined.inflation != 1.0 or combined.design_df is not None:
            variance = np.asarray(polyadd(combined.variance, added), dtype=np.float64)
            return replace(combined, variance=variance)
        return combined.plus(0.0, added, self.project_df)

    def _estimate(
        self, values: FloatArray, *terms: _Term, shared: FloatArray
    ) -> Estimate:
        """Return the mean over the area with its error, and what all plots share of it."""
        polynomials = [(variance[:, np.newaxis], n) for variance, n in terms]
        combined = self._combine(values[:, np.newaxis], *polynomials)
        combined = self._with_project_error(combined, shared[:, np.newaxis])
        mean, variance, df = (float(part) for part in combined.at(np.array(0.0)))
        if not self.has_error:
            return Estimate(mean)
        return estimate_of(mean, variance, df)

    def _combine(self, values: FloatArray, *terms: _Term) -> Combined:
        """Sum over the strata; rows are strata, columns powers of the rate."""
        mean = self.weight @ values
        parts = [
            (np.square(self.weight)[:, np.newaxis] * variance, np.maximum(n - 1.0, 1.0))
            for variance, n in terms
        ]
        if self.lonely is Lonely.ADJUST:
            off = self.weight[:, np.newaxis] * (values - mean)
            off = np.where(self.alone[:, np.newaxis], off, 0.0)
            parts.append((_products(off, np.ones(off.shape[0])), np.ones(off.shape[0])))
        degree = max(part.shape[1] for part, _ in parts)
        padded = [
            (np.pad(part, ((0, 0), (0, degree - part.shape[1]))), df)
            for part, df in parts
        ]
        variance = np.sum([part.sum(axis=0) for part, _ in padded], axis=0)
        squares = np.sum([_products(p, df).sum(axis=0) for p, df in padded], axis=0)
        inflation = 1.0
        if self.lonely is Lonely.AVERAGE and not self.alone.all():
            inflation = self.alone.size / np.count_nonzero(~self.alone)
        least = min(float(df.min()) for _, df in padded)
        return Combined(mean, variance, squares, least, inflation, self._design_df())

    def _design_df(self) -> float | None:
        if self.freedom is not Freedom.DESIGN:
            return None
        points = np.where(self.paired, self.n0 - 1.0, self.n0 + self.n1 - 2.0)
        return float(points.sum())


def _products(polynomials: FloatArray, divisor: FloatArray) -> FloatArray:
    """Square the polynomial of each row, over a divisor."""
    count = polynomials.shape[1]
    squared = np.zeros((polynomials.shape[0], 2 * count - 1))
    for power in range(count):
        product = polynomials[:, power : power + 1] * polynomials
        squared[:, power : power + count] += product
    squares: FloatArray = squared / divisor[:, np.newaxis]
    return squares


def _column(units: Sequence[Stratum], name: str) -> FloatArray:
    return np.array([getattr(stratum, name) for stratum in units], dtype=np.float64)
