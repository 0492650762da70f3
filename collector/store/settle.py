"""Take in one reply: verdicts first, then scope, rows and cursors.

Runs inside a transaction of the caller. Whole pages are read, judged by the pure
rules of collector.core.settling, and written.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby

from collector.core.overlay import Status
from collector.core.reply import Message, Reply
from collector.core.settling import BECOMES, advanced, judged, taken
from collector.store.driver import Connection
from collector.store.port import Applied, Cursor
from collector.store.rows import (
    bases_of,
    changes_of,
    drop_bases,
    put_bases,
    put_verdicts,
    records_of,
    refresh,
    show,
)
from schemas import limits
from schemas.records import DERIVED


def settle(
    connection: Connection,
    reply: Reply,
    asked: Mapping[str, Cursor | None],
    acked_n: int,
) -> Applied:
    """Apply a reply to the tables."""
    verdicts, judged_n = _judge(connection, reply)
    # The server may have more of the log than it judged here.
    acked_n = max(acked_n, judged_n)
    if any(cursor_of(connection, s) != cursor for s, cursor in asked.items()):
        return Applied(verdicts, acked_n, received=0, stale=True)
    if reply.scope is not None:
        _rescope(connection, reply.scope)
    for are_resets, messages in groupby(reply.rows, lambda m: m["k"] == "reset"):
        if are_resets:
            for message in messages:
                # Rows this laptop wrote last are not sent again, so they stay.
                _forget_rows(connection, message["s"], " AND own = 0")
        else:
            _take(connection, reply.epoch, list(messages))
    for stream, (epoch, seq) in reply.cursors.items():
        connection.execute(
            "INSERT OR REPLACE INTO stream (id, epoch, seq) VALUES (?, ?, ?)",
            (stream, epoch, seq),
        )
    return Applied(verdicts, acked_n, reply.received, stale=False)


def cursor_of(connection: Connection, stream: str) -> Cursor | None:
    """Give the cursor of a stream; none when it was never read."""
    row = connection.execute(
        "SELECT epoch, seq FROM stream WHERE id = ?", (stream,)
    ).fetchone()
    return (row[0], row[1]) if row and row[0] else None


def _judge(
    connection: Connection, reply: Reply
) -> tuple[list[tuple[Status, bool]], int]:
    """Write the verdicts down; give them, and the last place of the log they reach."""
    records = records_of(connection, [verdict["i"] for verdict in reply.verdicts])
    bases, changes = bases_of(connection, records), changes_of(connection, records)
    log = {change.id: change for own in changes.values() for change in own}
    known = [verdict for verdict in reply.verdicts if verdict["i"] in log]
    for verdict in known:
        change = log[verdict["i"]] = judged(log[verdict["i"]], reply.epoch, verdict)
        base = advanced(bases.get(change.record), change)
        if base is not None:
            bases[change.record] = base
    put_verdicts(connection, [log[verdict["i"]] for verdict in known])
    put_bases(connection, bases.values())
    settled = {name: [log[c.id] for c in own] for name, own in changes.items()}
    show(connection, records, bases, settled)
    said = [(BECOMES[verdict["r"]], bool(verdict["d"])) for verdict in known]
    return said, max((log[verdict["i"]].n for verdict in known), default=0)


def _rescope(connection: Connection, scope: list[str]) -> None:
    known = {row[0] for row in connection.execute("SELECT id FROM stream")}
    for stream in set(scope) - known:
        connection.execute(
            "INSERT INTO stream (id, epoch, seq) VALUES (?, '', 0)", (stream,)
        )
    for stream in known - set(scope):
        _forget_rows(connection, stream, "")
        connection.execute("DELETE FROM stream WHERE id = ?", (stream,))


def _take(connection: Connection, epoch: str, messages: Sequence[Message]) -> None:
    kinds = {message["r"]: message["t"] for message in messages}
    bases = bases_of(connection, kinds)
    for message in messages:
        base = taken(bases.pop(message["r"], None), epoch, message)
        if base is not None:
            bases[base.id] = base
    drop_bases(connection, kinds.keys() - bases.keys())
    put_bases(connection, bases.values())
    records = [name for name, kind in kinds.items() if kind not in DERIVED]
    show(connection, records, bases, changes_of(connection, records))


def _forget_rows(connection: Connection, stream: str, which: str) -> None:
    gone = connection.execute(
        f"DELETE FROM base WHERE stream = ?{which} RETURNING id",  # noqa: S608 - a constant
        (stream,),
    ).fetchall()
    # As many as a page has: a project of 100,000 records must not fill the memory.
    for start in range(0, len(gone), limits.PAGE_ROWS):
        page = gone[start : start + limits.PAGE_ROWS]
        refresh(connection, [record_id for (record_id,) in page])
