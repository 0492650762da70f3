"""Well-known text (OGC Simple Features): points and polygons, as a cell holds them."""

import re
from collections.abc import Iterator
from typing import Any, Final

from schemas.places.feature import Shape, coordinate

_TOKEN: Final = re.compile(
    r"\s*([A-Za-z]+|[(),]|[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)\s*"
)
_SRID: Final = re.compile(r"\s*SRID\s*=\s*([0-9]{1,6})\s*;", re.IGNORECASE)
#: How deep the positions of a shape lie: a point 0, a ring list 2.
_DEPTHS: Final = {
    "POINT": ("Point", 0),
    "MULTIPOINT": ("MultiPoint", 1),
    "LINESTRING": ("LineString", 1),
    "MULTILINESTRING": ("MultiLineString", 2),
    "POLYGON": ("Polygon", 2),
    "MULTIPOLYGON": ("MultiPolygon", 3),
}
_DIMENSIONS: Final = {"Z": 3, "M": 2, "ZM": 3}


def read_wkt(text: str) -> Shape:
    """Return the shape of a well-known text; a measure (M) is left out.

    Raises
    ------
    ValueError
        If it is none; the message says why.

    Examples
    --------
    >>> read_wkt("POINT Z (2.35 48.85 120)")
    {'type': 'Point', 'coordinates': [2.35, 48.85, 120.0]}
    >>> read_wkt("SRID=4326;Polygon((0 0, 1 0, 1 1, 0 0))")["coordinates"]
    [[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]]
    """
    tokens = _tokens(_SRID.sub("", text, count=1))
    word = next(tokens, "").upper()
    plain = word.rstrip("ZM") if word not in _DEPTHS else word
    if plain not in _DEPTHS:
        raise ValueError("it is no point or polygon in well-known text (WKT)")
    kind, depth = _DEPTHS[plain]
    most = _DIMENSIONS.get(word.removeprefix(plain), 3)
    mark = next(tokens, "").upper()
    if mark in _DIMENSIONS:
        most, mark = _DIMENSIONS[mark], next(tokens, "").upper()
    if mark == "EMPTY":
        raise ValueError("it is empty")
    if mark != "(":
        raise ValueError("its well-known text (WKT) breaks off")
    found = _inside(tokens, depth, most)
    if next(tokens, ""):
        raise ValueError("its well-known text (WKT) goes on after the end")
    return {"type": kind, "coordinates": found[0] if depth == 0 else found}


def srid_of(text: str) -> str | None:
    """Return the coordinate system in front of a well-known text, if there is one."""
    found = _SRID.match(text)
    return f"EPSG:{int(found[1])}" if found else None


def _tokens(text: str) -> Iterator[str]:
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise ValueError("its well-known text (WKT) is damaged")
        yield found[1]
        place = found.end()


def _inside(tokens: Iterator[str], depth: int, most: int) -> list[Any]:
    """Return what is between brackets: positions, or brackets that hold them."""
    found: list[Any] = []
    numbers: list[float] = []
    for mark in tokens:
        if mark == "(":
            if depth < 1:
                raise ValueError("its well-known text (WKT) has too many brackets")
            # A multipoint may have brackets around each position.
            inner = _inside(tokens, depth - 1, most)
            found.append(inner[0] if depth <= 1 else inner)
        elif mark in {",", ")"}:
            if numbers:
                found.append(numbers[:most])
                numbers = []
            if mark == ")":
                if not found:
                    raise ValueError("its well-known text (WKT) has empty brackets")
                return found
        else:
            numbers.append(coordinate(mark))
    raise ValueError("its well-known text (WKT) breaks off")
