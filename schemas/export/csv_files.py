"""CSV files of an export with their description (CSVW)."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Final, NamedTuple

from schemas.durable_files import durable_file
from schemas.export.manifest import write_json
from schemas.export.meanings import meaning_of
from schemas.export.views import FILES
from schemas.tables.harmless import harmless

METADATA: Final = "csv-metadata.json"
_HARMLESS: Final = (
    "A text that a spreadsheet would run as a formula has one apostrophe before it, and"
    " so has one that begins with apostrophes before such a text: take one away."
)
_DATATYPES: Final = {str: "string", float: "double", int: "integer"}


class TableRows(NamedTuple):
    """What a table holds: the names of its columns, and its rows one by one.

    `kinds` are the types of columns that are no texts, `says` what those mean that only
    this export has.
    """

    names: Sequence[str]
    rows: Iterator[Sequence[Any]]
    kinds: Mapping[str, type]
    says: Mapping[str, str]


Query = Callable[[str], TableRows]
Progress = Callable[[str, int], None]


def write_csv(folder: Path, query: Query, progress: Progress) -> dict[str, int]:
    """Write every table as CSV, with its description; return the rows of each."""
    counts, described = dict[str, int](), []
    for table in FILES:
        held = query(table)
        counts[table] = write_table(folder / f"{table}.csv", held.names, held.rows)
        progress(table, counts[table])
        described.append(_described(table, f"{table}.csv", held))
    context = ["http://www.w3.org/ns/csvw", {"@language": "en"}]
    write_json(
        folder / METADATA,
        {"@context": context, "dc:description": _HARMLESS, "tables": described},
    )
    return counts


def write_table(path: Path, names: Sequence[str], rows: Iterator[Sequence[Any]]) -> int:
    """Write one table; return its rows. No text in it is run as a formula."""
    count, out = 0, io.StringIO(newline="")
    writer = csv.writer(out)
    with durable_file(path) as file:
        for row in chain([names], rows):
            writer.writerow([_cell(value) for value in row])
            file.write(out.getvalue().encode())
            out.seek(0)
            out.truncate()
            count += 1
    return count - 1


def _cell(value: object) -> object:
    return harmless(value) if isinstance(value, str) else value


def _described(table: str, name: str, held: TableRows) -> dict[str, Any]:
    """Return the description of one file."""
    return {
        "url": name,
        "tableSchema": {
            "columns": [
                {
                    "name": column,
                    "titles": column,
                    "datatype": _DATATYPES[held.kinds.get(column, str)],
                    "dc:description": held.says.get(column)
                    or meaning_of(table, column),
                }
                for column in held.names
            ],
            **({"primaryKey": "id"} if "id" in held.names else {}),
        },
    }
