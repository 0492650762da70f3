"""Student's t distribution, two-sided, at the one level that we report."""

from collections.abc import Sequence
from types import ModuleType
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from server.stocks.fine_soil import FloatArray

_Counts = NDArray[np.int64]

LEVEL: Final = 0.95
ALPHA: Final = 0.05


def special_functions() -> ModuleType:
    """Return scipy's special functions: they are a quarter of a server's start."""
    from scipy import special  # noqa: PLC0415

    loaded: ModuleType = special
    return loaded


def two_sided_p(t: ArrayLike, df: ArrayLike) -> FloatArray:
    """Return the two-sided p value of a t statistic.

    ``p = I_x(df / 2, 1 / 2)``, ``x = df / (df + t**2)``. Shapes broadcast, NaN gives
    NaN, df > 0 need not be whole; infinite df are the normal distribution. The
    incomplete beta function keeps small p exact.

    >>> round(float(two_sided_p(3.182446305284, 3)), 12)
    0.05
    """
    special = special_functions()
    degrees = np.asarray(df, dtype=np.float64)
    value = np.asarray(t, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        share = degrees / (degrees + np.square(value))
    p: FloatArray = special.betainc(degrees / 2.0, 0.5, share)
    endless = np.isinf(degrees)
    if endless.any():
        p = np.where(endless, 2.0 * special.ndtr(-np.abs(value)), p)
    return p


def critical_t(df: ArrayLike, level: float = LEVEL) -> FloatArray:
    """Return the t that a share of the distribution lies within, either side.

    Shape of `df`, NaN gives NaN, df > 0 need not be whole. `level` is 0.95 unless a
    report profile asks for another.

    >>> round(float(critical_t(3)), 6), round(float(critical_t(3, 0.9)), 6)
    (3.182446, 2.353363)
    """
    quantile = special_functions().stdtrit
    t: FloatArray = quantile(np.asarray(df, dtype=np.float64), (1.0 + level) / 2)
    return t


def welch_df(
    var_a: float | FloatArray,
    var_b: float | FloatArray,
    n_a: int | _Counts,
    n_b: int | _Counts,
) -> FloatArray:
    """Return the Welch-Satterthwaite degrees of freedom of a difference of means.

    ``df = (va + vb)^2 / (va^2 / (na - 1) + vb^2 / (nb - 1))``; va, vb variances of the
    two means; na, nb >= 2. Two variances of 0 give na - 1.

    >>> float(welch_df(1.0, 1.0, 5, 5))
    8.0
    """
    return satterthwaite_df((var_a, var_b), (n_a - 1, n_b - 1))


def satterthwaite_df(
    variances: Sequence[float | FloatArray], df: Sequence[float | _Counts | FloatArray]
) -> FloatArray:
    """Return the degrees of freedom of a sum of independent variances.

    ``df = (sum v_i)^2 / sum(v_i^2 / df_i)``; shapes broadcast. A variance that is known
    has infinite df. Variances of 0 alone give the df of the first. Source:
    Satterthwaite 1946.

    >>> float(satterthwaite_df((1.0, 1.0, 2.0), (4, 4, float("inf"))))
    32.0
    """
    total = np.asarray(sum(variances[1:], start=np.asarray(variances[0], dtype=float)))
    known = total > 0.0
    # Shares keep the squares away from overflow and underflow; the last is the rest.
    share = np.divide(variances[0], total, out=np.ones_like(total), where=known)
    rest = 1.0 - share
    squares = np.square(share) / df[0]
    for variance, own in zip(variances[1:-1], df[1:-1], strict=True):
        share = np.divide(variance, total, out=np.zeros_like(total), where=known)
        rest = rest - share
        squares = squares + np.square(share) / own
    if len(variances) > 1:
        squares = squares + np.square(rest) / df[-1]
    with np.errstate(divide="ignore"):
        joined: FloatArray = 1.0 / np.asarray(squares)
    return joined
