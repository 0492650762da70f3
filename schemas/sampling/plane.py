"""A small piece of the Earth as a plane in metres, alike to the last bit on every machine.

``x = N cos(lat) dlon``, ``y = M dlat``: equirectangular about one latitude, with the radii
of curvature of the ellipsoid WGS84 there. Areas keep their proportions within 2 in 1,000 for
a plot of 10 km at 50 degrees.

Only ``+ - * /`` and the square root are used, which IEEE 754 rounds in one way. A cosine of
the C library may differ in its last digit from one machine to the next, and what was drawn
on one laptop must be drawn again on another.
"""

import math
from typing import Final

#: Longitude and latitude, degrees WGS84.
Place = tuple[float, float]
#: East and north of an origin, m.
Spot = tuple[float, float]

_EQUATOR_M: Final = 6_378_137.0
_FLATTENING: Final = 1.0 / 298.257223563
_ECCENTRICITY2: Final = _FLATTENING * (2.0 - _FLATTENING)
_RADIANS_DEGREE: Final = 3.141592653589793 / 180.0
#: At the poles themselves there is no east.
_LEAST_COSINE: Final = 1e-6
_TERMS: Final = 13


class Plane:
    """Places as metres from an origin, and back."""

    def __init__(self, origin: Place) -> None:
        self.origin = origin
        cos = max(cosine(origin[1]), _LEAST_COSINE)
        flat = 1.0 - _ECCENTRICITY2 * (1.0 - cos * cos)
        across_m = _EQUATOR_M / math.sqrt(flat)
        self._lon_m = across_m * cos * _RADIANS_DEGREE
        self._lat_m = across_m * (1.0 - _ECCENTRICITY2) / flat * _RADIANS_DEGREE

    def spot(self, place: Place) -> Spot:
        """Return a place in metres, the short way round the Earth."""
        lon = (place[0] - self.origin[0] + 180.0) % 360.0 - 180.0
        return lon * self._lon_m, (place[1] - self.origin[1]) * self._lat_m

    def place(self, spot: Spot) -> Place:
        """Return the place of a spot.

        >>> plane = Plane((179.9, -17.0))
        >>> lon, lat = plane.place(plane.spot((-179.9, -17.1)))
        >>> round(lon, 6), round(lat, 6)
        (-179.9, -17.1)
        """
        lon = self.origin[0] + spot[0] / self._lon_m
        lon = (lon + 180.0) % 360.0 - 180.0
        return lon, self.origin[1] + spot[1] / self._lat_m


def cosine(degrees: float) -> float:
    """Return the cosine of an angle of -90 to 90 degrees, by its series.

    >>> abs(cosine(60.0) - 0.5) < 1e-15, abs(cosine(-90.0)) < 1e-15
    (True, True)
    """
    square = (degrees * _RADIANS_DEGREE) * (degrees * _RADIANS_DEGREE)
    found = 1.0
    for term in range(2 * _TERMS, 0, -2):
        found = 1.0 - square / (term * (term - 1.0)) * found
    return found
