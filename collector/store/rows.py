"""Between table rows and the values of the rules.

Many records are read by one statement: their ids travel as one JSON array.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from collector.rules.log_heads import Cursor
from collector.rules.overlay import (
    BaseRow,
    ChangeStatus,
    LoggedChange,
    RecordView,
)
from collector.store.counts import add_live, live_where
from collector.store.driver import Connection
from collector.store.field_names import fields_of, names_of, said_by, to_json
from collector.store.ids import ID, ID_TEXT, IDS
from collector.store.packing import LINE
from schemas.ops import Op

BASE: Final = (
    "id, project_id, type, seq, epoch, names, said, conflicts, deleted, before"
)
CHANGE: Final = f"place, id, project_id, type, record_id, op, {LINE}, status, verdict"
RECORD: Final = "project_id, id, type, names, said, deleted, state"
#: The values of a JSON array, as the right side of IN.
AMONG: Final = "(SELECT value FROM json_each(?))"

#: The number of a text, null where it has none.
NUMBER: Final = "(SELECT number FROM numbered WHERE text = ?)"

# S608: names of columns, AMONG, ID and IDS are constants.
_BASES: Final = f"SELECT {BASE} FROM base WHERE uid IN {IDS}"  # noqa: S608
_CHANGES: Final = f"SELECT {CHANGE} FROM change WHERE record IN {IDS} ORDER BY place"  # noqa: S608
#: The places of the changes with the ids of a JSON array, which is given twice.
PLACES_NAMED: Final = (
    "(SELECT place FROM change WHERE substr(hash, 1, 4) IN"  # noqa: S608
    " (SELECT unhex(substr(value, 1, 8)) FROM json_each(?))"
    f" AND uid IS NULL AND id IN {AMONG} UNION SELECT place FROM change_row"
    f" WHERE uid IN {IDS})"
)
# Fields that are shown as well are kept once.
_PUT_BASE: Final = (
    "INSERT INTO item (uid, project, kind, seq, timeline, base_fields, conflicts,"  # noqa: S608
    f" base_deleted, before) VALUES ({ID}, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (uid)"
    " DO UPDATE SET project = excluded.project, kind = excluded.kind, seq = excluded.seq,"
    " timeline = excluded.timeline, conflicts = excluded.conflicts, before = excluded.before,"
    " base_deleted = excluded.base_deleted, stale = 0,"
    " base_fields = nullif(excluded.base_fields, fields)"
)
_DROP_BASE: Final = (
    "UPDATE item SET seq = NULL, timeline = NULL, base_fields = NULL, conflicts = NULL,"
    " base_deleted = NULL, before = NULL, stale = 0 WHERE seq IS NOT NULL AND "
)
_FORGET_ITEMS: Final = (
    f"DELETE FROM item WHERE uid IN {IDS} AND seq IS NULL AND state IS NULL"  # noqa: S608
    " AND NOT EXISTS (SELECT 1 FROM link WHERE target = item.number)"
)
_PUT_VERDICT: Final = "UPDATE change_row SET status = ?, seq = ?, timeline = ?, verdict = ? WHERE place = ?"
#: What of a verdict has columns of its own.
_PLACE: Final = frozenset({"q", "epoch"})
# A verdict that was given late is laid over until its row is here; then the row counts.
# The plus keeps SQLite from reading every accepted change: records are fewer.
_AWAIT_NO_ROW: Final = (
    "UPDATE change_row SET verdict = json_remove(verdict, '$.late')"
    " WHERE json_extract(verdict, '$.late') IS NOT NULL"
    " AND +status IN ('accepted', 'merged') AND "
)


def read_base(row: tuple[Any, ...]) -> BaseRow:
    """Read a row of the base table."""
    record_id, project_id, kind, seq, epoch, *kept, conflicts, deleted, before = row
    return BaseRow(
        project_id,
        record_id,
        kind,
        seq,
        epoch,
        fields_of(*kept),
        json.loads(conflicts or "[]"),
        bool(deleted),
        json.loads(before) if before else None,
    )


def read_change(row: tuple[Any, ...]) -> LoggedChange:
    """Read a row of the change table; its fields come, lifted, from the raw line."""
    place, change_id, project_id, kind, record_id, op, raw, status, verdict = row
    from schemas.changes import read_draft  # noqa: PLC0415 - lists read no change

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
        draft.reason,
    )


def read_view(row: tuple[Any, ...]) -> RecordView:
    """Read a row of the record table."""
    project_id, record_id, kind, *kept, deleted, state = row
    return RecordView(
        project_id, record_id, kind, fields_of(*kept), bool(deleted), state
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
    sql = f"SELECT {CHANGE} FROM change WHERE place IN {PLACES_NAMED}"  # noqa: S608 - a constant
    names = to_json(list(ids))
    found = map(read_change, connection.execute(sql, (names, names, names)))
    return {change.id: change for change in found}


def cursor_of(connection: Connection, project_id: str) -> Cursor | None:
    """Return the cursor of a project; none when it was never read."""
    row = connection.execute(
        "SELECT epoch, seq FROM project WHERE project_id = ?", (project_id,)
    ).fetchone()
    return (row[0], row[1]) if row and row[0] else None


def put_bases(connection: Connection, bases: Iterable[BaseRow]) -> None:
    """Write the server's rows, one of each record."""
    written = list(bases)
    if not written:
        return
    names = to_json([base.id for base in written])
    added = Counter(base.project_id for base in written if not base.deleted)
    added.subtract(live_where(connection, f"uid IN {IDS}", names))
    add_live(connection, added)
    numbers = numbers_of(
        connection, (text for base in written for text in base_texts(base))
    )
    connection.executemany(
        _PUT_BASE, [base_values(base, numbers, to_json) for base in written]
    )


