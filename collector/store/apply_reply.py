"""Take in one reply: verdicts first, then scope, rows and cursors.

Runs inside a transaction of the caller. Whole pages are read, judged by the pure
rules of collector.rules.acknowledge, and written.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from collector.rules.acknowledge import (
    notes_of,
    status_of,
    with_accepted,
    with_row,
    with_verdict,
)
from collector.rules.overlay import BaseRow, ChangeStatus, LoggedChange
from collector.rules.reply import Message, RemovalGuard, Reply
from collector.rules.request import LogHead
from collector.store.counts import count_unacknowledged
from collector.store.driver import Connection
from collector.store.port import Applied, Cursor
from collector.store.rows import (
    AMONG,
    await_no_row,
    bases_of,
    changes_in,
    changes_named,
    changes_of,
    drop_bases,
    drop_bases_where,
    put_bases,
    put_verdicts,
    refresh,
    show,
    to_json,
)
from schemas import limits
from schemas.records import DERIVED

# The first change of each log that was judged in another timeline, beyond what is shared.
_LOST: Final = """
    SELECT log, min(n) FROM change
    WHERE verdict IS NOT NULL AND status <> 'replaced'
      AND json_extract(verdict, '$.epoch') <> ?1
      AND coalesce(json_extract(verdict, '$.q') > coalesce(
          (SELECT value FROM json_each(?2) WHERE key = change.project_id), 0), 1)
    GROUP BY log
"""

_CARRY_OVER: Final = """
    UPDATE base SET epoch = ?1
    WHERE project_id = ?2 AND epoch <> ?1 AND seq <= ?3 AND stale = 0
      AND NOT EXISTS (
          SELECT 1 FROM change WHERE record_id = base.id
          AND json_extract(verdict, '$.epoch') = base.epoch
          AND json_extract(verdict, '$.q') > base.seq)
"""


def apply_reply(
    connection: Connection,
    reply: Reply,
    head: LogHead,
    asked: Mapping[str, Cursor | None],
    removals: RemovalGuard,
) -> Applied:
    """Apply a reply to a request that spoke for a log."""
    is_stale = any(cursor_of(connection, s) != c for s, c in asked.items())
    if is_stale and _is_of_another_timeline(connection, reply):
        # It was long under way: what it says is told anew in the timeline of now.
        return Applied([], head.acked_n, stale=True, removals=removals)
    _carry_over(connection, reply)
    found = _named(connection, reply, head)
    said, known, late = _judge(connection, reply, found)
    acked_n = _acknowledge(connection, head, {n for n, _ in found if n is not None})
    notes = notes_of(reply.verdicts)
    applied = Applied(said, acked_n, late=late, notes=notes, removals=removals)
    judged_here = {change.record_id for _, change in found}
    removals = removals if is_stale else removals.plus(_taken_away(connection, reply))
    if is_stale or removals.too_many():
        _forget_beyond_scope(connection, judged_here)
        return replace(applied, stale=is_stale, removals=removals)
    notes += _take_scope(connection, reply, asked)
    _forget_beyond_scope(connection, judged_here)
    _take_rows(connection, reply, known)
    if not reply.more and not count_unacknowledged(connection):
        removals = _sweep(connection, removals)
    return replace(applied, received=reply.received, notes=notes, removals=removals)


def _take_scope(
    connection: Connection,
    reply: Reply,
    asked: Mapping[str, Cursor | None],
) -> list[str]:
    """Take up the timeline and the projects of a reply; say which were withdrawn."""
    _doubt_lost_verdicts(connection, reply)
    # No word of the scope means: it is what the request had cursors for.
    asked_for = [project_id for project_id, cursor in asked.items() if cursor]
    scope = asked_for if reply.scope is None else reply.scope
    return _rescope(connection, scope)


def _is_of_another_timeline(connection: Connection, reply: Reply) -> bool:
    """Return whether a reply is of another timeline than the last that was heard of."""
    return _known_epoch(connection) not in {None, reply.epoch}


def _known_epoch(connection: Connection) -> str | None:
    row = connection.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()
    return row[0] if row else None


def _carry_over(connection: Connection, reply: Reply) -> None:
    """Count rows up to the last number that a new timeline shares as rows of it.

    Else one would seem older than a verdict on a change that it holds already. One that
    waits for a newer row of its own timeline goes on waiting.
    """
    shared = [
        (reply.epoch, project_id, seq) for project_id, seq in reply.shared.items()
    ]
    connection.executemany(_CARRY_OVER, shared)


def _acknowledge(connection: Connection, head: LogHead, with_verdict: set[int]) -> int:
    """Note up to which change of a log each one has its verdict; return which it is.

    From where the log stands now: it may have been rewound since it was asked for.
    """
    row = connection.execute(
        "SELECT acked_n FROM log WHERE number = ?", (head.number,)
    ).fetchone()
    acked_n = int(row[0])
    while acked_n + 1 in with_verdict:
        acked_n += 1
    connection.execute(
        "UPDATE log SET acked_n = ? WHERE number = ?", (acked_n, head.number)
    )
    return acked_n


def cursor_of(connection: Connection, project_id: str) -> Cursor | None:
    """Return the cursor of a project; none when it was never read."""
    row = connection.execute(
        "SELECT epoch, seq FROM project WHERE project_id = ?", (project_id,)
    ).fetchone()
    return (row[0], row[1]) if row and row[0] else None


def take_bucket(
    connection: Connection,
    epoch: str,
    messages: Sequence[Message],
    missing: Iterable[str],
) -> None:
    """Believe the server's rows of a part of a project, and that it has no others."""
    # Whatever number it has here; a deletion leaves the fields for who undoes it.
    drop_bases(connection, [m["r"] for m in messages if m["k"] == "row"])
    _take(connection, epoch, messages)
    gone = _settled_deletions(connection, list(missing))
    drop_bases(connection, gone)
    await_no_row(connection, f"record_id IN {AMONG}", to_json(gone))
    refresh(connection, gone)


