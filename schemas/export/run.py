"""One export: records into a plain database, and from there into files."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple

from schemas.durable_files import flush_directory
from schemas.export.attachments import Content, write_attachments
from schemas.export.changes import find_touched, trim
from schemas.export.csv_files import Progress, Query, TableRows, write_csv
from schemas.export.database import columns_of, fill
from schemas.export.geojson import write_geojson
from schemas.export.geopackage import write_geopackage
from schemas.export.manifest import (
    Exported,
    Snapshot,
    files_of,
    place_of_manifest,
    write_json,
)
from schemas.export.parquet import write_parquet
from schemas.export.questions import question_columns
from schemas.export.shape import ExportRecord, kinds_of
from schemas.export.views import ROWS_OF, query_of
from schemas.export.workbook import write_workbook


class ExportKind(StrEnum):
    """What an export is written as."""

    CSV = "csv"  # a folder of tables
    XLSX = "xlsx"  # one workbook
    SQLITE = "sqlite"  # one plain database
    GEOJSON = "geojson"  # a folder of collections
    GPKG = "gpkg"  # one GeoPackage, where the extra geo is installed
    PARQUET = "parquet"  # a folder of GeoParquet, where the extra parquet is installed
    ATTACHMENTS = "attachments"  # a folder of the attached files, and their table


#: What makes a folder; the others make one file.
FOLDERS: Final = frozenset(
    {ExportKind.CSV, ExportKind.GEOJSON, ExportKind.PARQUET, ExportKind.ATTACHMENTS}
)
_WRITERS: Final[
    Mapping[ExportKind, Callable[[Path, Query, Progress], dict[str, int]]]
] = {
    ExportKind.CSV: write_csv,
    ExportKind.XLSX: write_workbook,
    ExportKind.GEOJSON: write_geojson,
    ExportKind.GPKG: write_geopackage,
    ExportKind.PARQUET: write_parquet,
}
#: What progress is told of while records are read, and after how many.
READ: Final = "records read"
_TOLD_EVERY: Final = 100_000
#: Opens an empty plain database as sqlite-utils does, and closes it.
OpenPlain = Callable[[Path], AbstractContextManager[Any]]


def _nothing(_sha256: str) -> None:
    return None


class Origin(NamedTuple):
    """Where an export comes from: records of one moment, and the content of files."""

    records: Iterable[ExportRecord]
    snapshot: Snapshot
    content: Content = _nothing


def export(
    kind: ExportKind,
    target: Path,
    origin: Origin,
    open_plain: OpenPlain,
    progress: Progress,
) -> Exported:
    """Write records; what is begun has another name until it is whole.

    Raises
    ------
    FileExistsError
        If the target or its manifest is there already: nothing is written over.
    """
    manifest = place_of_manifest(target, is_folder=kind in FOLDERS)
    for place in (target, manifest):
        if place.exists():
            raise FileExistsError(str(place))
    target.parent.mkdir(parents=True, exist_ok=True)
    building = target.with_name(f".{target.name}.part")
    begun = target.with_name(f".{target.name}.begun.{kind}")
    for place in (building, begun):
        _remove(place)
    try:
        with open_plain(building) as db:
            rows = _write(kind, begun, db, origin, progress)
        if kind is ExportKind.SQLITE and not begun.exists():
            building.replace(begun)
        return _finish(kind, begun, target, origin.snapshot, rows)
    finally:
        for place in (building, begun):
            _remove(place)


def _finish(
    kind: ExportKind,
    begun: Path,
    target: Path,
    snapshot: Snapshot,
    rows: dict[str, int],
) -> Exported:
    """Write the manifest of what was begun, then let it have its name."""
    is_folder = kind in FOLDERS
    place = place_of_manifest(target, is_folder=is_folder)
    files = files_of(begun, target, rows)
    done = Exported(str(target), str(kind), snapshot, rows, files, str(place))
    written = place_of_manifest(begun, is_folder=True) if is_folder else place
    write_json(written, done.about())
    try:
        begun.replace(target)
    except OSError:
        written.unlink(missing_ok=True)
        raise
    flush_directory(target.parent)
    return done


def _write(
    kind: ExportKind,
    begun: Path,
    db: Any,  # noqa: ANN401 - of sqlite-utils
    origin: Origin,
    progress: Progress,
) -> dict[str, int]:
    changes_only = origin.snapshot.since is not None
    records = _counted(origin.records, progress)
    rows = fill(db, records, changes_only=changes_only)
    if changes_only:
        find_touched(db)
    if kind is ExportKind.SQLITE:
        if changes_only:
            rows = trim(db)
            db.execute("VACUUM INTO ?", [str(begun)])
        for table, count in rows.items():
            progress(table, count)
        return rows
    query = _query_of(db, rows, changes_only=changes_only)
    if kind in FOLDERS:
        begun.mkdir()
    if kind is ExportKind.ATTACHMENTS:
        return write_attachments(begun, query, origin.content, progress)
    return _WRITERS[kind](begun, query, progress)


def _counted(
    records: Iterable[ExportRecord], progress: Progress
) -> Iterator[ExportRecord]:
    """Tell how many records were read, where there are many."""
    for number, record in enumerate(records, start=1):
        if number % _TOLD_EVERY == 0:
            progress(READ, number)
        yield record


def _query_of(db: Any, rows: Mapping[str, int], *, changes_only: bool) -> Query:  # noqa: ANN401 - of sqlite-utils
    asked = question_columns(db)

    def query(table: str) -> TableRows:
        count = rows[ROWS_OF.get(table, table)]
        names = columns_of(db, table)
        query = query_of(table, count, names, changes_only=changes_only)
        own = asked.get(table, ())
        kinds = {**kinds_of(table), **{one.name: one.kind for one in own}}
        says = {one.name: one.says for one in own}
        return TableRows(names, iter(db.execute(query)), kinds, says)

    return query


def _remove(place: Path) -> None:
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
