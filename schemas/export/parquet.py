"""Tables as Parquet, those with a place as GeoParquet 1.1: some thousand rows at a time.

Shapes are WKB in longitude and latitude, WGS84 (OGC:CRS84, which is what a file means that
names no other coordinate system).
"""

import json
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from schemas.export import wkb
from schemas.export.csv_files import Progress, Query, TableRows
from schemas.export.views import FILES
from schemas.gis.extra import needed_for

#: Rows that are held at a time, and of one row group.
_BATCH: Final = 5_000
GEOMETRY: Final = "geometry"
#: The tables with a place: those of plots have a boundary, the others lon and lat.
PLACED: Final = frozenset({"plots", "points", "cores", "layers"})


class _Extent:
    """The shapes of a file so far: their types, and the box around them."""

    def __init__(self) -> None:
        self.types: set[str] = set()
        self.box: wkb.Box | None = None

    def add(self, kind: str, box: wkb.Box) -> None:
        self.types.add(kind)
        have = self.box or box
        self.box = (
            *map(min, have[:2], box[:2]),
            *map(max, have[2:], box[2:]),
        )  # type: ignore[assignment] # four numbers

    def described(self) -> str:
        """Return the metadata `geo` of the file."""
        column: dict[str, Any] = {
            "encoding": "WKB",
            "geometry_types": sorted(self.types),
            "edges": "planar",
        }
        if self.box is not None:
            column["bbox"] = list(self.box)
        return json.dumps(
            {
                "version": "1.1.0",
                "primary_column": GEOMETRY,
                "columns": {GEOMETRY: column},
            }
        )


def write_parquet(folder: Path, query: Query, progress: Progress) -> dict[str, int]:
    """Write a file for each table; return the rows of each.

    Raises
    ------
    TableError
        If the extra parquet is not installed.
    """
    with needed_for("Parquet", extra="parquet"):
        import pyarrow.parquet  # noqa: F401, PLC0415 - of an extra

    counts = {}
    for table in FILES:
        held = query(table)
        counts[table] = _write(folder / f"{table}.parquet", table, held)
        progress(table, counts[table])
    return counts


def _write(path: Path, table: str, held: TableRows) -> int:
    import pyarrow as pa  # noqa: PLC0415 - of an extra
    from pyarrow import parquet  # noqa: PLC0415 - of an extra

    names, rows, kinds, _ = held
    extent, count = _Extent(), 0
    of_arrow = {float: pa.float64(), int: pa.int64(), str: pa.string()}
    fields = [
        pa.field(name, of_arrow[kinds.get(name, str)])
        for name in names
        if name != GEOMETRY
    ]
    if table in PLACED:
        fields.append(pa.field(GEOMETRY, pa.binary()))
    schema = pa.schema(fields)
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        while batch := list(islice(rows, _BATCH)):
            columns: dict[str, Sequence[Any]] = dict(
                zip(names, zip(*batch, strict=True), strict=True)
            )
            if table in PLACED:
                columns[GEOMETRY] = _shapes(columns, extent)
            arrays = [
                pa.array(_values(columns[field.name], field.type), field.type)
                for field in schema
            ]
            writer.write_table(pa.table(arrays, schema=schema))
            count += len(batch)
        if table in PLACED:
            writer.add_key_value_metadata({"geo": extent.described()})
    return count


def _values(column: Sequence[Any], kind: Any) -> Sequence[Any]:  # noqa: ANN401 - of pyarrow
    """Return the values of a column; a number among texts is written as a text."""
    if str(kind) != "string":
        return column
    return [None if value is None else str(value) for value in column]


def _shapes(
    columns: Mapping[str, Sequence[Any]], extent: _Extent
) -> list[bytes | None]:
    if GEOMETRY in columns:
        return [_boundary(text, extent) for text in columns[GEOMETRY]]
    places = zip(columns["lon"], columns["lat"], strict=True)
    return [_point(place, extent) for place in places]


def _boundary(text: str | None, extent: _Extent) -> bytes | None:
    if text is None:
        return None
    geometry = json.loads(text)
    extent.add(wkb.type_of(geometry), wkb.box_of(geometry))
    return wkb.boundary(geometry)


def _point(place: tuple[Any, Any], extent: _Extent) -> bytes | None:
    if None in place:
        return None
    extent.add("Point", (*place, *place))
    return wkb.point(*place)
