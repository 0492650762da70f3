"""Restricted likelihood of lines whose intercept and slope differ between points.

``y_i ~ N(Z_i b, s^2 (I + Z_i G Z_i'))``, ``Z_i = (1, t_i)``, ``G = L L'``. Points enter
by three sums each, ``A_i = Z_i'Z_i``, ``c_i = Z_i'y_i`` and ``y_i'y_i``, so that no
matrix is larger than two by two. Times and stocks are in units of their spread, times
from their mean, so that one tolerance fits all series.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from server.stocks.fine_soil import FloatArray
from server.stocks.samples import Samples

_TWO: Final = 2  # fixed effects: intercept and slope
# Step of the numeric derivatives: fourth root of the rounding error.
_STEP: Final = 1e-4
# From where L is looked for, in units of the residual's standard deviation.
_STARTS: Final = ((1.0, 0.0, 1.0), (3.0, 0.0, 0.3), (0.3, 0.0, 0.03))
# Slope of the deviance below which a search has ended.
_FLAT: Final = 1e-4


@dataclass(frozen=True, slots=True)
class SeriesScale:
    """Where the times and values of a series lie, and how far they spread."""

    time: float
    time_spread: float
    value: float
    value_spread: float


@dataclass(frozen=True, slots=True)
class Solved:
    """Estimates at one L, in scaled units.

    `inverse` is ``N^-1``, ``N = X'V^-1 X`` with V in units of the residual variance. With
    ``W_i = Z_i'V_i^-1 Z_i`` and ``r_i = Z_i'V_i^-1 (y_i - Z_i b)``, the deviance over G has
    the gradient `volume`, ``sum(W_i - W_i N^-1 W_i)``, less `pull`, ``sum(r_i r_i')``, over
    the residual variance.
    """

    fixed: FloatArray
    inverse: FloatArray
    residual_squares: float
    log_determinants: float
    volume: FloatArray
    pull: FloatArray


@dataclass(frozen=True, slots=True)
class Likelihood:
    """The likelihood of one plot as a function of L, its lower triangle by rows."""

    gram: FloatArray
    cross: FloatArray
    squares: float
    n: int
    scale: SeriesScale
    residual_share: float  # of the spread of all values that points' own lines leave

    @classmethod
    def of(cls, times: FloatArray, stocks: Samples) -> "Likelihood":
        """Return the likelihood of the stocks of the points, one group each.

        `times` have the rows of `stocks`; both need some spread.
        """
        values, m = stocks.values, stocks.count
        scale = SeriesScale(
            float(times.mean()),
            float(times.std()),
            float(values.mean()),
            float(values.std()),
        )
        t = (times - scale.time) / scale.time_spread
        y = (values - scale.value) / scale.value_spread

        def total(row: FloatArray) -> FloatArray:
            sums = np.bincount(stocks.owner, weights=row, minlength=m)
            return sums.astype(np.float64, copy=False)

        ones = np.ones_like(t)
        gram = np.array([[total(ones), total(t)], [total(t), total(t * t)]])
        cross = np.array([total(y), total(t * y)])
        own = Samples(t, stocks.owner, m).deviation
        apart = Samples(y, stocks.owner, m).deviation
        moved, spread = total(own * apart), total(own * own)
        steep = np.divide(moved, spread, out=np.zeros(m), where=spread > 0.0)
        left = apart - steep[stocks.owner] * own
        share = float(np.sqrt(np.square(left).mean()))
        return cls(gram.T, cross.T, float(y @ y), y.size, scale, share)

    def solve(self, theta: FloatArray) -> Solved:
        """Return fixed effects and residual at one L."""
        g = _lower(theta) @ _lower(theta).T
        inner = np.eye(_TWO) + self.gram @ g
        # Z'V^-1 Z and Z'V^-1 y of each point are (I + A G)^-1 times A and c.
        kept = np.linalg.solve(
            inner, np.concatenate((self.gram, self.cross[:, :, np.newaxis]), axis=2)
        )
        weight, right = kept[:, :, :_TWO], kept[:, :, _TWO]
        normal, total = weight.sum(axis=0), right.sum(axis=0)
        inverse = np.linalg.inv(normal)
        fixed = inverse @ total
        shrunk = float(np.sum((self.cross @ g) * right))
        rest = right - weight @ fixed
        logs = np.log(np.linalg.det(inner)).sum() + np.log(np.linalg.det(normal))
        return Solved(
            fixed=fixed,
            inverse=inverse,
            residual_squares=self.squares - shrunk - float(fixed @ total),
            log_determinants=float(logs),
            volume=normal - (weight @ inverse @ weight).sum(axis=0),
            pull=rest.T @ rest,
        )

    def deviance(self, theta: FloatArray) -> tuple[float, FloatArray]:
        """Return -2 log of the restricted likelihood and its gradient over L.

        ``log|V| + log|N| + (n - 2) (1 + log(2 pi r / (n - 2)))``, r the residual sum of
        squares. Source: Bates et al. 2015, equation 42.
        """
        solved, free = self.solve(theta), self.n - _TWO
        mean = solved.residual_squares / free
        value = solved.log_determinants + free * (1.0 + np.log(2.0 * np.pi * mean))
        return float(value), _gradient(solved, theta, mean)

    def satterthwaite_df(self, theta: FloatArray) -> float:
        """Return the degrees of freedom of the slope at the best L, inside its bounds.

        ``df = 2 v^2 / (g'Cg)``: v the variance of the slope, g its gradient, C twice the
        inverse curvature of the deviance, over L and the logarithm of the residual
        variance, by differences. Source: Giesbrecht and Burns 1985. NaN where the
        deviance is not curved upward.
        """
        mean = self.solve(theta).residual_squares / (self.n - _TWO)
        at = np.array([*theta, np.log(mean)])
        steps = _STEP * np.maximum(np.abs(at), 1.0)
        moved = [
            [self._at(at + sign * step) for sign in (1.0, -1.0)]
            for step in np.diag(steps)
        ]
        gradient, curvature = (
            np.array([up[part] - down[part] for up, down in moved]).T / (2.0 * steps)
            for part in (0, 1)
        )
        curvature = (curvature + curvature.T) / 2.0
        if np.linalg.eigvalsh(curvature).min() <= 0.0:
            return float("nan")
        spread = 2.0 * gradient @ np.linalg.solve(curvature, gradient)
        return 2.0 * float(self._at(at)[0]) ** 2 / float(spread)

    def _at(self, at: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return variance of the slope and gradient of the unprofiled deviance.

        At L and the logarithm of the residual variance.
        """
        theta, mean = at[:-1], float(np.exp(at[-1]))
        solved = self.solve(theta)
        over_mean = self.n - _TWO - solved.residual_squares / mean
        gradient = np.array([*_gradient(solved, theta, mean), over_mean])
        return np.asarray(mean * solved.inverse[1, 1]), gradient


def _lower(theta: FloatArray) -> FloatArray:
    return np.array([[theta[0], 0.0], [theta[1], theta[2]]])


def _gradient(solved: Solved, theta: FloatArray, mean: float) -> FloatArray:
    """Return the gradient over L at one residual variance: ``2 S L``."""
    over: FloatArray = 2.0 * (solved.volume - solved.pull / mean) @ _lower(theta)
    return over[[0, 1, 1], [0, 0, 1]]


def search(likelihood: Likelihood) -> FloatArray | None:
    """Return the L of the highest likelihood, or None where no search ended well.

    Sequential quadratic programming (SLSQP) from three starts, the diagonal of L not below 0.
    """
    from scipy import optimize  # noqa: PLC0415 - half a second to load, seldom used

    found = [
        optimize.minimize(
            likelihood.deviance,
            start,
            jac=True,
            method="SLSQP",
            bounds=((0.0, None), (None, None), (0.0, None)),
            options={"ftol": 1e-15, "maxiter": 500},
        )
        for start in _STARTS
    ]
    best = min(found, key=lambda result: float(result.fun))
    theta = np.asarray(best.x, dtype=np.float64)
    slope = np.asarray(best.jac, dtype=np.float64)
    # Where a bound holds, the deviance may fall on its other side.
    held = (theta <= 0.0) & np.array([True, False, True]) & (slope > 0.0)
    ended = np.isfinite(best.fun) and bool(np.all(np.abs(slope[~held]) < _FLAT))
    return theta if ended else None
