"""Between table rows and the values of core, and the one way a view is renewed.

Many records are read by one statement: their ids travel as one JSON array.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from collector.rules.overlay import (
    BaseRow,
    ChangeStatus,
    LoggedChange,
    RecordView,
    view,
)
from collector.store.counts import add_live, live_where
from collector.store.driver import Connection
from schemas.changes import read_draft
from schemas.messages import Op
from schemas.plausibility.lookalikes import code_skeleton
from schemas.records import TYPES, key_text, references_of

BASE: Final = "id, project_id, type, seq, epoch, fields, conflicts, deleted, before"
CHANGE: Final = "place, id, project_id, type, record_id, op, raw, status, verdict"
RECORD: Final = "project_id, id, type, fields, deleted, state"
#: The ids of a JSON array, as the right side of IN.
AMONG: Final = "(SELECT value FROM json_each(?))"

#: Writes compact JSON.
to_json: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

# S608: names of columns and AMONG are constants.
_BASES: Final = f"SELECT {BASE} FROM base WHERE id IN {AMONG}"  # noqa: S608
_CHANGES: Final = (
    f"SELECT {CHANGE} FROM change WHERE record_id IN {AMONG} ORDER BY place"  # noqa: S608
)
_PUT_BASE: Final = (
    f"INSERT OR REPLACE INTO base ({BASE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
)
# Not REPLACE: what stays as it was needs no new entry in an index.
_PUT_RECORD: Final = (
    "INSERT INTO record (id, project_id, type, key, fields, deleted, state, skeleton)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
    " project_id = excluded.project_id, type = excluded.type, key = excluded.key,"
    " fields = excluded.fields, deleted = excluded.deleted, state = excluded.state,"
    " skeleton = excluded.skeleton"
)
_PUT_LINK: Final = "INSERT INTO link (source, field, target) VALUES (?, ?, ?)"
_PUT_VERDICT: Final = "UPDATE change SET status = ?, verdict = ? WHERE place = ?"
# A verdict that was given late is laid over until its row is here; then the row counts.
# The plus keeps SQLite from reading every accepted change: records are fewer.
_AWAIT_NO_ROW: Final = (
    "UPDATE change SET verdict = json_remove(verdict, '$.late')"
    " WHERE json_extract(verdict, '$.late') IS NOT NULL"
    " AND +status IN ('accepted', 'merged') AND "
)


def read_base(row: tuple[Any, ...]) -> BaseRow:
    """Read a row of the base table."""
    record_id, project_id, kind, seq, epoch, fields, conflicts, deleted, before = row
    return BaseRow(
        project_id,
        record_id,
        kind,
        seq,
        epoch,
        json.loads(fields),
        json.loads(conflicts or "[]"),
        bool(deleted),
        json.loads(before) if before else None,
    )


def read_change(row: tuple[Any, ...]) -> LoggedChange:
    """Read a row of the change table; its fields come, lifted, from the raw line."""
    place, change_id, project_id, kind, record_id, op, raw, status, verdict = row
    draft = read_draft(raw)
    return LoggedChange(
        place,
        change_id,
        project_id,
        kind,
        record_id,
        Op(op),
        draft.fields,
        ChangeStatus(status),
        json.loads(verdict) if verdict else {},
        draft.group,
        draft.resolves,
        draft.base,
        draft.bases,
    )


def read_view(row: tuple[Any, ...]) -> RecordView:
    """Read a row of the record table."""
    project_id, record_id, kind, fields, deleted, state = row
    return RecordView(
        project_id, record_id, kind, json.loads(fields), bool(deleted), state
    )


def bases_of(connection: Connection, record_ids: Iterable[str]) -> dict[str, BaseRow]:
    """Return the server's row of each record that has one."""
    rows = connection.execute(_BASES, (to_json(list(record_ids)),))
    return {base.id: base for base in map(read_base, rows)}


def changes_of(
    connection: Connection, record_ids: Iterable[str]
) -> dict[str, list[LoggedChange]]:
    """Return the changes of each record that has any, in order."""
    found: dict[str, list[LoggedChange]] = {}
    for row in connection.execute(_CHANGES, (to_json(list(record_ids)),)):
        change = read_change(row)
        found.setdefault(change.record_id, []).append(change)
    return found


