"""What of an interval is in a picture: a bar, the ends that are seen, arrows at edges."""

from enum import StrEnum
from typing import NamedTuple

from server.report.values import Ends
from server.stocks.rate_interval import IntervalShape

Limits = tuple[float, float]


class Outside(StrEnum):
    """Where an interval lies that is not in the picture at all."""

    LEFT = "left"
    RIGHT = "right"

    @property
    def words(self) -> str:
        """Return what the picture says in the place of the bar."""
        return f"all of it beyond the {self.value} edge"


class Bar(NamedTuple):
    """A bar between two places, the ends that the picture holds, and its arrows.

    `span` is None where the interval lies outside; then there is one arrow.
    """

    span: Limits | None
    ends: tuple[float, ...]
    arrows: tuple[tuple[float, str], ...]
    outside: Outside | None = None


def bar_of(given: Ends, limits: Limits, shape: str = "") -> Bar:
    """Return what to draw of an interval; a null end lies at infinity.

    >>> bar_of((1.0, 30.0), (-5.0, 10.0))
    Bar(span=(1.0, 10.0), ends=(1.0,), arrows=((10.0, '>'),), outside=None)
    >>> bar_of((20.0, None), (-5.0, 10.0)).arrows
    ((10.0, '>'),)
    """
    if shape == IntervalShape.DISJOINT:
        given = None, None  # further values stand beyond a gap, on either side
    left, right = limits
    low = float("-inf") if given[0] is None else given[0]
    high = float("inf") if given[1] is None else given[1]
    if low > right:
        return Bar(None, (), ((right, ">"),), Outside.RIGHT)
    if high < left:
        return Bar(None, (), ((left, "<"),), Outside.LEFT)
    arrows = [(left, "<")] if low < left else []
    arrows += [(right, ">")] if high > right else []
    return Bar(
        (max(low, left), min(high, right)),
        tuple(end for end in (low, high) if left <= end <= right),
        tuple(arrows),
    )
