"""Boundaries of plots: GeoJSON Polygon and MultiPolygon (RFC 7946), WGS84.

A clean geometry has one form: type before coordinates, every number a float, so
that equal boundaries are equal texts. Self-intersection is not judged here; it
needs a geometry library.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from schemas import limits

Position = list[float]
Ring = list[Position]
Polygon = list[Ring]


class TooManyError(ValueError):
    """More positions or polygons than a change can carry."""


def polygons_of(value: object) -> dict[str, object]:
    """Return a boundary in its one form.

    Raises
    ------
    TooManyError
        If it has more polygons or positions than fit.
    ValueError
        If it is not a boundary; the message says why.
    """
    if not isinstance(value, dict) or set(value) != {"type", "coordinates"}:
        raise ValueError("an object with type and coordinates, nothing else")
    coordinates = value["coordinates"]
    match value["type"]:
        case "Polygon":
            _check_count([coordinates])
            return {"type": "Polygon", "coordinates": _polygon(coordinates)}
        case "MultiPolygon":
            polygons = _items(coordinates, 1, "a list of polygons")
            _check_count(polygons)
            clean = [_polygon(polygon) for polygon in polygons]
            return {"type": "MultiPolygon", "coordinates": clean}
        case _:
            raise ValueError("type is Polygon or MultiPolygon")


def _items(value: object, least: int, expected: str) -> list[Any]:
    if not isinstance(value, list) or len(value) < least:
        raise ValueError(f"{expected} was expected")
    return value


def _check_count(polygons: list[Any]) -> None:
    if len(polygons) > limits.POLYGONS:
        raise TooManyError(f"{len(polygons)} polygons, {limits.POLYGONS} fit")
    positions = sum(len(ring) for ring in _rings(polygons))
    if positions > limits.GEOMETRY_POSITIONS:
        raise TooManyError(f"{positions} positions, {limits.GEOMETRY_POSITIONS} fit")


def _rings(polygons: list[Any]) -> Iterator[list[Any]]:
    for polygon in polygons:
        if isinstance(polygon, list):
            yield from (ring for ring in polygon if isinstance(ring, list))


def _polygon(value: object) -> Polygon:
    return [_ring(ring) for ring in _items(value, 1, "a list of rings")]


def _ring(value: object) -> Ring:
    ring = [_position(p) for p in _items(value, 4, "a ring of four positions or more")]
    if ring[0] != ring[-1]:
        raise ValueError("the ring does not close")
    if not signed_area(ring):
        raise ValueError("the ring encloses no area")
    return ring


def _position(value: object) -> Position:
    parts = _items(value, 2, "a position [longitude, latitude]")
    if len(parts) > 3:
        raise ValueError("a position has three numbers at most")
    bounds = ((-180.0, 180.0), (-90.0, 90.0), limits.ALTITUDE_M)
    return [_within(part, *bound) for part, bound in zip(parts, bounds, strict=False)]


def _within(value: object, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        # One kind of error, so that the caller has one reason to give.
        raise ValueError("positions are numbers")  # noqa: TRY004
    # False for NaN and for integers of any size as well.
    if not low <= value <= high:
        raise ValueError("longitude, latitude or altitude is off the Earth")
    return float(value) + 0.0  # -0.0 is 0.0


def signed_area(ring: Ring) -> float:
    """Return the area of a ring in square degrees (shoelace formula): negative clockwise."""
    x0, y0 = ring[0][:2]
    corners = [(position[0] - x0, position[1] - y0) for position in ring]
    return sum(ax * by - bx * ay for (ax, ay), (bx, by) in pairwise(corners)) / 2