def _settled_deletions(connection: Connection, missing: list[str]) -> list[str]:
    """Close the conflicts of deleted records; return those that are gone instead."""
    deleted = [b for b in bases_of(connection, missing).values() if b.deleted]
    put_bases(connection, [replace(base, conflicts=()) for base in deleted])
    refresh(connection, [base.id for base in deleted])
    return sorted(set(missing) - {base.id for base in deleted})


def _take_rows(connection: Connection, reply: Reply, known: set[str]) -> None:
    for project_id in reply.resets:
        # What this answer judged is known; all else is to be confirmed by a row.
        connection.execute(
            f"UPDATE base SET stale = 1 WHERE project_id = ? AND id NOT IN {AMONG}",  # noqa: S608 - a constant
            (project_id, to_json(sorted(known))),
        )
    connection.executemany(
        "INSERT OR IGNORE INTO purged (id) VALUES (?)", [(n,) for n in reply.purged]
    )
    if reply.purged:
        # Here they may be live: their deletion was not heard of before it was purged.
        _forget_rows(connection, f"id IN {AMONG}", to_json(reply.purged))
    _take(connection, reply.epoch, reply.rows)
    connection.executemany(
        "INSERT OR REPLACE INTO project (project_id, epoch, seq) VALUES (?, ?, ?)",
        [(project_id, *cursor) for project_id, cursor in reply.cursors.items()],
    )


def _named(
    connection: Connection, reply: Reply, head: LogHead
) -> list[tuple[int | None, LoggedChange]]:
    """Return the change of each verdict, with its place in the log that spoke."""
    here = changes_in(
        connection, head.number, (v["n"] for v in reply.verdicts if "n" in v)
    )
    named = changes_named(connection, (v["i"] for v in reply.verdicts if "i" in v))
    found: list[tuple[int | None, LoggedChange]] = []
    for verdict in reply.verdicts:
        if "n" in verdict and verdict["n"] in here:
            found.append((verdict["n"], here[verdict["n"]]))
        elif "i" in verdict and verdict["i"] in named:
            found.append((None, named[verdict["i"]]))
    return found


def _judge(
    connection: Connection, reply: Reply, found: list[tuple[int | None, LoggedChange]]
) -> tuple[list[tuple[ChangeStatus, bool]], set[str], int]:
    """Note the verdicts; return them, the records whose rows are known by them, news.

    The news are late verdicts that are others than those known: a restored server
    numbers all of them anew.
    """
    records = list(dict.fromkeys(change.record_id for _, change in found))
    changes = changes_of(connection, records)
    log = {change.id: change for own in changes.values() for change in own}
    bases = bases_of(connection, records)
    verdicts = {_name(verdict): verdict for verdict in reply.verdicts}
    said, known, news = [], set[str](), 0
    for n, was in found:
        verdict = verdicts[was.id if n is None else n]
        before = log[was.id]
        change = log[was.id] = with_verdict(before, reply.epoch, verdict)
        if n is not None:
            said.append((status_of(verdict), bool(verdict["d"])))
        elif (before.status, before.reasons) != (change.status, change.reasons):
            news += 1
        base = with_accepted(bases.get(change.record_id), change)
        if base is not None and base is not bases.get(change.record_id):
            bases[change.record_id] = base
            known.add(change.record_id)
    put_verdicts(connection, [log[change.id] for _, change in found])
    put_bases(connection, map(bases.__getitem__, known))
    _show(connection, records, bases, changes, log)
    return said, known, news


def _show(
    connection: Connection,
    records: list[str],
    bases: dict[str, BaseRow],
    changes: Mapping[str, Sequence[LoggedChange]],
    log: Mapping[str, LoggedChange],
) -> None:
    settled = {name: [log[c.id] for c in own] for name, own in changes.items()}
    show(connection, records, bases, settled)


def _name(verdict: Message) -> str | int:
    name: str | int = verdict["n"] if "n" in verdict else verdict["i"]
    return name


