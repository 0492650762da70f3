"""How well a factor is known that is on all values of a campaign.

A ring that gave the density of every point, a factor between two laboratory methods:
their errors move all stocks together. The spread between points does not hold them, so
they are added to its variance, and the degrees of freedom joined (`common_errors`).
"""

from dataclasses import dataclass
from math import isfinite


@dataclass(frozen=True, slots=True)
class SharedFactor:
    """Relative standard error of a factor, and the degrees of freedom it is known with.

    `relative_se` is that of the factor's logarithm, dimensionless, finite and >= 0; `df`
    is > 0, infinite where the error is assumed. Raises `ValueError` otherwise.
    """

    relative_se: float
    df: float

    def __post_init__(self) -> None:
        if not (isfinite(self.relative_se) and self.relative_se >= 0.0):
            raise ValueError("a relative standard error is negative or not finite")
        if not self.df > 0.0:
            raise ValueError("degrees of freedom are not positive")
