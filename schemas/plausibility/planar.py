"""Distances and areas of small pieces of the Earth, as on a plane.

``x = R cos(lat) lon``, ``y = R lat``: equirectangular about one latitude, true to 1 in
10,000 for a plot of 10 km.
"""

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

#: Longitude and latitude, degrees WGS84.
Place = tuple[float, float]

_METRES_DEGREE: Final = 6_371_008.8 * math.pi / 180.0


def distance_m(first: Place, second: Place) -> float:
    """Return the distance of two places along the ground (haversine formula), m.

    >>> round(distance_m((2.35, 48.85), (2.35, 48.86)))
    1112
    """
    (lon1, lat1), (lon2, lat2) = first, second
    across = math.sin(math.radians(lon2 - lon1) / 2.0)
    up = math.sin(math.radians(lat2 - lat1) / 2.0)
    both = math.cos(math.radians(lat1)) * math.cos(math.radians(lat2))
    part = math.sqrt(min(1.0, up * up + both * across * across))
    return 2.0 * 6_371_008.8 * math.asin(part)


def area_ha(geometry: Mapping[str, Any]) -> float:
    """Return the area of a GeoJSON Polygon or MultiPolygon without its holes, ha.

    >>> square = [[0, 0], [0.01, 0], [0.01, 0.01], [0, 0.01], [0, 0]]
    >>> round(area_ha({"type": "Polygon", "coordinates": [square]}))
    124
    """
    total_m2 = 0.0
    for polygon in polygons(geometry):
        outer, *holes = [abs(_area_m2(ring)) for ring in polygon]
        total_m2 += outer - sum(holes)
    return total_m2 / 10_000.0


def outside_m(geometry: Mapping[str, Any], place: Place) -> float:
    """Return how far a place lies outside a boundary, m; 0 inside.

    >>> square = [[0, 0], [0.01, 0], [0.01, 0.01], [0, 0.01], [0, 0]]
    >>> field = {"type": "Polygon", "coordinates": [square]}
    >>> outside_m(field, (0.005, 0.005)), round(outside_m(field, (0.02, 0.005)))
    (0.0, 1112)
    """
    nearest = math.inf
    for polygon in polygons(geometry):
        inside = False
        for ring in polygon:
            flat = [_plane(position, place) for position in ring]
            for start, end in pairwise(flat):
                nearest = min(nearest, _apart_m(start, end))
                inside ^= _crosses(start, end)
        if inside:
            return 0.0
    return nearest


def centre(geometry: Mapping[str, Any]) -> Place:
    """Return the middle of the box around a boundary."""
    corners = [position for polygon in polygons(geometry) for position in polygon[0]]
    lons, lats = [c[0] for c in corners], [c[1] for c in corners]
    return (min(lons) + max(lons)) / 2.0, (min(lats) + max(lats)) / 2.0


def polygons(geometry: Mapping[str, Any]) -> Iterator[list[Any]]:
    """Return the polygons of a boundary, each a list of rings."""
    parts = geometry["coordinates"]
    yield from [parts] if geometry["type"] == "Polygon" else parts


def _area_m2(ring: list[Any]) -> float:
    origin = (ring[0][0], ring[0][1])
    flat = [_plane(position, origin) for position in ring]
    return sum(ax * by - bx * ay for (ax, ay), (bx, by) in pairwise(flat)) / 2.0


def _plane(position: list[float], origin: Place) -> tuple[float, float]:
    """Return a position in metres from an origin, the short way round the Earth."""
    lon = (position[0] - origin[0] + 180.0) % 360.0 - 180.0
    across = math.cos(math.radians(origin[1]))
    return lon * across * _METRES_DEGREE, (position[1] - origin[1]) * _METRES_DEGREE


def _crosses(start: tuple[float, float], end: tuple[float, float]) -> bool:
    """Return whether a side crosses the ray from the origin to the east."""
    if (start[1] > 0.0) == (end[1] > 0.0):
        return False
    along = -start[1] / (end[1] - start[1])
    return start[0] + along * (end[0] - start[0]) > 0.0


def _apart_m(start: tuple[float, float], end: tuple[float, float]) -> float:
    """Return the distance of the origin from a side."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = dx * dx + dy * dy
    along = 0.0 if not length else -(start[0] * dx + start[1] * dy) / length
    along = min(1.0, max(0.0, along))
    return math.hypot(start[0] + along * dx, start[1] + along * dy)
