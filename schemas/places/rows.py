"""A table of places: well-known text, places of ODK, or longitude and latitude."""

import csv
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from schemas.places.columns import find
from schemas.places.feature import Feature, PlacesFile, Shape, check_count, refuse
from schemas.places.odk import is_odk, read_odk
from schemas.places.wkt import read_wkt, srid_of
from schemas.tables.lines import TableRow, decode_as_usual, read_lines, rule_of
from schemas.typed import Notation, read_number

#: A boundary of 3,000 positions takes 150,000 characters.
_CELL_CHARS: Final = 1_000_000
_WKT: Final = (
    *("wkt", "geom", "geometry", "the_geom", "wkt_geom", "shape"),
    "boundary",
)
_LON: Final = (
    *("lon", "longitude", "lng", "long", "x", "x_coord", "easting", "rechtswert"),
    *("längengrad", "laengengrad", "longitud", "lon_wgs84", "gps_lon", "point_x"),
)
_LAT: Final = (
    *("lat", "latitude", "y", "y_coord", "northing", "hochwert", "breitengrad"),
    *("latitud", "lat_wgs84", "gps_lat", "point_y"),
)

_Read = Callable[[Mapping[str, str | None]], Shape]


def read_rows(data: bytes) -> PlacesFile:
    """Return the rows of a CSV as features, numbered by their lines.

    Raises
    ------
    TableError
        If it is no table, or no column says where anything is.
    """
    text = decode_as_usual(data)
    rule = rule_of(text)
    before = csv.field_size_limit(_CELL_CHARS)
    try:
        head, lines = read_lines(text, rule)
        rows = list(lines)
    finally:
        csv.field_size_limit(before)
    check_count(len(rows))
    read, used, crs = _reader(head.names, rows, rule.notation)
    features = [_feature(row, read, used) for row in rows]
    return PlacesFile(
        "CSV",
        features,
        crs,
        header=list(head.names),
        delimiter=rule.delimiter,
        notation=rule.notation,
    )


def _reader(
    header: Sequence[str], rows: Sequence[TableRow], notation: Notation
) -> tuple[_Read, tuple[str, ...], str | None]:
    """Return how the shape of a row is read, from which columns, and their system."""
    shape = find(_WKT, header) or _of_odk(header, rows)
    if shape is not None:
        crs = _system([row.cells.get(shape) for row in rows])
        return lambda cells: _shape(cells.get(shape) or ""), (shape,), crs
    lon, lat = find(_LON, header), find(_LAT, header)
    if lon is None or lat is None:
        named = ", ".join(name for name in header if name)
        reason = "no column of the table says where anything is"
        hint = f"name them wkt, or lon and lat; the file has: {named}"
        raise refuse("no_places", reason, hint)

    def point(cells: Mapping[str, str | None]) -> Shape:
        place = [_number(cells.get(name), name, notation) for name in (lon, lat)]
        return {"type": "Point", "coordinates": place}

    return point, (lon, lat), None


def _of_odk(header: Sequence[str], rows: Sequence[TableRow]) -> str | None:
    """Return the column whose cells are places as ODK writes them, whatever its name."""
    for name in header:
        filled = [text for row in rows if (text := row.cells.get(name))]
        if filled and all(map(is_odk, filled)):
            return name
    return None


def _shape(text: str) -> Shape:
    return read_odk(text) if is_odk(text) else read_wkt(text)


def _system(cells: Sequence[str | None]) -> str | None:
    """Return the one coordinate system that well-known texts name."""
    found = sorted({srid for cell in cells if (srid := srid_of(cell or ""))})
    if len(found) > 1:
        reason = f"the rows are in several coordinate systems: {', '.join(found)}"
        raise refuse("several_crs", reason, "export them in one")
    return found[0] if found else None


def _feature(row: TableRow, read: _Read, used: Sequence[str]) -> Feature:
    properties = {name: text for name, text in row.cells.items() if name not in used}
    if row.refusal is not None:
        return Feature(row.line, None, properties, row.refusal.reason, row.raw)
    try:
        shape = read(row.cells)
    except ValueError as error:
        return Feature(row.line, None, properties, str(error), row.raw)
    return Feature(row.line, shape, properties, raw=row.raw)


def _number(text: str | None, name: str, notation: Notation) -> float:
    if text is None:
        raise ValueError(f"it has no {name}")
    found = read_number(text, notation)
    if isinstance(found, str) or not math.isfinite(found):
        # One kind of error, so that the row has one reason to give.
        raise ValueError(f"{name} = {text}: a plain number was expected")
    return found