def numbers_of(connection: Connection, texts: Iterable[str]) -> dict[str, int]:
    """Return the numbers of texts; those that are new here get one."""
    asked = sorted(set(texts))
    sql = f"SELECT text, number FROM numbered WHERE text IN {AMONG}"  # noqa: S608 - a constant
    found = dict(connection.execute(sql, (to_json(asked),)).fetchall())
    new = [(text,) for text in asked if text not in found]
    if new:
        connection.executemany("INSERT INTO numbered (text) VALUES (?)", new)
        found = dict(connection.execute(sql, (to_json(asked),)).fetchall())
    return found


def base_texts(base: BaseRow) -> tuple[str, str, str, str]:
    """Return what of a row of the server is kept by its number."""
    return base.project_id, base.type, base.epoch, names_of(base.fields)


def base_values(
    base: BaseRow, numbers: Mapping[str, int], write: Callable[[Any], str]
) -> tuple[Any, ...]:
    """Return a row of the server as it is kept: its columns from `uid` to `before`."""
    return (
        base.id,
        numbers[base.project_id],
        numbers[base.type],
        base.seq,
        numbers[base.epoch],
        said_by(base.fields, numbers, write),
        write(base.conflicts) if base.conflicts else None,
        int(base.deleted),
        None if base.before is None else write(base.before),
    )


def drop_bases(connection: Connection, record_ids: Collection[str]) -> None:
    """Forget the server's rows of these records."""
    if record_ids:
        drop_bases_where(connection, f"uid IN {IDS}", to_json(list(record_ids)))


def drop_bases_where(connection: Connection, which: str, value: object) -> list[str]:
    """Forget the server's rows of which a condition holds; return their records."""
    add_live(
        connection,
        {p: -count for p, count in live_where(connection, which, value).items()},
    )
    rows = connection.execute(
        f"{_DROP_BASE}{which} RETURNING {ID_TEXT.format('uid')}", (value,)
    )
    gone = [record_id for (record_id,) in rows.fetchall()]
    forget_items(connection, gone)
    return gone


def forget_items(connection: Connection, record_ids: Sequence[str]) -> None:
    """Forget those of these records of which nothing is left here, and to which nothing refers."""
    if record_ids:
        connection.execute(_FORGET_ITEMS, (to_json(record_ids),))


def await_no_row(connection: Connection, which: str, value: str) -> list[str]:
    """Stop accepted changes from standing in for rows that will not come; return the records."""
    returned = f" RETURNING {ID_TEXT.format('record')}"
    rows = connection.execute(_AWAIT_NO_ROW + which + returned, (value,))
    return sorted({record_id for (record_id,) in rows.fetchall()})


def put_verdicts(connection: Connection, changes: Sequence[LoggedChange]) -> None:
    """Write what became of changes."""
    epochs = (c.verdict["epoch"] for c in changes if c.verdict)
    numbers = numbers_of(connection, epochs)
    connection.executemany(
        _PUT_VERDICT,
        [(str(c.status), *_verdict(c.verdict, numbers), c.place) for c in changes],
    )


def _verdict(
    verdict: Mapping[str, Any], numbers: Mapping[str, int]
) -> tuple[int | None, int | None, str | None]:
    """Return a verdict as it is kept: where it was given, and what else was said."""
    if not verdict:
        return None, None, None
    more = {name: said for name, said in verdict.items() if name not in _PLACE}
    return verdict["q"], numbers[verdict["epoch"]], to_json(more) if more else None
