"""Rows made into features: their text as GeoJSON, their box and their time. Pure."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import orjson

from server.reading.collections import Collection, ColumnKind, ReadColumn, Shape
from server.reading.moments import Period, between

#: West, south, east, north.
Box = tuple[float, float, float, float]
_NOWHERE: Final = (None, None, None, None)


class Feature(NamedTuple):
    """One feature as it is kept: its key, time, box, and its whole text."""

    project_id: str
    id: str
    period: Period | None
    box: Box | None
    text: bytes

    def row(self, collection: int) -> tuple[Any, ...]:
        """Return the columns of its row."""
        period, box = self.period or (None, None), self.box or _NOWHERE
        return (collection, self.project_id, self.id, *period, *box, self.text)


def query_of(collection: Collection) -> str:
    """Return the query of what features are made of: project, then ids as JSON."""
    source = collection.source
    columns = [f"v.{column.name}" for column in collection.columns]
    more = (*source.place, *(source.times or ()))
    return (
        f"SELECT {', '.join((*columns, *more))} FROM {source.view} AS v {source.joins}"  # noqa: S608 - constants
        " WHERE v.project_id = ? AND v.id IN (SELECT value FROM json_each(?))"
    )


def feature_of(collection: Collection, row: Sequence[Any]) -> Feature:
    """Return the feature of a row of the query."""
    values, rest = row[: len(collection.columns)], row[len(collection.columns) :]
    properties: dict[str, Any] = {
        column.name: _value(column, value)
        for column, value in zip(collection.columns, values, strict=True)
    }
    name, project_id = properties.pop("id"), properties["project_id"]
    properties.pop("geometry", None)
    places = len(collection.source.place)
    geometry = _geometry(collection.shape, rest[:places])
    period = between(*rest[places:]) if collection.source.times else None
    text = orjson.dumps(
        {"type": "Feature", "id": name, "geometry": geometry, "properties": properties}
    )
    return Feature(project_id, name, period, _box(geometry), text)


def row_of(collection: Collection, text: bytes) -> dict[str, Any]:
    """Return the row that a feature was made of, by the names of its columns."""
    feature = orjson.loads(text)
    values = {**feature["properties"], "id": feature["id"]}
    if feature["geometry"] is not None:
        # As the table has it: text.
        values["geometry"] = json.dumps(feature["geometry"], sort_keys=True)
    return {column.name: values.get(column.name) for column in collection.columns}


def _value(column: ReadColumn, value: object) -> object:
    is_flag = column.kind is ColumnKind.FLAG and value is not None
    return bool(value) if is_flag else value


def _geometry(shape: Shape, place: Sequence[Any]) -> dict[str, Any] | None:
    if not place or None in place:
        return None
    if shape is Shape.POINT:
        return {"type": "Point", "coordinates": list(place)}
    found: dict[str, Any] = json.loads(place[0])
    return found


def _box(geometry: dict[str, Any] | None) -> Box | None:
    if geometry is None:
        return None
    positions = list(_positions(geometry["coordinates"]))
    east, north = ([at[axis] for at in positions] for axis in (0, 1))
    return min(east), min(north), max(east), max(north)


def _positions(found: Sequence[Any]) -> Iterator[Sequence[float]]:
    if found and not isinstance(found[0], list):
        yield found
        return
    for each in found:
        yield from _positions(each)
