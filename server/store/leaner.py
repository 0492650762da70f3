"""From the tables of version 2, where each row said every id, to those of version 3."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

from sqlite_utils import Database

from schemas import limits
from schemas.ops import Outcome
from server.store import seals
from server.store.driver import Connection
from server.store.logs import add_segment
from server.store.remaking import remake
from server.store.rows import RECORD_COLUMNS, record_of, record_row
from server.store.save import numbered, put_changes, put_records
from server.store.shape import TABLES
from server.store.tables import make_table
from server.store.views import make_views

_NEW: Final = ("numbered_id", "record_row", "segment", "change_row")
_NUMBERED: Final = ("log", "receipt", "conflict", "quarantine")
_RECORDS: Final = f"""
    SELECT {RECORD_COLUMNS}, parent_id, natural_key FROM old_record ORDER BY rowid
"""  # noqa: S608 - the columns are a constant
_CHANGES: Final = """
    SELECT log_id, n, received_at, raw, project_id, change_id, hash, outcome, seq, why,
        conflicts
    FROM old_change ORDER BY rowid
"""


class _OldChange(NamedTuple):
    log_id: str
    n: int
    received_at: str
    raw: bytes
    project_id: str
    change_id: str
    hash: bytes
    outcome: str
    seq: int | None
    why: str | None
    conflicts: str | None


def make_lean(db: Database) -> None:
    """Move records and changes to their lean tables, in the transaction under way.

    A seal that was broken stays broken by as much: moving rows vouches for none of them.
    """
    connection: Connection = db.conn
    off = {
        f"{name}_row": seals.off_by(connection, name) for name in ("record", "change")
    }
    connection.execute("DROP INDEX idx_record_attachments")
    for name in ("record", "change"):
        connection.execute(f"ALTER TABLE {name} RENAME TO old_{name}")
    for table in TABLES:
        if table.name in _NEW:
            make_table(db, table)
    make_views(db)
    _move_records(connection)
    _move_changes(connection)
    for name in _NUMBERED:
        # Their rows have as a number what was their place in the file.
        remake(db, name, "arrived", "rowid")
    for name in ("record", "change"):
        connection.execute(f"DROP TABLE old_{name}")
        connection.execute("DELETE FROM seal WHERE name = ?", (name,))
    for name in _NEW:
        seals.seal(connection, name, off.get(name, (0, 0)))


def _move_records(connection: Connection) -> None:
    rows = connection.execute(_RECORDS)
    while some := rows.fetchmany(limits.BATCH_CHANGES):
        put_records(connection, map(_record_row, some))


def _record_row(row: Sequence[Any]) -> tuple[Any, ...]:
    """Return the columns of a record as it stood, with its writers said once.

    What cannot be read is moved as it is: it is for an audit to find.
    """
    *said, last_log, last_n, parent_id, natural_key = row
    project_id, name, kind, seq, fields, writers, *flags = said
    with suppress(ValueError, TypeError, LookupError):
        writers = record_row(record_of((*said, last_log, last_n)))[5]
    own = (project_id, name, kind, seq, fields, writers, parent_id, natural_key)
    return (*own, *flags, last_log, last_n)


def _move_changes(connection: Connection) -> None:
    for push in _pushes(connection):
        first = push[0]
        raws = [change.raw for change in push]
        segment = add_segment(connection, first.n, first.received_at, raws)
        ids = {first.log_id, *(change.project_id for change in push)}
        numbers = numbered(connection, ids)
        put_changes(
            connection,
            [
                (
                    numbers[change.log_id],
                    change.n,
                    numbers[change.project_id],
                    segment,
                    change.change_id,
                    change.hash,
                    None if change.outcome == Outcome.ACCEPTED else change.outcome,
                    *change[8:],
                )
                for change in push
            ],
        )


def _pushes(connection: Connection) -> Iterator[list[_OldChange]]:
    """Read changes in the order in which they came, those of one push together."""
    push: list[_OldChange] = []
    for change in map(_OldChange._make, connection.execute(_CHANGES)):
        if push and (
            len(push) == limits.BATCH_CHANGES
            or (change.log_id, change.n) != (push[-1].log_id, push[-1].n + 1)
            or change.received_at != push[-1].received_at
        ):
            yield push
            push = []
        push.append(change)
    if push:
        yield push