def changes_in(
    connection: Connection, log: int, places: Iterable[int]
) -> dict[int, LoggedChange]:
    """Return changes of a log by their number in it."""
    sql = f"SELECT n, {CHANGE} FROM change WHERE log = ? AND n IN {AMONG}"  # noqa: S608 - a constant
    rows = connection.execute(sql, (log, to_json(list(places))))
    return {row[0]: read_change(row[1:]) for row in rows}


def changes_named(
    connection: Connection, ids: Iterable[str]
) -> dict[str, LoggedChange]:
    """Return changes by their ids."""
    sql = f"SELECT {CHANGE} FROM change WHERE id IN {AMONG}"  # noqa: S608 - a constant
    found = map(read_change, connection.execute(sql, (to_json(list(ids)),)))
    return {change.id: change for change in found}


def put_bases(connection: Connection, bases: Iterable[BaseRow]) -> None:
    """Write the server's rows, one of each record."""
    written = list(bases)
    if not written:
        return
    names = to_json([base.id for base in written])
    added = Counter(base.project_id for base in written if not base.deleted)
    added.subtract(live_where(connection, f"id IN {AMONG}", names))
    add_live(connection, added)
    connection.executemany(
        _PUT_BASE,
        [
            (
                base.id,
                base.project_id,
                base.type,
                base.seq,
                base.epoch,
                to_json(dict(base.fields)),
                to_json(list(base.conflicts)) if base.conflicts else None,
                int(base.deleted),
                None if base.before is None else to_json(dict(base.before)),
            )
            for base in written
        ],
    )


def drop_bases(connection: Connection, record_ids: Collection[str]) -> None:
    """Forget the server's rows of these records."""
    if record_ids:
        drop_bases_where(connection, f"id IN {AMONG}", to_json(list(record_ids)))


def drop_bases_where(connection: Connection, which: str, value: object) -> list[str]:
    """Forget the server's rows of which a condition holds; return their records."""
    add_live(
        connection,
        {p: -count for p, count in live_where(connection, which, value).items()},
    )
    gone = connection.execute(
        f"DELETE FROM base WHERE {which} RETURNING id",  # noqa: S608 - conditions are constants
        (value,),
    )
    return [record_id for (record_id,) in gone.fetchall()]


def await_no_row(connection: Connection, which: str, value: str) -> list[str]:
    """Stop accepted changes from standing in for rows that will not come; return the records."""
    rows = connection.execute(_AWAIT_NO_ROW + which + " RETURNING record_id", (value,))
    return sorted({record_id for (record_id,) in rows.fetchall()})


def put_verdicts(connection: Connection, changes: Iterable[LoggedChange]) -> None:
    """Write what became of changes."""
    connection.executemany(
        _PUT_VERDICT,
        [
            (str(c.status), to_json(c.verdict) if c.verdict else None, c.place)
            for c in changes
        ],
    )


def refresh(connection: Connection, record_ids: Iterable[str]) -> None:
    """Renew the views of records from their base rows and changes on disk, each once."""
    record_ids = list(dict.fromkeys(record_ids))
    bases = bases_of(connection, record_ids)
    show(connection, record_ids, bases, changes_of(connection, record_ids))


def show(
    connection: Connection,
    record_ids: Collection[str],
    bases: Mapping[str, BaseRow],
    changes: Mapping[str, Sequence[LoggedChange]],
) -> None:
    """Renew the views of records from their base rows and changes, known already."""
    views = [view(bases.get(name), changes.get(name, ())) for name in record_ids]
    shown = [found for found in views if found is not None and found.type in TYPES]
    ids, kept = to_json(list(record_ids)), {found.id for found in shown}
    connection.execute(f"DELETE FROM link WHERE source IN {AMONG}", (ids,))  # noqa: S608 - a constant
    if len(kept) < len(record_ids):
        gone = to_json([name for name in record_ids if name not in kept])
        connection.execute(f"DELETE FROM record WHERE id IN {AMONG}", (gone,))  # noqa: S608 - a constant
    connection.executemany(_PUT_RECORD, map(_record, shown))
    connection.executemany(
        _PUT_LINK, [link for found in shown for link in _links(found)]
    )


def _record(shown: RecordView) -> tuple[object, ...]:
    return (
        shown.id,
        shown.project_id,
        shown.type,
        key_text(shown.type, shown.fields),
        to_json(dict(shown.fields)),
        int(shown.deleted),
        str(shown.state),
        code_skeleton(shown.type, shown.fields),
    )


def _links(shown: RecordView) -> list[tuple[str, str, str]]:
    targets = references_of(shown.type, shown.fields)
    return [(shown.id, name, target) for name, target in targets.items()]
