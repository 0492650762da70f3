"""The way on foot: how far and where to the next point, and in which order to visit them.

A plane about the middle of two places is true to 1 in 1,000 within 100 km, which is more
than a walk.
"""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from schemas.sampling.plane import Place, Plane, Spot

_WINDS: Final = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
#: A stretch of the way that is turned round is no longer: 2-opt of longer ones finds
#: little, and the work grows with the length.
_LONGEST_TURN: Final = 60
_ROUNDS: Final = 20
#: Gains below are rounding, m.
_GAIN_M: Final = 1e-6


class Leg(NamedTuple):
    """From one place to the next: how far, and in which direction from true north."""

    distance_m: float
    bearing_deg: float

    @property
    def wind(self) -> str:
        """Return the direction as one of eight.

        >>> Leg(10.0, 350.0).wind, Leg(10.0, 225.0).wind
        ('N', 'SW')
        """
        return _WINDS[round(self.bearing_deg / 45.0) % 8]


def leg(start: Place, end: Place) -> Leg:
    """Return the way from one place to another.

    >>> way = leg((2.35, 48.85), (2.36, 48.85))
    >>> round(way.distance_m), round(way.bearing_deg), way.wind
    (734, 90, 'E')
    """
    plane = Plane((start[0], (start[1] + end[1]) / 2.0))
    (_, south_m), (across_m, north_m) = plane.spot(start), plane.spot(end)
    up_m = north_m - south_m
    bearing_deg = math.degrees(math.atan2(across_m, up_m)) % 360.0
    return Leg(math.hypot(across_m, up_m), bearing_deg)


def walking_order(places: Sequence[Place], start: Place | None = None) -> list[int]:
    """Return places in the order of a short walk, by their numbers.

    The nearest of those that are left comes next; then stretches are turned round as long
    as that makes the way shorter (2-opt, Croes 1958). It begins at the place that is
    nearest to `start`, or at the first. The same places give the same order.

    >>> walking_order([(0.0, 0.0), (0.03, 0.0), (0.01, 0.0), (0.02, 0.0)])
    [0, 2, 3, 1]
    """
    if not places:
        return []
    plane = Plane(start or places[0])
    spots = [plane.spot(place) for place in places]
    first = plane.spot(start) if start else spots[0]
    order = _nearest_first(spots, first)
    for _ in range(_ROUNDS):
        if not _turned(order, spots):
            break
    return order


def _nearest_first(spots: Sequence[Spot], start: Spot) -> list[int]:
    left = list(range(len(spots)))
    order: list[int] = []
    here = start
    while left:
        number = min(left, key=lambda each: (_apart_m(spots[each], here), each))
        left.remove(number)
        order.append(number)
        here = spots[number]
    return order


def _turned(order: list[int], spots: Sequence[Spot]) -> bool:
    """Turn stretches round where that is shorter; return whether one was."""
    found = False
    for begin in range(1, len(order) - 1):
        for end in range(begin + 1, min(begin + _LONGEST_TURN, len(order))):
            if _gain_m(order, spots, begin, end) > _GAIN_M:
                order[begin : end + 1] = order[begin : end + 1][::-1]
                found = True
    return found


def _gain_m(order: Sequence[int], spots: Sequence[Spot], begin: int, end: int) -> float:
    before, first, last = (spots[order[n]] for n in (begin - 1, begin, end))
    gain_m = _apart_m(before, first) - _apart_m(before, last)
    if end + 1 < len(order):
        after = spots[order[end + 1]]
        gain_m += _apart_m(last, after) - _apart_m(first, after)
    return gain_m


def _apart_m(first: Spot, second: Spot) -> float:
    return math.hypot(first[0] - second[0], first[1] - second[1])
