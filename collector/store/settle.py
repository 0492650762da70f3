"""Take in one reply: verdicts first, then scope, rows and cursors.

Runs inside a transaction of the caller.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from collector.core.draft import patched
from collector.core.overlay import Base, Logged, Status
from collector.core.reply import Message, Reply
from collector.store.driver import Connection
from collector.store.port import Applied, Cursor
from collector.store.rows import (
    CHANGE,
    base_of,
    put_base,
    read_change,
    refresh,
    to_json,
)
from schemas.messages import Op, Outcome
from schemas.records import DERIVED

#: What each verdict makes of a change; a held one waits with the quarantined.
_BECOMES: Final[Mapping[str, Status]] = {
    Outcome.ACCEPTED: Status.ACCEPTED,
    Outcome.MERGED: Status.MERGED,
    Outcome.CONFLICT: Status.CONFLICT,
    Outcome.QUARANTINED: Status.QUARANTINED,
    Outcome.HELD: Status.QUARANTINED,
}


def settle(
    connection: Connection, reply: Reply, asked: Mapping[str, Cursor | None]
) -> Applied:
    """Apply a reply to the tables."""
    verdicts = [
        judged
        for verdict in reply.verdicts
        if (judged := _judge(connection, reply.epoch, verdict)) is not None
    ]
    stale = any(cursor_of(connection, s) != cursor for s, cursor in asked.items())
    if stale:
        return Applied(verdicts, 0, stale=True)
    if reply.scope is not None:
        _rescope(connection, reply.scope)
    for message in reply.rows:
        _take(connection, reply.epoch, message)
    for stream, (epoch, seq) in reply.cursors.items():
        connection.execute(
            "INSERT OR REPLACE INTO stream (id, epoch, seq) VALUES (?, ?, ?)",
            (stream, epoch, seq),
        )
    return Applied(verdicts, reply.received, stale=False)


def cursor_of(connection: Connection, stream: str) -> Cursor | None:
    """Give the cursor of a stream; none when it was never read."""
    row = connection.execute(
        "SELECT epoch, seq FROM stream WHERE id = ?", (stream,)
    ).fetchone()
    return (row[0], row[1]) if row and row[0] else None


def acknowledged(connection: Connection, reply: Reply, acked_n: int) -> int:
    """Give how much of the log was judged: the server may have more than it said."""
    for verdict in reply.verdicts:
        row = connection.execute(
            "SELECT n FROM change WHERE id = ?", (verdict["i"],)
        ).fetchone()
        if row is not None:
            acked_n = max(acked_n, row[0])
    return acked_n


def _judge(
    connection: Connection, epoch: str, verdict: Message
) -> tuple[Status, bool] | None:
    row = connection.execute(
        f"SELECT {CHANGE} FROM change WHERE id = ?",  # noqa: S608 - a constant list
        (verdict["i"],),
    ).fetchone()
    if row is None:
        return None
    change = read_change(row)
    became = _BECOMES[verdict["r"]]
    if change.status is Status.REPLACED:
        # The fix that replaced it stands; the verdict is old news.
        return became, bool(verdict["d"])
    said = {"q": verdict["q"], "epoch": epoch}
    said.update({key: verdict[key] for key in ("why", "cf") if verdict[key]})
    if verdict["r"] == Outcome.HELD:
        said["held"] = True
    connection.execute(
        "UPDATE change SET status = ?, verdict = ? WHERE id = ?",
        (str(became), to_json(said), change.id),
    )
    if became is Status.ACCEPTED and verdict["q"] is not None:
        _advance_base(connection, epoch, verdict["q"], change)
    refresh(connection, change.record)
    return became, bool(verdict["d"])


def _advance_base(connection: Connection, epoch: str, seq: int, change: Logged) -> None:
    # The server does not send our own accepted change back: what it now holds is
    # the row we had with this patch. A row that is already past it stands.
    base = base_of(connection, change.record)
    if base is not None and not base.is_behind(epoch, seq):
        return
    was = base or Base(change.stream, change.record, change.type, 0, epoch, fields={})
    fields, deleted = was.fields, was.deleted
    match change.op:
        case Op.PUT:
            fields = patched(was.fields, change.fields)
        case Op.DELETE:
            deleted = True
        case Op.UNDELETE:
            deleted = False
        case Op.RESOLVE:
            pass
    now = replace(was, seq=seq, epoch=epoch, fields=fields, deleted=deleted, own=True)
    put_base(connection, now)


def _rescope(connection: Connection, scope: list[str]) -> None:
    known = {row[0] for row in connection.execute("SELECT id FROM stream")}
    for stream in set(scope) - known:
        connection.execute(
            "INSERT INTO stream (id, epoch, seq) VALUES (?, '', 0)", (stream,)
        )
    for stream in known - set(scope):
        _forget_rows(connection, stream, "")
        connection.execute("DELETE FROM stream WHERE id = ?", (stream,))


def _take(connection: Connection, epoch: str, message: Message) -> None:
    match message["k"]:
        case "reset":
            # Rows this laptop wrote last are not sent again, so they stay.
            _forget_rows(connection, message["s"], " AND own = 0")
        case "gone":
            _bury(connection, epoch, message)
        case _:
            _take_row(connection, epoch, message)


def _take_row(connection: Connection, epoch: str, message: Message) -> None:
    base = base_of(connection, message["r"])
    if base is not None and base.epoch == epoch and base.seq > message["q"]:
        return
    put_base(
        connection,
        Base(
            message["s"],
            message["r"],
            message["t"],
            message["q"],
            epoch,
            message["f"],
            message["x"],
        ),
    )
    if message["t"] not in DERIVED:
        refresh(connection, message["r"])


def _bury(connection: Connection, epoch: str, message: Message) -> None:
    record_id, kind = message["r"], message["t"]
    if kind in DERIVED or message["why"] != "deleted":
        connection.execute("DELETE FROM base WHERE id = ?", (record_id,))
    else:
        base = base_of(connection, record_id)
        fields: Mapping[str, Any] = base.fields if base else {}
        put_base(
            connection,
            Base(
                message["s"],
                record_id,
                kind,
                message["q"],
                epoch,
                fields,
                message["x"],
                deleted=True,
            ),
        )
    refresh(connection, record_id)


def _forget_rows(connection: Connection, stream: str, which: str) -> None:
    gone = connection.execute(
        f"DELETE FROM base WHERE stream = ?{which} RETURNING id",  # noqa: S608 - a constant
        (stream,),
    ).fetchall()
    for (record_id,) in gone:
        refresh(connection, record_id)
