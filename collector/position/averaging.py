"""The mean of many fixes, which one wild fix does not move. Pure."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final, NamedTuple, TypeVar

from collector.position.fix import Fix
from schemas.sampling.plane import Plane, Spot

_Number = TypeVar("_Number", int, float)

#: So many times the median distance from the middle: 1 in 6,000 lies farther out.
_WILD: Final = 3.5
#: Receivers with corrections by radio repeat themselves to the millimetre.
_LEAST_M: Final = 0.1
#: Nobody who stands at a point is that fast, m/s.
JUMP_M_S: Final = 20.0


class Averaged(NamedTuple):
    """A mean, how many fixes were too far off for it, and the largest jump between two."""

    fix: Fix
    left_out: int
    jump_m: float


def average(fixes: Sequence[Fix]) -> Averaged:
    """Return the mean of fixes; it needs one at least.

    Those that lie more than 3.5 median distances from the middle of all are left out.
    """
    plane = Plane(fixes[0].place)
    spots = [plane.spot(fix.place) for fix in fixes]
    kept = _near_the_middle(spots)
    good, near = [fixes[n] for n in kept], [spots[n] for n in kept]
    mean = (
        math.fsum(x for x, _ in near) / len(near),
        math.fsum(y for _, y in near) / len(near),
    )
    lon, lat = plane.place(mean)
    found = replace(
        good[-1],
        lon=lon,
        lat=lat,
        quality=Counter(fix.quality for fix in good).most_common(1)[0][0],
        satellites=_middle(fix.satellites for fix in good),
        hdop=_middle(fix.hdop for fix in good),
        sigma_m=_middle(fix.sigma_m for fix in good),
        averaged=len(good),
        spread_m=_spread_m(near, mean),
    )
    return Averaged(found, len(fixes) - len(good), _largest_jump_m(fixes, spots))


def _near_the_middle(spots: Sequence[Spot]) -> list[int]:
    """Return which spots lie near the middle of all."""
    middle = _median(x for x, _ in spots), _median(y for _, y in spots)
    apart_m = [math.dist(spot, middle) for spot in spots]
    most_m = max(_WILD * _median(apart_m), _LEAST_M)
    return [n for n, distance_m in enumerate(apart_m) if distance_m <= most_m]


def _spread_m(spots: Sequence[Spot], mean: Spot) -> float | None:
    """Return the standard deviation of distances on the ground."""
    if len(spots) < 2:
        return None
    squares = math.fsum(math.dist(spot, mean) ** 2 for spot in spots)
    return math.sqrt(squares / (len(spots) - 1))


def _largest_jump_m(fixes: Sequence[Fix], spots: Sequence[Spot]) -> float:
    """Return how far the position jumped from one fix to the next; 0 where it did not."""
    found = 0.0
    for n in range(1, len(fixes)):
        seconds = max(1.0, fixes[n].heard_s - fixes[n - 1].heard_s)
        apart_m = math.dist(spots[n - 1], spots[n])
        if apart_m > JUMP_M_S * seconds:
            found = max(found, apart_m)
    return found


def _middle(values: Iterable[_Number | None]) -> _Number | None:
    """Return one of the values that has as many below as above; None where there is none."""
    known = sorted(value for value in values if value is not None)
    return known[len(known) // 2] if known else None


def _median(values: Iterable[float]) -> float:
    found = sorted(values)
    half = len(found) // 2
    return found[half] if len(found) % 2 else (found[half - 1] + found[half]) / 2.0
