"""A plain SQLite database of records: foreign keys, views that join names, search.

`db` is the `sqlite_utils.Database` of an empty file, which the caller opened.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from schemas.export.shape import TABLES, derived_rows, record_row
from schemas.export.views import VIEWS
from schemas.records import DERIVED

#: Rows of one INSERT.
_BATCH: Final = 1_000
#: What full-text search looks through: the words people wrote.
SEARCHED: Final = {
    "projects": ("code", "title", "note"),
    "plots": ("code", "name", "farm", "stratum", "note"),
    "practices": ("what", "note"),
    "points": ("code", "note"),
    "campaigns": ("name", "protocol", "crew", "note"),
    "samples": ("sample_code", "note"),
    "results": ("lab", "lab_batch", "note"),
}


class ExportRecord(NamedTuple):
    """One live record, derived ones too."""

    project_id: str
    record_type: str
    record_id: str
    fields: Mapping[str, Any]


def fill(db: Any, records: Iterable[ExportRecord]) -> dict[str, int]:  # noqa: ANN401 - of sqlite-utils
    """Write records into an empty database; return the rows of each table.

    A batch is held at a time, so that memory does not grow with the number of records.
    """
    for table in TABLES:
        db.table(table.name).create(
            table.columns,
            pk="id",
            foreign_keys=[(c, other, "id") for c, other in table.refers.items()],
        )
    waiting: dict[str, list[dict[str, Any]]] = {table.name: [] for table in TABLES}
    counts = dict.fromkeys(waiting, 0)
    for name, row in _rows(records):
        waiting[name].append(row)
        counts[name] += 1
        if len(waiting[name]) >= _BATCH:
            _insert(db, name, waiting[name])
    for name, rows in waiting.items():
        _insert(db, name, rows)
    _finish(db)
    return counts


def _rows(records: Iterable[ExportRecord]) -> Iterator[tuple[str, dict[str, Any]]]:
    tables = {table.record_type: table for table in TABLES}
    for one in records:
        table = tables.get(one.record_type)
        if table is None:
            continue
        if one.record_type in DERIVED:
            for row in derived_rows(table, one.project_id, one.record_id, one.fields):
                yield table.name, row
        else:
            yield (
                table.name,
                record_row(table, one.project_id, one.record_id, one.fields),
            )


def _insert(db: Any, name: str, rows: list[dict[str, Any]]) -> None:  # noqa: ANN401 - of sqlite-utils
    if rows:
        db.table(name).insert_all(rows, batch_size=_BATCH)
        rows.clear()


def _finish(db: Any) -> None:  # noqa: ANN401 - of sqlite-utils
    """Add what is read by: indexes of references, views, search."""
    for table in TABLES:
        for column in table.refers:
            db.table(table.name).create_index([column])
    for name, query in VIEWS.items():
        db.create_view(name, query)
    for name, columns in SEARCHED.items():
        db.table(name).enable_fts(columns, create_triggers=False)
