"""Between table rows and the values of core, and the one way a view is renewed."""

import json
from collections.abc import Mapping
from typing import Any, Final

from collector.core.keys import key_text
from collector.core.overlay import Base, Logged, Status, View, view
from collector.store.driver import Connection
from schemas.messages import Op
from schemas.records import TYPES

BASE: Final = "id, stream, type, seq, epoch, fields, conflicts, deleted, own"
CHANGE: Final = "n, id, stream, type, record_id, op, raw, status, verdict"
RECORD: Final = "stream, id, type, fields, deleted, state"


def to_json(value: object) -> str:
    """Write compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def read_base(row: tuple[Any, ...]) -> Base:
    """Read a row of the base table."""
    record_id, stream, kind, seq, epoch, fields, conflicts, deleted, own = row
    return Base(
        stream,
        record_id,
        kind,
        seq,
        epoch,
        json.loads(fields),
        json.loads(conflicts or "[]"),
        bool(deleted),
        bool(own),
    )


def read_change(row: tuple[Any, ...]) -> Logged:
    """Read a row of the change table; its fields come from the raw line."""
    n, change_id, stream, kind, record_id, op, raw, status, verdict = row
    return Logged(
        n,
        change_id,
        stream,
        kind,
        record_id,
        Op(op),
        json.loads(raw).get("f") or {},
        Status(status),
        json.loads(verdict) if verdict else {},
    )


def read_view(row: tuple[Any, ...]) -> View:
    """Read a row of the record table."""
    stream, record_id, kind, fields, deleted, state = row
    return View(stream, record_id, kind, json.loads(fields), bool(deleted), state)


def base_of(connection: Connection, record_id: str) -> Base | None:
    """Give the server's row of a record."""
    row = connection.execute(
        f"SELECT {BASE} FROM base WHERE id = ?",  # noqa: S608 - a constant list
        (record_id,),
    ).fetchone()
    return read_base(row) if row else None


def changes_of(connection: Connection, record_id: str) -> list[Logged]:
    """Give the changes of a record in order."""
    rows = connection.execute(
        f"SELECT {CHANGE} FROM change WHERE record_id = ? ORDER BY n",  # noqa: S608 - a constant list
        (record_id,),
    )
    return [read_change(row) for row in rows]


def put_base(connection: Connection, base: Base) -> None:
    """Write the server's row of a record."""
    connection.execute(
        f"INSERT OR REPLACE INTO base ({BASE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - a constant list
        (
            base.id,
            base.stream,
            base.type,
            base.seq,
            base.epoch,
            to_json(dict(base.fields)),
            to_json(list(base.conflicts)) if base.conflicts else None,
            int(base.deleted),
            int(base.own),
        ),
    )


def refresh(connection: Connection, record_id: str) -> None:
    """Renew the view of one record from its base row and its changes."""
    base, changes = base_of(connection, record_id), changes_of(connection, record_id)
    shown = view(base, changes)
    connection.execute("DELETE FROM link WHERE source = ?", (record_id,))
    if shown is None or shown.type not in TYPES:
        connection.execute("DELETE FROM record WHERE id = ?", (record_id,))
        return
    connection.execute(
        "INSERT OR REPLACE INTO record (id, stream, type, key, fields, deleted, state)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            shown.id,
            shown.stream,
            shown.type,
            key_text(shown.type, shown.fields),
            to_json(dict(shown.fields)),
            int(shown.deleted),
            str(shown.state),
        ),
    )
    connection.executemany(
        "INSERT INTO link (source, field, target) VALUES (?, ?, ?)",
        [(record_id, name, target) for name, target in _targets(shown)],
    )


def _targets(shown: View) -> list[tuple[str, str]]:
    fields: Mapping[str, Any] = shown.fields
    return [
        (name, fields[name])
        for name in TYPES[shown.type].references
        if isinstance(fields.get(name), str)
    ]
