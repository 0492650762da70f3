"""Student's t distribution, two-sided, at the one level that we report."""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from server.stocks.fine_soil import FloatArray

LEVEL: Final = 0.95
ALPHA: Final = 0.05


def two_sided_p(t: ArrayLike, df: ArrayLike) -> FloatArray:
    """Give the two-sided p value of a t statistic.

    ``p = I_x(df / 2, 1 / 2)``, ``x = df / (df + t**2)``. Shapes broadcast, NaN gives
    NaN, df > 0 need not be whole. The incomplete beta function keeps small p exact.

    >>> round(float(two_sided_p(3.182446305284, 3)), 12)
    0.05
    """
    degrees = np.asarray(df, dtype=np.float64)
    share = degrees / (degrees + np.square(np.asarray(t, dtype=np.float64)))
    p: FloatArray = special.betainc(degrees / 2.0, 0.5, share)
    return p


def critical_t(df: ArrayLike) -> FloatArray:
    """Give the t that 95 % of the distribution lie within, either side.

    Shape of `df`, NaN gives NaN, df > 0 need not be whole.

    >>> round(float(critical_t(3)), 6)
    3.182446
    """
    t: FloatArray = special.stdtrit(np.asarray(df, dtype=np.float64), 1.0 - ALPHA / 2)
    return t
