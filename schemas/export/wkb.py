"""Places as Well-Known Binary (ISO 19125), little-endian. Pure."""

import struct
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final

_POINT, _POLYGON, _MULTIPOLYGON = 1, 3, 6
#: Added to the number of a type whose positions have an altitude.
_WITH_ALTITUDE: Final = 1000

Box = tuple[float, float, float, float]


def point(lon: float, lat: float) -> bytes:
    """Return a position.

    >>> point(2.0, 48.0).hex()
    '010100000000000000000000400000000000004840'
    """
    return struct.pack("<BIdd", 1, _POINT, lon, lat)


def boundary(geometry: Mapping[str, Any]) -> bytes:
    """Return a boundary; altitudes are kept where every position has one."""
    parts, size = _polygons(geometry), _size(geometry)
    many = [_polygon(part, size) for part in parts]
    if geometry["type"] == "Polygon":
        return many[0]
    return _head(_MULTIPOLYGON, size) + struct.pack("<I", len(many)) + b"".join(many)


def type_of(geometry: Mapping[str, Any]) -> str:
    """Return the name of a type, as GeoParquet has it."""
    return f"{geometry['type']}{' Z' if _size(geometry) > 2 else ''}"


def box_of(geometry: Mapping[str, Any]) -> Box:
    """Return the least and greatest longitude and latitude: west, south, east, north."""
    places = list(_positions(_polygons(geometry)))
    lons, lats = [p[0] for p in places], [p[1] for p in places]
    return min(lons), min(lats), max(lons), max(lats)


def _size(geometry: Mapping[str, Any]) -> int:
    """Return how many numbers of a position are written."""
    positions = _positions(_polygons(geometry))
    return 3 if all(len(position) > 2 for position in positions) else 2


def _polygons(geometry: Mapping[str, Any]) -> list[Any]:
    found: list[Any] = geometry["coordinates"]
    return [found] if geometry["type"] == "Polygon" else found


def _positions(parts: list[Any]) -> Iterator[Sequence[float]]:
    return chain.from_iterable(chain.from_iterable(parts))


def _head(kind: int, size: int) -> bytes:
    return struct.pack("<BI", 1, kind + (_WITH_ALTITUDE if size > 2 else 0))


def _polygon(rings: list[Any], size: int) -> bytes:
    written = [_head(_POLYGON, size), struct.pack("<I", len(rings))]
    for ring in rings:
        numbers = [number for position in ring for number in position[:size]]
        written.append(struct.pack(f"<I{len(numbers)}d", len(ring), *numbers))
    return b"".join(written)
