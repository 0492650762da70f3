"""From the shape of a feature to the boundary of a plot or the place of a point."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeGuard

from schemas import limits
from schemas.geometry import TooManyError, polygons_of
from schemas.places.feature import Shape
from schemas.plausibility.planar import polygons

#: Positions that agree in so many decimals are one: 1 cm.
_DECIMALS: Final = 7
_CALLED: Final = {
    "LineString": "a line",
    "MultiLineString": "several lines",
    "MultiPoint": "several points",
}


class Placed(NamedTuple):
    """What a shape is: a plot with its boundary, or a point with its position."""

    kind: str
    fields: Mapping[str, Any]


def placed(shape: Shape) -> Placed:
    """Return a shape as a plot or a point.

    A height stays with a boundary where every one is possible and one is not 0; a point
    has none. A measure is left out.

    Raises
    ------
    ValueError
        If it is neither; the message says why.

    Examples
    --------
    >>> placed({"type": "Point", "coordinates": [2.35, 48.85, 120]}).fields
    {'lon': 2.35, 'lat': 48.85}
    >>> placed({"type": "LineString", "coordinates": [[0, 0], [1, 1]]})
    Traceback (most recent call last):
    ValueError: it is a line, neither a boundary nor a point
    """
    parts = list(_parts(shape))
    kinds = {str(part.get("type")) for part in parts}
    if not parts:
        raise ValueError("it is empty")
    if kinds <= {"Polygon", "MultiPolygon"}:
        return Placed("plot", {"geometry": _boundary(parts)})
    if kinds == {"Point"} and len(parts) == 1:
        return Placed("point", _point(parts[0].get("coordinates")))
    if len(kinds) > 1:
        raise ValueError("it is a mixture of several kinds of shapes")
    kind = kinds.pop()
    kind = "several points" if kind == "Point" else _CALLED.get(kind, "of another kind")
    raise ValueError(f"it is {kind}, neither a boundary nor a point")


def kind_of(shape: Shape | None) -> str:
    """Return what a shape is meant to be, sound or not; nothing for what is neither.

    >>> kind_of({"type": "GeometryCollection", "geometries": [{"type": "Polygon"}]})
    'plot'
    """
    kinds = {str(part.get("type")) for part in _parts(shape)} if shape else set()
    if kinds and kinds <= {"Polygon", "MultiPolygon"}:
        return "plot"
    return "point" if kinds and kinds <= {"Point", "MultiPoint"} else ""


def same_place(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two boundaries or two positions are one, to the centimetre.

    Where a ring begins, which way it runs and what heights it has makes no difference.
    """
    if "geometry" in one:
        first, second = one["geometry"], other.get("geometry")
        return second is not None and _rings(first) == _rings(second)
    pairs = [(one[name], other.get(name)) for name in ("lon", "lat")]
    return all(b is not None and abs(a - b) < 0.5 * 10.0**-_DECIMALS for a, b in pairs)


def _parts(shape: Shape) -> Iterator[Shape]:
    """Return the shapes that a collection is made of; one point of many is a point."""
    kind, inner = shape.get("type"), shape.get("geometries")
    if kind == "GeometryCollection":
        for each in inner if isinstance(inner, list) else ():
            if isinstance(each, dict):
                yield from _parts(each)
        return
    coordinates = shape.get("coordinates")
    if kind == "MultiPoint" and isinstance(coordinates, list) and len(coordinates) == 1:
        yield {"type": "Point", "coordinates": coordinates[0]}
    elif coordinates != []:
        yield shape


def _boundary(parts: Sequence[Shape]) -> dict[str, object]:
    found: list[Any] = []
    for part in parts:
        coordinates = part.get("coordinates")
        if part["type"] == "MultiPolygon" and isinstance(coordinates, list):
            found += coordinates
        else:
            found.append(coordinates)
    if not found:
        raise ValueError("it is empty")
    found = _cut(found, 3 if _has_heights(found) else 2)
    single = len(found) == 1
    kind, coordinates = ("Polygon", found[0]) if single else ("MultiPolygon", found)
    return _judged({"type": kind, "coordinates": coordinates})


def _judged(boundary: dict[str, Any]) -> dict[str, object]:
    try:
        return polygons_of(boundary)
    except TooManyError as error:
        raise ValueError(
            f"its boundary is too detailed: {error}; simplify it to a metre or so"
        ) from None
    except ValueError as error:
        raise ValueError(
            f"its boundary cannot be used: {error}{_exchanged(boundary)}"
        ) from None


def _exchanged(boundary: dict[str, Any]) -> str:
    """Return a remark where longitude and latitude fit the Earth when exchanged."""
    turned = {**boundary, "coordinates": _turned(boundary["coordinates"])}
    try:
        polygons_of(turned)
    except ValueError:
        return ""
    return "; longitude and latitude seem to be exchanged"


def _point(coordinates: object) -> dict[str, float]:
    if not _is_position(coordinates):
        raise ValueError("its position is not two numbers")
    lon, lat = (float(part) for part in coordinates[:2])
    if abs(lon) <= 180.0 and abs(lat) <= 90.0:
        return {"lon": lon + 0.0, "lat": lat + 0.0}
    reason = f"its position {lon:g}, {lat:g} is off the Earth"
    if abs(lat) <= 180.0 and abs(lon) <= 90.0:
        reason += "; longitude and latitude seem to be exchanged"
    raise ValueError(reason)


def _is_position(value: object) -> TypeGuard[list[Any]]:
    return (
        isinstance(value, list)
        and len(value) >= 2
        and all(_is_number(part) for part in value[:2])
    )


def _is_number(value: object) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) < 1e12
    )


def _positions(value: object) -> Iterator[list[Any]]:
    """Return the positions in nested lists, whatever else is in them."""
    if _is_position(value):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _positions(each)


def _has_heights(found: list[Any]) -> bool:
    low, high = limits.ALTITUDE_M
    heights = [position[2:3] for position in _positions(found)]
    return any(any(each) for each in heights) and all(
        each and _is_number(each[0]) and low <= each[0] <= high for each in heights
    )


def _cut(value: Any, most: int) -> Any:  # noqa: ANN401 - as deep as it comes
    """Return nested lists with so many numbers of each position."""
    if _is_position(value):
        return value[:most]
    return [_cut(each, most) for each in value] if isinstance(value, list) else value


def _turned(value: Any) -> Any:  # noqa: ANN401 - as deep as it comes
    if _is_position(value):
        return [value[1], value[0], *value[2:]]
    return [_turned(each) for each in value] if isinstance(value, list) else value


def _rings(boundary: Mapping[str, Any]) -> set[tuple[tuple[int, int], ...]]:
    """Return the rings of a boundary in one form: from its least corner, the same way."""
    scale = 10**_DECIMALS
    found = set()
    for ring in (ring for polygon in polygons(boundary) for ring in polygon):
        corners: list[tuple[int, int]] = []
        for position in ring:
            corner = (round(position[0] * scale), round(position[1] * scale))
            if corner not in corners[-1:]:
                corners.append(corner)
        corners = corners[:-1] if corners[0] == corners[-1] else corners
        found.add(min(_begun(corners), _begun(corners[::-1])))
    return found


def _begun(corners: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    first = corners.index(min(corners)) if corners else 0
    return tuple(corners[first:] + corners[:first])
