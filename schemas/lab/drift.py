"""Whether a reference material drifts: rules on recoveries in their order. Pure.

A trend is a straight line through the recoveries whose slope differs from zero (two-sided,
5 %) and which moves by more than the limit of one recovery from end to end. Two in a row
beyond two thirds of the limit, on one side, are Westgard's rule 2-2s with limits for 3 s.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import inf, sqrt
from statistics import correlation, linear_regression
from typing import Final

#: What was found, as a share of what is certified.
Recovery = float

#: Student's t for 95 %, two-sided, by degrees of freedom; more degrees take the last.
_T: Final = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
_FEWEST: Final = 3
#: Where the warning lines lie, as a share of the limit.
WARNS_FROM: Final = 2.0 / 3.0


def drifted(recoveries: Sequence[Recovery], limit_pct: float) -> str:
    """Return how recoveries drift, in words; nothing where they do not.

    >>> drifted([0.98, 1.0, 1.02, 1.04], 5.0)
    'drifts from 98.0% to 104.0%'
    >>> drifted([1.0, 1.04, 1.04, 1.0], 5.0)
    'twice in a row beyond 103.3%'
    >>> drifted([0.99, 1.01, 0.99, 1.01], 5.0)
    ''
    """
    trend = _trend(recoveries, limit_pct)
    if trend is not None:
        first, last = trend
        return f"drifts from {first:.1%} to {last:.1%}"
    warns_pct = WARNS_FROM * limit_pct
    for side in (1.0, -1.0):
        beyond = [side * (100.0 * one - 100.0) > warns_pct for one in recoveries]
        if any(one and other for one, other in pairwise(beyond)):
            return f"twice in a row beyond {100.0 + side * warns_pct:.1f}%"
    return ""


def _trend(
    recoveries: Sequence[Recovery], limit_pct: float
) -> tuple[Recovery, Recovery] | None:
    """Return both ends of the line through recoveries, where they are a trend."""
    count = len(recoveries)
    if count < _FEWEST or len(set(recoveries)) == 1:
        return None
    places = range(count)
    slope, start = linear_regression(places, recoveries)
    last = start + slope * (count - 1)
    if 100.0 * abs(last - start) <= limit_pct:
        return None
    freedom = count - 2
    r = abs(correlation(places, recoveries))
    t = r * sqrt(freedom / (1.0 - r * r)) if r < 1.0 else inf
    return (start, last) if t > _T[min(freedom, len(_T)) - 1] else None
