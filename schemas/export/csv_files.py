"""CSV files of an export with their description (CSVW) and a list of their hashes."""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Final, NamedTuple

from schemas.durable_files import durable_file
from schemas.export.shape import TABLES, kinds_of
from schemas.export.views import FILES
from schemas.records import TYPES
from schemas.version import SCHEMA_VERSION, __version__

METADATA: Final = "csv-metadata.json"
MANIFEST: Final = "manifest.json"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_DATATYPES: Final = {str: "string", float: "double", int: "integer"}
#: What a table holds: the names of its columns, and its rows one by one.
Query = Callable[[str], tuple[Sequence[str], Iterator[Sequence[Any]]]]
Progress = Callable[[str, int], None]


class Written(NamedTuple):
    """One file: its rows, bytes and hash."""

    name: str
    rows: int
    size: int
    sha256: str


def write_csv(
    folder: Path, query: Query, snapshot: str, progress: Progress
) -> list[Written]:
    """Write every table as CSV, with its description and the hashes of all.

    `snapshot` says of which moment the records are. A text that a spreadsheet would run as
    a formula begins with an apostrophe.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written, described = [], []
    for table in FILES:
        names, rows = query(table)
        one = _write(folder / f"{table}.csv", names, rows)
        progress(table, one.rows)
        written.append(one)
        described.append(_described(table, one.name, names))
    context = ["http://www.w3.org/ns/csvw", {"@language": "en"}]
    metadata = {"@context": context, "tables": described}
    _write_json(folder / METADATA, metadata)
    _write_json(
        folder / MANIFEST,
        {
            "permille": __version__,
            "schema": SCHEMA_VERSION,
            "snapshot": snapshot,
            "files": [one._asdict() for one in written],
        },
    )
    return written


def _write(path: Path, names: Sequence[str], rows: Iterator[Sequence[Any]]) -> Written:
    count, size, digest = 0, 0, hashlib.sha256()
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    with durable_file(path) as file:
        for row in chain([names], rows):
            writer.writerow([_cell(value) for value in row])
            data = out.getvalue().encode()
            out.seek(0)
            out.truncate()
            digest.update(data)
            file.write(data)
            size += len(data)
            count += 1
    return Written(path.name, count - 1, size, digest.hexdigest())


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def _described(table: str, name: str, columns: Sequence[str]) -> dict[str, Any]:
    """Return the description of one file, by the words of the record types."""
    shape = next((one for one in TABLES if one.name == table), None)
    fields = (
        TYPES[shape.record_type].fields if shape and shape.record_type in TYPES else {}
    )
    kinds = kinds_of(table)
    return {
        "url": name,
        "tableSchema": {
            "columns": [
                {
                    "name": column,
                    "titles": column,
                    "datatype": _DATATYPES[kinds.get(column, str)],
                    **(
                        {"dc:description": fields[column].help}
                        if column in fields and fields[column].help
                        else {}
                    ),
                }
                for column in columns
            ],
            **({"primaryKey": "id"} if "id" in columns else {}),
        },
    }


def _write_json(path: Path, value: object) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=2)
    with durable_file(path) as file:
        file.write(f"{text}\n".encode())
