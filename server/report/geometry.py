"""Boundaries of plots on a local plane, in metres.

x grows with ``cos(latitude of the middle) * longitude``, y with latitude: near enough to
equal area for one region, and nothing to install. Longitudes are counted from the
first plot, so that a project may lie on both sides of the date line.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import cos, hypot, isfinite, radians
from typing import Final

from server.report.model import PlotFacts, Row

METRES_PER_DEGREE: Final = 111_195.0  # of latitude, on a sphere of 6371 km

Point = tuple[float, float]
Ring = tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Box:
    """Corners of a rectangle, metres."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def size(self) -> Point:
        """Width and height."""
        return self.right - self.left, self.top - self.bottom

    @property
    def middle(self) -> Point:
        """Where the diagonals meet."""
        return (self.left + self.right) / 2.0, (self.bottom + self.top) / 2.0


@dataclass(frozen=True, slots=True)
class PlotShape:
    """One plot on the plane: polygons, each an outer ring and its holes."""

    code: str
    polygons: tuple[tuple[Ring, ...], ...]

    @property
    def box(self) -> Box:
        """The rectangle about it."""
        return box_of([p for rings in self.polygons for p in rings[0]])

    @property
    def middle(self) -> Point:
        """Centroid of the largest polygon."""
        outer = max((rings[0] for rings in self.polygons), key=lambda r: abs(area(r)))
        return _centroid(outer)


@dataclass(frozen=True, slots=True)
class Plane:
    """All shapes, the rectangle about them, and the latitude that is true to scale."""

    shapes: tuple[PlotShape, ...]
    box: Box
    latitude: float


def project(plots: Sequence[PlotFacts]) -> Plane | None:
    """Lay the plots with a usable boundary on one plane; None where none has one."""
    degrees = {plot.code: [*_polygons(plot.geometry)] for plot in plots}
    known = {code: polygons for code, polygons in degrees.items() if polygons}
    if not known:
        return None
    outers = [rings[0] for polygons in known.values() for rings in polygons]
    origin, latitude = outers[0][0][0], _middle_latitude(outers)
    across = METRES_PER_DEGREE * cos(radians(latitude))

    def place(point: Point) -> Point:
        across_m = _turned(point[0] - origin) * across
        return across_m, (point[1] - latitude) * METRES_PER_DEGREE

    shapes = tuple(
        PlotShape(code, _placed(polygons, place)) for code, polygons in known.items()
    )
    corners = [p for s in shapes for rings in s.polygons for p in rings[0]]
    return Plane(shapes, box_of(corners), latitude)


def middle_of(geometry: Row | None) -> Point | None:
    """Return the centroid of the largest polygon of a boundary, degrees; None without one.

    >>> middle_of(
    ...     {
    ...         "type": "Polygon",
    ...         "coordinates": [[[179, 0], [-179, 0], [-179, 2], [179, 2], [179, 0]]],
    ...     }
    ... )
    (-180.0, 1.0)
    """
    outers = [rings[0] for rings in _polygons(geometry)]
    if not outers:
        return None
    origin = outers[0][0][0]
    turned = [
        tuple((_turned(lon - origin), latitude) for lon, latitude in ring)
        for ring in outers
    ]
    x, y = _centroid(max(turned, key=lambda ring: abs(area(ring))))
    return _turned(x + origin), y


def _turned(longitude: float) -> float:
    """Return a longitude between -180 and 180 degrees."""
    return (longitude + 180.0) % 360.0 - 180.0


def _middle_latitude(rings: Sequence[Sequence[Point]]) -> float:
    latitudes = [latitude for ring in rings for _, latitude in ring]
    return (min(latitudes) + max(latitudes)) / 2.0


def _placed(
    polygons: Sequence[Sequence[Sequence[Point]]], place: Callable[[Point], Point]
) -> tuple[tuple[Ring, ...], ...]:
    return tuple(tuple(tuple(map(place, ring)) for ring in rings) for rings in polygons)


def box_of(points: Sequence[Point]) -> Box:
    """Return the rectangle about points."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return Box(min(xs), min(ys), max(xs), max(ys))


def area(ring: Ring) -> float:
    """Return the area inside of a ring; negative where it runs clockwise.

    >>> area(((0.0, 0.0), (2.0, 0.0), (2.0, 1.0), (0.0, 1.0)))
    2.0
    """
    turned = (*ring[1:], ring[0])
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in _pairs(ring, turned)) / 2.0


def apart(first: Point, second: Point) -> float:
    """Return the distance of two points."""
    return hypot(first[0] - second[0], first[1] - second[1])


def _centroid(ring: Ring) -> Point:
    whole = area(ring)
    if whole == 0.0:
        return box_of(ring).middle
    x0, y0 = ring[0]  # near the ring, or the products lose their last digits
    own = tuple((x - x0, y - y0) for x, y in ring)
    terms = [
        (ax + bx, ay + by, ax * by - bx * ay)
        for (ax, ay), (bx, by) in _pairs(own, (*own[1:], own[0]))
    ]
    scale = 6.0 * whole
    return (
        x0 + sum(x * cross for x, _, cross in terms) / scale,
        y0 + sum(y * cross for _, y, cross in terms) / scale,
    )


def _pairs(first: Ring, second: Ring) -> Iterator[tuple[Point, Point]]:
    return zip(first, second, strict=True)


def _polygons(geometry: Row | None) -> Iterator[tuple[Ring, ...]]:
    """Return the polygons of a GeoJSON geometry; what is not one is left out."""
    if geometry is None:
        return
    given = geometry.get("coordinates")
    if geometry.get("type") == "Polygon":
        given = [given]
    elif geometry.get("type") != "MultiPolygon":
        return
    for rings in given if isinstance(given, list | tuple) else ():
        read = [_ring(ring) for ring in rings or ()]
        if read and read[0]:
            yield tuple(ring for ring in read if ring)


def _ring(positions: object) -> Ring:
    """Read a ring; empty where it is none."""
    try:
        ring = tuple((float(p[0]), float(p[1])) for p in positions)  # type: ignore[attr-defined]
    except (TypeError, ValueError, IndexError, KeyError):
        return ()
    if len(ring) < 4 or not all(isfinite(x) and abs(y) <= 90.0 for x, y in ring):
        return ()
    return ring
