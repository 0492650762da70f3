"""Plots, points and cores as GeoJSON (RFC 7946), one feature after the other."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from schemas.durable_files import durable_file
from schemas.export.csv_files import Progress, Query
from schemas.geometry import signed_area

#: The tables that have a place.
PLACED: Final = ("plots", "points", "cores")


def write_geojson(folder: Path, query: Query, progress: Progress) -> dict[str, int]:
    """Write a collection for each table with a place; return the features of each."""
    counts = {}
    for table in PLACED:
        counts[table] = _write(folder / f"{table}.geojson", query, table)
        progress(table, counts[table])
    return counts


def _write(path: Path, query: Query, table: str) -> int:
    """Write a collection; records without a place have a null geometry, by RFC 7946."""
    names, rows, _, _ = query(table)
    count = 0
    with durable_file(path) as file:
        file.write(b'{"type": "FeatureCollection", "features": [')
        for feature in _features(names, rows):
            text = json.dumps(feature, ensure_ascii=False)
            file.write(f"{',' if count else ''}\n{text}".encode())
            count += 1
        file.write(b"\n]}\n")
    return count


def _features(
    names: Sequence[str], rows: Iterator[Sequence[Any]]
) -> Iterator[dict[str, Any]]:
    for row in rows:
        fields = dict(zip(names, row, strict=True))
        geometry = _geometry(fields)
        yield {
            "type": "Feature",
            "id": fields.pop("id"),
            "geometry": geometry,
            "properties": {k: v for k, v in fields.items() if v is not None},
        }


def _geometry(fields: dict[str, Any]) -> dict[str, Any] | None:
    boundary = fields.pop("geometry", None)
    if boundary is not None:
        return oriented(json.loads(boundary))
    lon, lat = fields.get("lon"), fields.get("lat")
    if lon is None or lat is None:
        return None
    return {"type": "Point", "coordinates": [lon, lat]}


def oriented(geometry: dict[str, Any]) -> dict[str, Any]:
    """Return a boundary whose rings run as RFC 7946 wants: outer ones to the left.

    >>> square = [[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0]]
    >>> oriented({"type": "Polygon", "coordinates": [square]})["coordinates"][0][1]
    [1.0, 1.0]
    """
    coordinates = geometry["coordinates"]
    if geometry["type"] == "Polygon":
        return {**geometry, "coordinates": _polygon(coordinates)}
    return {**geometry, "coordinates": [_polygon(each) for each in coordinates]}


def _polygon(rings: list[Any]) -> list[Any]:
    return [
        ring if (signed_area(ring) > 0) == (number == 0) else ring[::-1]
        for number, ring in enumerate(rings)
    ]
