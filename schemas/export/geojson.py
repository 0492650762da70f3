"""Plots, points and cores as GeoJSON (RFC 7946), one feature after the other."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from schemas.durable_files import durable_file
from schemas.export.csv_files import Query

#: The tables that have a place.
PLACED: Final = ("plots", "points", "cores")


def write_geojson(path: Path, query: Query, table: str) -> int:
    """Write the records of a table as one collection; return how many there are.

    Those without a place have a null geometry, as RFC 7946 asks.
    """
    names, rows = query(table)
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
        found: dict[str, Any] = json.loads(boundary)
        return found
    lon, lat = fields.get("lon"), fields.get("lat")
    if lon is None or lat is None:
        return None
    return {"type": "Point", "coordinates": [lon, lat]}
