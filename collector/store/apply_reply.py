"""Take in one reply: verdicts first, then scope, rows and cursors.

Runs inside a transaction of the caller. Whole pages are read, judged by the pure
rules of collector.rules.acknowledge, and written.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from collector.rules.acknowledge import notes_of
from collector.rules.log_heads import Cursor, LogHead
from collector.rules.overlay import BaseRow
from collector.rules.reply import Message, RemovalGuard, Reply
from collector.store.counts import count_live, count_unacknowledged
from collector.store.driver import Connection
from collector.store.field_names import to_json
from collector.store.ids import ID, ID_TEXT, IDS
from collector.store.pages import take_page
from collector.store.port import Applied
from collector.store.rows import (
    NUMBER,
    await_no_row,
    bases_of,
    cursor_of,
    drop_bases,
    drop_bases_where,
    numbers_of,
    put_bases,
)
from collector.store.settle import Settled
from collector.store.showing import refresh
from collector.store.verdicts import Judged, take_verdicts
from schemas import limits
from schemas.records import DERIVED

# The first change of each log that was judged in another timeline, beyond what is shared.
_LOST: Final = """
    SELECT log, min(n) FROM change
    WHERE epoch <> ?1 AND status <> 'replaced'
      AND coalesce(seq > coalesce(
          (SELECT value FROM json_each(?2) WHERE key = change.project_id), 0), 1)
    GROUP BY log
"""

_CARRY_OVER: Final = """
    UPDATE item SET timeline = ?1
    WHERE project = ?2 AND timeline <> ?1 AND seq <= ?3 AND stale = 0
      AND NOT EXISTS (
          SELECT 1 FROM change_row WHERE record = item.uid
          AND change_row.timeline = item.timeline AND change_row.seq > item.seq)
"""


# Rows and changes, by the column of the record, that are not for this laptop.
_BEYOND: Final = (
    "(project NOT IN (SELECT number FROM numbered JOIN project ON project_id = text)"
    " OR {} IN (SELECT uid FROM purged))"
)


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
    judged = take_verdicts(connection, reply, head)
    notes = notes_of(reply.verdicts)
    applied = Applied(
        judged.said, judged.acked_n, late=judged.news, notes=notes, removals=removals
    )
    removals = removals if is_stale else removals.plus(_taken_away(connection, reply))
    if is_stale or removals.too_many():
        _forget_beyond_scope(connection, judged)
        return applied._replace(stale=is_stale, removals=removals)
    notes += _take_scope(connection, reply, asked)
    _forget_beyond_scope(connection, judged)
    _take_rows(connection, reply, judged.known)
    if not reply.more and not count_unacknowledged(connection):
        removals = _sweep(connection, removals)
    return applied._replace(received=reply.received, notes=notes, removals=removals)


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
    if reply.shared:
        numbers = numbers_of(connection, [reply.epoch, *reply.shared])
        now = numbers[reply.epoch]
        shared = [(now, numbers[name], seq) for name, seq in reply.shared.items()]
        connection.executemany(_CARRY_OVER, shared)


def take_bucket(
    connection: Connection,
    epoch: str,
    messages: Sequence[Message],
    missing: Iterable[str],
) -> None:
    """Believe the server's rows of a part of a project, and that it has no others."""
    # Whatever number it has here; a deletion leaves the fields for who undoes it.
    drop_bases(connection, [m["r"] for m in messages if m["k"] == "row"])
    take_page(connection, epoch, messages)
    gone = _settled_deletions(connection, list(missing))
    drop_bases(connection, gone)
    await_no_row(connection, f"record IN {IDS}", to_json(gone))
    refresh(connection, gone)


def _settled_deletions(connection: Connection, missing: list[str]) -> list[str]:
    """Close the conflicts of deleted records; return those that are gone instead."""
    deleted = [b for b in bases_of(connection, missing).values() if b.deleted]
    put_bases(connection, [base._replace(conflicts=()) for base in deleted])
    refresh(connection, [base.id for base in deleted])
    return sorted(set(missing) - {base.id for base in deleted})


