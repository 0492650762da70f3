"""Exports on the disk, to be read back: a folder of CSV, a workbook, a plain database."""

import csv
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from schemas.export.attachments import FILES
from schemas.export.manifest import MANIFEST, place_of_manifest
from schemas.export.reading import Row, Tables
from schemas.export.select import select
from schemas.export.shape import RECORDS
from schemas.tables.refusal import Refusal, TableError

_SQLITE: Final = b"SQLite format 3\0"
_ZIP: Final = b"PK\x03\x04"
#: A boundary has as many characters as this at most.
_CELL_CHARS: Final = 4_000_000
_ASK: Final = "export csv, sqlite or xlsx, and name its folder or file"
_NAMES: Final = (*(table.name for table in RECORDS), "reference_masses")

#: Opens a plain database to be read, as sqlite-utils does, and closes it.
OpenToRead = Callable[[Path], AbstractContextManager[Any]]


class ReadExport(NamedTuple):
    """The tables of an export, how their cells are read, and what is to be said of it."""

    tables: Tables
    are_texts: bool
    notes: list[str]


@contextmanager
def opened_export(path: Path, open_to_read: OpenToRead) -> Iterator[ReadExport]:
    """Open an export; its rows are read one by one.

    Raises
    ------
    TableError
        If it is none that can be read back.
    """
    notes = _notes(path)
    if path.is_dir():
        yield ReadExport(_folder(path), are_texts=True, notes=notes)
        return
    with path.open("rb") as file:
        start = file.read(len(_SQLITE))
    if start == _SQLITE:
        with open_to_read(path) as db:
            yield ReadExport(_database(db, path), are_texts=False, notes=notes)
    elif start.startswith(_ZIP):
        with _workbook(path) as tables:
            yield ReadExport(tables, are_texts=False, notes=notes)
    else:
        raise TableError(_no_export(path))


def attached_files(folder: Path) -> dict[str, Path]:
    """Return the files of a folder of attachments by the SHA-256 that they must have.

    Raises
    ------
    TableError
        If it is no such folder.
    """
    if not (folder / "attachments.csv").is_file():
        reason = f"{folder.name} is no export of attachments"
        raise TableError(
            Refusal("no_export", reason, "make it with: export attachments")
        )
    return {path.stem: path for path in sorted((folder / FILES).glob("*"))}


def _folder(path: Path) -> Tables:
    found = {name: path / f"{name}.csv" for name in _NAMES}
    there = {name: file for name, file in found.items() if file.is_file()}
    if "projects" not in there:
        raise TableError(_no_export(path))
    return {name: partial(_csv_rows, file) for name, file in there.items()}


def _csv_rows(path: Path) -> Iterator[Row]:
    before = csv.field_size_limit(_CELL_CHARS)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from csv.DictReader(file, strict=True)
    except (csv.Error, UnicodeDecodeError) as error:
        reason = f"{path.name} breaks off: {error}"
        raise TableError(Refusal("not_csv", reason, "export it again")) from None
    finally:
        csv.field_size_limit(before)


def _database(db: Any, path: Path) -> Tables:  # noqa: ANN401 - of sqlite-utils
    there = [name for name in _NAMES if db.table(name).exists()]
    if "projects" not in there:
        raise TableError(_no_export(path))
    return {name: partial(db.query, select("*", f"FROM {name}")) for name in there}


@contextmanager
def _workbook(path: Path) -> Iterator[Tables]:
    from openpyxl import load_workbook  # noqa: PLC0415 - 150 ms, for workbooks only

    with path.open("rb") as file:
        try:
            book = load_workbook(file, read_only=True, data_only=True)
        except Exception:  # noqa: BLE001 - a library meets a stranger's bytes
            raise TableError(_no_export(path)) from None
        there = [name for name in _NAMES if name in book.sheetnames]
        if "projects" not in there:
            raise TableError(_no_export(path))
        yield {name: partial(_sheet_rows, book[name]) for name in there}


def _sheet_rows(sheet: Any) -> Iterator[Row]:  # noqa: ANN401 - of openpyxl
    rows = sheet.iter_rows(values_only=True)
    head = [str(name) for name in next(rows, ())]
    for row in rows:
        yield dict(zip(head, row, strict=False))


def _notes(path: Path) -> list[str]:
    """Return what the manifest of an export has to say of what is there now.

    Raises
    ------
    TableError
        If places and names in it are not those that were recorded.
    """
    place = place_of_manifest(path, is_folder=path.is_dir())
    try:
        said: Mapping[str, Any] = json.loads(place.read_bytes())
        files = {one["name"]: one["sha256"] for one in said["files"]}
    except (OSError, ValueError, LookupError, TypeError):
        return [f"there is no {MANIFEST} to hold it against"]
    if said.get("veil"):
        reason = f"{path.name} was written with --veil {said['veil']}"
        hint = "take an export in that was written without --veil"
        raise TableError(Refusal("veiled_export", reason, hint))
    notes = [
        f"{name} is not as it was exported"
        for name, digest in files.items()
        if _digest(path / name if path.is_dir() else path) != digest
    ]
    if said.get("since"):
        notes.append("it has only what changed since another export")
    return notes


def _digest(path: Path) -> str | None:
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _no_export(path: Path) -> Refusal:
    return Refusal("no_export", f"{path.name} is no export that can be read back", _ASK)
