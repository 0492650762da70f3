"""A plain SQLite database of records: foreign keys, views that join names, search.

`db` is the `sqlite_utils.Database` of an empty file, which the caller opened.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Final

from schemas.export.frozen import in_order
from schemas.export.layer_views import PLOT_BASELINES
from schemas.export.questions import question_columns, with_questions
from schemas.export.shape import (
    TABLES,
    ExportRecord,
    ExportTable,
    attachment_rows,
    code_rows,
    derived_rows,
    record_row,
)
from schemas.export.views import VIEWS, query_of
from schemas.records import DERIVED

#: Rows of one INSERT.
_BATCH: Final = 1_000
#: What full-text search looks through: the words people wrote.
SEARCHED: Final = {
    "projects": ("code", "title", "note"),
    "plots": ("code", "name", "farm", "stratum", "note"),
    "practices": ("what", "note"),
    "designs": ("note",),
    "points": ("code", "note"),
    "cores": ("note",),
    "campaigns": ("name", "protocol", "crew", "note"),
    "samples": ("sample_code", "sent_to_lab", "sent_batch", "note"),
    "question_forms": ("title", "source", "note"),
    "answers": ("question", "value", "note"),
    "skips": ("because", "note"),
    "custody_events": ("who", "to_whom", "box", "place", "note"),
    "results": ("lab", "lab_batch", "note"),
    "lab_controls": ("lab", "lab_batch", "code", "note"),
    "lab_batches": ("lab", "lab_batch", "reason", "decided_by", "note"),
}


#: What was answered anew, or no more, is a change of what it is about.
_ANSWERED: Final = (
    "INSERT OR IGNORE INTO changed SELECT id FROM (SELECT"
    " coalesce(core_id, sample_id, plot_id, point_id) AS id FROM answers"
    " WHERE id IN changed UNION SELECT parent_id FROM deleted WHERE type = 'answer')"
    " WHERE id IS NOT NULL"
)


class OneIdError(ValueError):
    """Records of two projects have one id: whoever made it so, neither may be lost."""


def fill(
    db: Any,  # noqa: ANN401 - of sqlite-utils
    records: Iterable[ExportRecord],
    *,
    changes_only: bool = False,
) -> dict[str, int]:
    """Write records into an empty database; return the rows of each table.

    A batch is held at a time, so that memory does not grow with the number of records.
    With `changes_only`, the table `changed` has the ids of rows that changed.

    Raises
    ------
    OneIdError
        If two records have one id.
    """
    for table in TABLES:
        db.table(table.name).create(
            {name: table.columns[name] for name in in_order(table.name, table.columns)},
            pk="id",
            foreign_keys=[(c, other, "id") for c, other in table.refers.items()],
        )
    if changes_only:
        db.table("changed").create({"id": str}, pk="id")
    waiting: dict[str, list[dict[str, Any]]] = defaultdict(list)
    counts = dict.fromkeys((table.name for table in TABLES), 0)
    for name, row in _rows(records, changes_only=changes_only):
        waiting[name].append(row)
        counts[name] = counts.get(name, 0) + 1
        if len(waiting[name]) >= _BATCH:
            _insert(db, name, waiting[name])
    for name, rows in waiting.items():
        _insert(db, name, rows)
    counts.pop("changed", None)
    for name, count in counts.items():
        if db.table(name).count != count:
            raise OneIdError(name)
    _finish(db, changes_only=changes_only)
    counts["plot_baselines"] = counts["plots"]
    return counts


def columns_of(db: Any, table: str) -> list[str]:  # noqa: ANN401 - of sqlite-utils
    """Return the columns of a table as files have them."""
    found = db.execute(f"{query_of(table, 0)} LIMIT 0").description
    return in_order(table, [column[0] for column in found])


def _rows(
    records: Iterable[ExportRecord], *, changes_only: bool
) -> Iterator[tuple[str, dict[str, Any]]]:
    tables = {table.record_type: table for table in TABLES}
    yield from (("codes", row) for row in code_rows())
    for one in records:
        table = tables.get(one.record_type)
        if table is None:
            continue
        rows = [(table.name, row) for row in _of_table(table, one)]
        rows += [("attachments", row) for row in attachment_rows(one)]
        yield from rows
        if changes_only and one.changed:
            yield from (("changed", {"id": row["id"]}) for _, row in rows)


def _of_table(table: ExportTable, one: ExportRecord) -> list[dict[str, Any]]:
    if one.record_type in DERIVED:
        return derived_rows(table, one.project_id, one.record_id, one.fields)
    return [record_row(table, one.project_id, one.record_id, one.fields)]


def _insert(db: Any, name: str, rows: list[dict[str, Any]]) -> None:  # noqa: ANN401 - of sqlite-utils
    if rows:
        db.table(name).insert_all(rows, batch_size=_BATCH, ignore=True)
        rows.clear()


def _finish(db: Any, *, changes_only: bool) -> None:  # noqa: ANN401 - of sqlite-utils
    """Add what is read by: indexes of references, views, search."""
    if changes_only:
        db.execute(_ANSWERED)
    for table in TABLES:
        for column in table.refers:
            if column != "id":
                db.table(table.name).create_index([column])
    db.table("plots").create_index(["project_id", "code"])
    db.table("lab_batches").create_index(["lab", "lab_batch", "analyte"])
    for name, query in with_questions(VIEWS, question_columns(db)):
        db.create_view(name, query)
    db.execute(PLOT_BASELINES)
    for name, columns in SEARCHED.items():
        db.table(name).enable_fts(columns, create_triggers=False)