def _take_rows(connection: Connection, reply: Reply, known: AbstractSet[str]) -> None:
    for project_id in reply.resets:
        # What this answer judged is known; all else is to be confirmed by a row.
        connection.execute(
            f"UPDATE item SET stale = 1 WHERE seq IS NOT NULL AND project = {NUMBER} AND uid NOT IN {IDS}",  # noqa: S608 - constants
            (project_id, to_json(sorted(known))),
        )
    connection.executemany(
        f"INSERT OR IGNORE INTO purged (uid) VALUES ({ID})",  # noqa: S608 - a constant
        [(n,) for n in reply.purged],
    )
    if reply.purged:
        # Here they may be live: their deletion was not heard of before it was purged.
        _forget_rows(connection, f"uid IN {IDS}", to_json(reply.purged))
    if reply.rows:
        take_page(connection, reply.epoch, reply.rows)
    connection.executemany(
        "INSERT INTO project (project_id, epoch, seq) VALUES (?, ?, ?)"
        " ON CONFLICT (project_id) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq",
        [(project_id, *cursor) for project_id, cursor in reply.cursors.items()],
    )


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
        _forget_rows(connection, f"project = {NUMBER}", project_id)
        connection.execute("DELETE FROM project WHERE project_id = ?", (project_id,))
        late = await_no_row(connection, f"project = {NUMBER}", project_id)
        refresh(connection, late)
    return notes


def _withdrawn(connection: Connection, project_id: str) -> str:
    row = connection.execute(
        f"SELECT key FROM record WHERE uid = {ID} AND type = 'project'",  # noqa: S608 - a constant
        (project_id,),
    ).fetchone()
    return (
        f"project {row[0] if row else project_id} was withdrawn from this laptop: the server"
        " has its records, they are no longer here; ask the administrator if that is wrong"
    )


def _forget_beyond_scope(connection: Connection, judged: Judged) -> None:
    """Drop rows that a verdict on an old change would bring to a laptop they are not for.

    That is one of a project that was withdrawn, or one whose deletion is long past.
    """
    records = judged.records | _beyond_scope(connection, judged.settled)
    if not records:
        return
    names = to_json(sorted(records))
    of_row = f"uid IN {IDS} AND {_BEYOND.format('uid')}"
    gone = drop_bases_where(connection, of_row, names)
    of_change = f"record IN {IDS} AND {_BEYOND.format('record')}"
    late = await_no_row(connection, of_change, names)
    refresh(connection, [*gone, *late])


def _beyond_scope(connection: Connection, settled: Settled) -> set[str]:
    """Return the records that were settled at once and are not for this laptop."""
    if not settled.projects:
        return set()
    known = {row[0] for row in connection.execute("SELECT project_id FROM project")}
    beyond = {
        name for name, project in settled.projects.items() if project not in known
    }
    purged = f"SELECT {ID_TEXT.format('uid')} FROM purged WHERE uid IN {IDS}"  # noqa: S608 - constants
    rows = connection.execute(purged, (to_json(list(settled.projects)),))
    return beyond | {name for (name,) in rows.fetchall()}


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
    """Return how many live records are here of the projects that an answer withdraws."""
    scope = set(reply.scope or ())
    live = count_live(connection)
    return Counter({p: count for p, count in live.items() if p not in scope})


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
    if _known_epoch(connection) != reply.epoch:
        connection.execute(
            "INSERT OR REPLACE INTO meta (key, value) VALUES ('epoch', ?)",
            (reply.epoch,),
        )


def _forget_rows(connection: Connection, which: str, value: object) -> None:
    gone = drop_bases_where(connection, which, value)
    # As many as a page has: a project of 100,000 records must not fill the memory.
    for start in range(0, len(gone), limits.PAGE_ROWS):
        page = gone[start : start + limits.PAGE_ROWS]
        await_no_row(connection, f"record IN {IDS}", to_json(page))
        refresh(connection, page)
