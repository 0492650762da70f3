"""Rows made into features: their text as GeoJSON, their box and their time. Pure."""

import json
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import orjson

from server.reading.cells import Cell, cell_of, cell_of_anchor, positions
from server.reading.collections import Collection, ColumnKind, ReadColumn, Shape
from server.reading.moments import Period, between

#: West, south, east, north.
Box = tuple[float, float, float, float]
_NOWHERE: Final = (None, None, None, None)
#: The boundary of a plot, or its first point, as JSON.
_ANCHOR: Final = """
    coalesce(
        (SELECT g.geometry FROM plots AS g
         WHERE g.project_id = v.project_id AND g.id = {plot}),
        (SELECT json_array(a.lon, a.lat) FROM points AS a
         WHERE a.project_id = v.project_id AND a.plot_id = {plot}
             AND a.lon IS NOT NULL AND a.lat IS NOT NULL ORDER BY a.id LIMIT 1))
"""


class Feature(NamedTuple):
    """One feature as it is kept: its key, time, box, square of the grid, and its whole text."""

    project_id: str
    id: str
    period: Period | None
    box: Box | None
    cell: Cell | None
    text: bytes

    def row(self, collection: int) -> tuple[Any, ...]:
        """Return the columns of its row."""
        period, box = self.period or (None, None), self.box or _NOWHERE
        cell = self.cell or (None, None)
        return (collection, self.project_id, self.id, *period, *box, *cell, self.text)


def query_of(collection: Collection) -> str:
    """Return the query of what features are made of: project, then ids as JSON."""
    source = collection.source
    columns = [f"v.{column.name}" for column in collection.columns]
    anchor = (_ANCHOR.format(plot=source.plot),) if source.place else ()
    more = (*source.place, *anchor, *(source.times or ()))
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
    anchor, times = rest[places : places + bool(places)], rest[places + bool(places) :]
    period = between(*times) if collection.source.times else None
    text = orjson.dumps(
        {"type": "Feature", "id": name, "geometry": geometry, "properties": properties}
    )
    cell = None if geometry is None else _cell(anchor[0], geometry)
    return Feature(project_id, name, period, _box(geometry), cell, text)


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


def _cell(anchor: str | None, geometry: dict[str, Any]) -> Cell | None:
    """Return the square of the plot, or of the place itself where no plot has one."""
    if anchor is not None:
        return cell_of_anchor(anchor)
    lon, lat = next(positions(geometry["coordinates"]))[:2]
    return cell_of(lon, lat)


def _box(geometry: dict[str, Any] | None) -> Box | None:
    if geometry is None:
        return None
    places = list(positions(geometry["coordinates"]))
    east, north = ([at[axis] for at in places] for axis in (0, 1))
    return min(east), min(north), max(east), max(north)
