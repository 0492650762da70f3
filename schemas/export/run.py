"""One export: records into a plain database, and from there into files."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple

from schemas.durable_files import flush_directory
from schemas.export.csv_files import Progress, Query, write_csv
from schemas.export.database import ExportRecord, fill
from schemas.export.geojson import PLACED, write_geojson
from schemas.export.geopackage import write_geopackage
from schemas.export.views import query_of
from schemas.export.workbook import write_workbook


class ExportKind(StrEnum):
    """What an export is written as."""

    CSV = "csv"  # a folder of tables
    XLSX = "xlsx"  # one workbook
    SQLITE = "sqlite"  # one plain database
    GEOJSON = "geojson"  # a folder of collections
    GPKG = "gpkg"  # one GeoPackage, where the extra geo is installed


#: What makes one file.
_WRITERS: Final = {
    ExportKind.XLSX: write_workbook,
    ExportKind.GPKG: write_geopackage,
}


class Exported(NamedTuple):
    """What was written: the rows of each table, and where."""

    place: str
    rows: dict[str, int]


#: Opens an empty plain database as sqlite-utils does, and closes it.
OpenPlain = Callable[[Path], AbstractContextManager[Any]]


def export(
    kind: ExportKind,
    target: Path,
    records: Iterable[ExportRecord],
    snapshot: str,
    open_plain: OpenPlain,
    progress: Progress,
) -> Exported:
    """Write records; what is begun has another name until it is whole.

    Raises
    ------
    FileExistsError
        If the target is there already: nothing is written over.
    """
    if target.exists():
        raise FileExistsError(str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    building = target.with_name(f".{target.name}.part")
    building.unlink(missing_ok=True)
    try:
        with open_plain(building) as db:
            rows = fill(db, records)
            if kind is not ExportKind.SQLITE:
                rows = _files(kind, target, _query_of(db, rows), snapshot, progress)
        if kind is ExportKind.SQLITE:
            building.replace(target)
            flush_directory(target.parent)
            for table, count in rows.items():
                progress(table, count)
    finally:
        building.unlink(missing_ok=True)
    return Exported(str(target), rows)


def _query_of(db: Any, rows: Mapping[str, int]) -> Query:  # noqa: ANN401 - of sqlite-utils
    def query(table: str) -> tuple[Sequence[str], Iterator[Sequence[Any]]]:
        count = rows["samples" if table == "layers" else table]
        cursor = db.execute(query_of(table, count))
        return [column[0] for column in cursor.description], iter(cursor)

    return query


def _files(
    kind: ExportKind, target: Path, query: Query, snapshot: str, progress: Progress
) -> dict[str, int]:
    begun = target.with_name(f".{target.name}.begun.{kind}")
    _remove(begun)
    try:
        rows = _write(kind, begun, query, snapshot, progress)
        begun.replace(target)
    finally:
        _remove(begun)
    return rows


def _write(
    kind: ExportKind, place: Path, query: Query, snapshot: str, progress: Progress
) -> dict[str, int]:
    if kind in _WRITERS:
        return _WRITERS[kind](place, query, progress)
    place.mkdir()
    if kind is ExportKind.CSV:
        written = write_csv(place, query, snapshot, progress)
        return {one.name.removesuffix(".csv"): one.rows for one in written}
    rows = dict[str, int]()
    for table in PLACED:
        rows[table] = write_geojson(place / f"{table}.geojson", query, table)
        progress(table, rows[table])
    return rows


def _remove(place: Path) -> None:
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
