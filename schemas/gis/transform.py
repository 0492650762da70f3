"""From another coordinate system to WGS84; alone imports pyproj."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from schemas.gis.extra import needed_for
from schemas.places.feature import Feature, refuse

#: Names of WGS84 with longitude and latitude in degrees, as files write them.
_WGS84: Final = re.compile(
    r"(?:.*\b)?(?:CRS84h?|EPSG:{1,2}(?:[0-9.]*:)?(?:4326|4979)|EPSG/[0-9]+/4326|epsg\.xml#4326)"
    r"|WGS ?(?:19)?84|4326",
    re.IGNORECASE,
)
#: A thousandth of a metre; beyond it versions of PROJ differ.
_DECIMALS: Final = 8
_EXPORT: Final = "export it in WGS84 (EPSG:4326), or ask who made it"

_Move = Callable[[list[float], list[float]], tuple[Sequence[float], Sequence[float]]]


def is_wgs84(crs: str) -> bool:
    """Return whether a coordinate system is WGS84 in degrees.

    >>> is_wgs84("urn:ogc:def:crs:OGC:1.3:CRS84"), is_wgs84("EPSG:4326")
    (True, True)
    >>> is_wgs84("urn:ogc:def:crs:EPSG::4326"), is_wgs84("EPSG:2154")
    (True, False)
    """
    return _WGS84.fullmatch(crs.strip()) is not None


def to_wgs84(features: Sequence[Feature], crs: str) -> tuple[list[Feature], str]:
    """Return features in WGS84, and what their coordinate system is called.

    Raises
    ------
    TableError
        If nothing is known of the system, or pyproj is not installed.
    """
    if is_wgs84(crs):
        return list(features), "WGS84"
    with needed_for(f"bringing positions from {_short(crs)} to WGS84"):
        move, name = _mover(crs)
    return [_moved(each, move) for each in features], name


def _mover(crs: str) -> tuple[_Move, str]:
    import pyproj  # noqa: PLC0415 - of an extra
    from pyproj.exceptions import ProjError  # noqa: PLC0415 - of an extra

    try:
        # The second axis of many systems is east; files have east first, always.
        found = pyproj.CRS.from_user_input(crs)
        way = pyproj.Transformer.from_crs(found, "EPSG:4326", always_xy=True)
    except ProjError:
        reason = f"nothing is known of the coordinate system {_short(crs)}"
        hint = f"say which it is, such as --crs EPSG:32631; or {_EXPORT}"
        raise refuse("unknown_crs", reason, hint) from None

    def move(
        east: list[float], north: list[float]
    ) -> tuple[Sequence[float], Sequence[float]]:
        lons, lats = way.transform(east, north)
        return list(lons), list(lats)

    code = found.to_authority()
    name = str(found.name)
    return move, f"{name} ({':'.join(code)})" if code else name


def _moved(feature: Feature, move: _Move) -> Feature:
    if feature.shape is None:
        return feature
    try:
        return replace(feature, shape=_shape(dict(feature.shape), move))
    except ValueError as error:
        return replace(feature, shape=None, fault=str(error))


def _shape(shape: dict[str, Any], move: _Move) -> dict[str, Any]:
    inner = shape.get("geometries")
    if isinstance(inner, list):
        parts = [_shape(each, move) for each in inner if isinstance(each, dict)]
        return {**shape, "geometries": parts}
    return {**shape, "coordinates": _places(shape.get("coordinates"), move)}


def _places(value: object, move: _Move) -> object:
    """Move positions, a ring at a time; what is none stays, to be refused in its turn."""
    if not isinstance(value, list):
        return value
    if _is_position(value):
        return _ring([value], move)[0]
    if value and all(_is_position(each) for each in value):
        return _ring(value, move)
    return [_places(each, move) for each in value]


def _ring(ring: list[Any], move: _Move) -> list[list[float]]:
    lons, lats = move(
        [float(position[0]) for position in ring],
        [float(position[1]) for position in ring],
    )
    if not all(map(math.isfinite, (*lons, *lats))):
        raise ValueError("its position lies outside its coordinate system")
    return [
        [round(lon, _DECIMALS), round(lat, _DECIMALS), *position[2:3]]
        for lon, lat, position in zip(lons, lats, ring, strict=True)
    ]


def _is_position(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) >= 2
        and all(
            isinstance(part, int | float) and abs(part) < 1e12 for part in value[:2]
        )
    )


def _short(crs: str) -> str:
    """Return a coordinate system in a few words; files spell it out over a page."""
    named = re.match(r'\s*[A-Z_]+\["([^"]{1,60})"', crs)
    return named[1] if named else crs[:60]
