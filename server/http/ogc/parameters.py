"""What a request for items asks for: limit, bbox, datetime, columns by their value. Pure."""

import math
from collections.abc import Collection as Many
from collections.abc import Mapping, Sequence
from typing import Any, Final

from server.http.parameters import bad_value, whole_number
from server.reading.collections import Collection, ColumnKind, ReadColumn
from server.reading.features import Box
from server.reading.moments import Period, asked_period
from server.reading.port import RowSelection

#: Longitude, latitude, WGS 84: the one system of coordinates.
CRS84: Final = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
DEFAULT_LIMIT: Final = 100
MOST_ITEMS: Final = 10_000
#: How JSON is called, and what has features.
FORMATS: Final = ("json", "application/json")
GEO_FORMATS: Final = (*FORMATS, "geojson", "application/geo+json")
#: Parameters of items that are no column.
ITEMS: Final = (
    *("limit", "offset", "bbox", "bbox-crs", "datetime", "crs", "f", "after"),
)
#: What identifies a row is 100 characters at most.
_ID_CHARS: Final = 100
_FLAGS: Final = {"true": True, "1": True, "false": False, "0": False}


def known(collection: Collection) -> Many[str]:
    """Return the names of all parameters of the items of a collection."""
    return {*ITEMS, *collection.filters}


def selection_of(
    collection: Collection, projects: Sequence[str], said: Mapping[str, str]
) -> RowSelection:
    """Return what a request selects.

    Raises
    ------
    RequestError
        400, where a value is none that its parameter takes.
    """
    check_format(said, GEO_FORMATS)
    check_crs(said)
    limit = whole_number("limit", said.get("limit", str(DEFAULT_LIMIT)), 1)
    after = said.get("after", "")
    if len(after) > _ID_CHARS or not after.isprintable():
        bad_value("after", after, "the id after which the page begins")
    return RowSelection(
        collection=collection.name,
        projects=projects,
        boxes=boxes_of(said["bbox"]) if "bbox" in said else (),
        period=_period(said["datetime"]) if "datetime" in said else None,
        equal={
            name: _value(column, said[name])
            for name, column in collection.filters.items()
            if name in said
        },
        after=after,
        skip=whole_number("offset", said.get("offset", "0"), 0),
        most=min(limit, MOST_ITEMS),
    )


def check_format(said: Mapping[str, str], formats: Many[str] = FORMATS) -> None:
    """Refuse a format that is not there.

    Raises
    ------
    RequestError
        400.
    """
    if said.get("f", "json") not in formats:
        bad_value("f", said["f"], f"one of {', '.join(formats)}")


def check_crs(said: Mapping[str, str]) -> None:
    """Refuse every system of coordinates but the one.

    Raises
    ------
    RequestError
        400.
    """
    for name in ("crs", "bbox-crs"):
        if said.get(name, CRS84) != CRS84:
            bad_value(name, said[name], f"coordinates are in {CRS84}")


def boxes_of(text: str) -> Sequence[Box]:
    """Return the box of a `bbox`; two where it crosses the 180th meridian.

    Heights are let pass: places have none.

    Raises
    ------
    RequestError
        400, where it is no box.
    """
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 6:
        numbers = [*numbers[:2], *numbers[3:5]]
    if len(numbers) != 4 or not all(map(math.isfinite, numbers)):
        bad_value("bbox", text, "four numbers: west, south, east, north, in degrees")
    west, south, east, north = numbers
    if south > north:
        bad_value("bbox", text, "its south is north of its north")
    if west > east:
        return [(west, south, 180.0, north), (-180.0, south, east, north)]
    return [(west, south, east, north)]


def _period(text: str) -> Period:
    try:
        return asked_period(text)
    except (ValueError, OverflowError) as error:
        bad_value(
            "datetime",
            text,
            f"{error}; write 2026-05-04, 2026-05-04T09:30:00Z, or two with / between,"
            " .. for an open end",
        )


def _value(column: ReadColumn, text: str) -> Any:  # noqa: ANN401 - of the column's kind
    if column.kind is ColumnKind.FLAG:
        if text not in _FLAGS:
            bad_value(column.name, text, "true or false")
        return _FLAGS[text]
    if column.kind in {ColumnKind.NUMBER, ColumnKind.WHOLE}:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            bad_value(column.name, text, "a number, such as 12.5")
        return number
    return text
