"""Web Mercator: where a place lies on the square that tiles cut up.

The square is 1 wide and 1 high; x grows to the east from 180 W, y to the south from 85 N.
"""

import math
from typing import Final, NamedTuple

#: Longitude and latitude, degrees WGS84.
Place = tuple[float, float]

_AROUND_M: Final = 40_075_016.686
#: Where the square ends, degrees.
_MOST_LAT: Final = 85.0511287798066


class WorldSpot(NamedTuple):
    """A place on the square; beyond 0 to 1 where the way round the Earth is shorter."""

    x: float
    y: float


def world_spot(place: Place, near_lon: float) -> WorldSpot:
    """Return where a place lies, the short way round the Earth from a longitude.

    >>> world_spot((0.0, 0.0), 0.0), round(world_spot((-179.0, 0.0), 179.0).x, 4)
    (WorldSpot(x=0.5, y=0.5), 1.0028)
    """
    lon, lat = place
    away = (lon - near_lon + 180.0) % 360.0 - 180.0
    up = math.radians(max(-_MOST_LAT, min(_MOST_LAT, lat)))
    y = 0.5 - math.asinh(math.tan(up)) / (2.0 * math.pi)
    return WorldSpot((near_lon + away) / 360.0 + 0.5, y)


def across_m(y: float) -> float:
    """Return how many metres on the ground the whole square is wide at a height.

    >>> round(across_m(0.5)), round(across_m(0.25))
    (40075017, 15971370)
    """
    return _AROUND_M / math.cosh((0.5 - y) * 2.0 * math.pi)