def _rescope(connection: Connection, scope: list[str]) -> list[str]:
    """Take up new projects and let go of those withdrawn; say which these are."""
    known = {row[0] for row in connection.execute("SELECT project_id FROM project")}
    for project_id in set(scope) - known:
        connection.execute(
            "INSERT INTO project (project_id, epoch, seq) VALUES (?, '', 0)",
            (project_id,),
        )
    withdrawn = sorted(known - set(scope))
    notes = [_withdrawn(connection, project_id) for project_id in withdrawn]
    for project_id in withdrawn:
        _forget_rows(connection, "project_id = ?", project_id)
        connection.execute("DELETE FROM project WHERE project_id = ?", (project_id,))
        refresh(connection, await_no_row(connection, "project_id = ?", project_id))
    return notes


def _withdrawn(connection: Connection, project_id: str) -> str:
    row = connection.execute(
        "SELECT key FROM record WHERE id = ? AND type = 'project'", (project_id,)
    ).fetchone()
    return (
        f"project {row[0] if row else project_id} was withdrawn from this laptop: the server"
        " has its records, they are no longer here; ask the administrator if that is wrong"
    )


def _forget_beyond_scope(connection: Connection, records: set[str]) -> None:
    """Drop rows that a verdict on an old change would bring to a laptop they are not for.

    That is one of a project that was withdrawn, or one whose deletion is long past.
    """
    if not records:
        return
    names = to_json(sorted(records))
    beyond = "(project_id NOT IN (SELECT project_id FROM project) OR {} IN (SELECT id FROM purged))"
    of_row = f"id IN {AMONG} AND {beyond.format('id')}"
    gone = drop_bases_where(connection, of_row, names)
    of_change = beyond.format("record_id")
    late = await_no_row(connection, f"record_id IN {AMONG} AND {of_change}", names)
    refresh(connection, [*gone, *late])


def _take(connection: Connection, epoch: str, messages: Sequence[Message]) -> None:
    kinds = {message["r"]: message["t"] for message in messages}
    bases, changes = bases_of(connection, kinds), changes_of(connection, kinds)
    for message in messages:
        name = message["r"]
        base = with_row(bases.pop(name, None), epoch, message, changes.get(name, ()))
        if base is not None:
            bases[base.id] = base
    drop_bases(connection, kinds.keys() - bases.keys())
    # The deletion that was purged went with a timeline: the record is known again.
    known = f"DELETE FROM purged WHERE id IN {AMONG}"  # noqa: S608 - a constant
    connection.execute(known, (to_json(list(bases)),))
    put_bases(connection, bases.values())
    records = [name for name, kind in kinds.items() if kind not in DERIVED]
    show(connection, records, bases, changes)


def _taken_away(connection: Connection, reply: Reply) -> Counter[str]:
    """Count the live records that an answer says are gone, by project."""
    gone = [
        message["r"]
        for message in reply.rows
        if message["k"] == "gone" and message["t"] not in DERIVED
    ]
    gone += reply.purged
    live: Iterable[BaseRow] = bases_of(connection, gone).values() if gone else ()
    found = Counter(base.project_id for base in live if not base.deleted)
    return found if reply.scope is None else found | _withdrawn_rows(connection, reply)


def _withdrawn_rows(connection: Connection, reply: Reply) -> Counter[str]:
    """Count the live records of the projects that an answer withdraws."""
    rows = connection.execute(
        "SELECT project_id, count(*) FROM base WHERE deleted = 0"
        " AND project_id NOT IN (SELECT value FROM json_each(?)) GROUP BY project_id",
        (to_json(reply.scope),),
    )
    return Counter(dict(rows.fetchall()))


def _sweep(connection: Connection, removals: RemovalGuard) -> RemovalGuard:
    """Remove the rows that a reset did not confirm; ask first if they are many."""
    rows = connection.execute(
        "SELECT project_id, count(*) FROM base WHERE stale = 1 AND deleted = 0"
        " GROUP BY project_id"
    )
    removals = removals.plus(dict(rows.fetchall()))
    if not removals.too_many():
        _forget_rows(connection, "stale = ?", 1)
    return removals


def _doubt_lost_verdicts(connection: Connection, reply: Reply) -> None:
    """In a new timeline, have judged again what was judged in a part that is lost."""
    if _is_of_another_timeline(connection, reply):
        rows = connection.execute(_LOST, (reply.epoch, to_json(reply.shared)))
        connection.executemany(
            "UPDATE log SET acked_n = min(acked_n, ?) WHERE number = ?",
            [(n - 1, number) for number, n in rows.fetchall()],
        )
    connection.execute(
        "INSERT OR REPLACE INTO meta (key, value) VALUES ('epoch', ?)", (reply.epoch,)
    )


def _forget_rows(connection: Connection, which: str, value: object) -> None:
    gone = drop_bases_where(connection, which, value)
    # As many as a page has: a project of 100,000 records must not fill the memory.
    for start in range(0, len(gone), limits.PAGE_ROWS):
        page = gone[start : start + limits.PAGE_ROWS]
        await_no_row(connection, f"record_id IN {AMONG}", to_json(page))
        refresh(connection, page)
