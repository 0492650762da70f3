"""The store on SQLite, through the driver module."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from collector.core.draft import Draft, line, moved_line
from collector.core.overlay import Base, Logged, Status, View, with_draft
from collector.core.removals import Removals
from collector.core.reply import Message, Reply
from collector.core.request import LogHead, Parent
from collector.errors import RefusedError, StoreError
from collector.store import driver
from collector.store.port import Applied, Cursor, Moment, Receipt, Transfer
from collector.store.rows import (
    AMONG,
    BASE,
    CHANGE,
    RECORD,
    bases_of,
    changes_of,
    read_base,
    read_change,
    read_view,
    refresh,
    show,
    to_json,
)
from collector.store.settle import cursor_of, settle, take_bucket
from collector.store.version import VERSION
from schemas import chain, hlc, limits

_NEW_CHANGE: Final = (
    "INSERT INTO change (log, n, id, stream, type, record_id, op, raw, hash, status,"
    " created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?)"
)
_NEW_LOG: Final = (
    "INSERT INTO log (id, parent, parent_n, closed, acked_n) VALUES (?, ?, ?, 0, 0)"
)
_LOGS: Final = "SELECT number, id, parent, parent_n, closed, acked_n FROM log"
_MOVE: Final = "UPDATE change SET log = ?, n = ?, raw = ?, hash = ? WHERE place = ?"
_AWAIT: Final = (
    f"UPDATE change SET status = 'pending', verdict = NULL WHERE id IN {AMONG}"  # noqa: S608
    " AND status IN ('accepted', 'merged', 'conflict') RETURNING record_id"
)
_KEEP_RECEIPT: Final = (
    "INSERT OR REPLACE INTO receipt (log, n, raw, signature) VALUES (?, ?, ?, ?)"
)
_REPLACED: Final = "UPDATE change SET status = 'replaced' WHERE id = ?"
# S608: the lists of columns are constants of collector.store.rows.
_LIST: Final = f"SELECT {RECORD} FROM record WHERE type = ? AND deleted = 0"  # noqa: S608
# The plus keeps SQLite from reading every record of the type: ids are fewer.
_LIST_BY_ID: Final = _LIST.replace("type = ?", "+type = ?")
_IN_ORDER: Final = " ORDER BY stream, key, id LIMIT ?"
# A point that revisits another one does not belong to it.
_BELOW: Final = (
    " AND id IN (WITH RECURSIVE below (id) AS (SELECT source FROM link"
    " WHERE target = ? AND field <> 'revisits_point_id' UNION"
    " SELECT link.source FROM link JOIN below ON link.target = below.id"
    " WHERE link.field <> 'revisits_point_id') SELECT id FROM below)"
)
# The first condition is the one of idx_record_attachments, word for word.
_ATTACHED: Final = (
    f"SELECT {RECORD} FROM record WHERE instr(fields, '\"attachments\"') > 0"  # noqa: S608
    " AND deleted = 0 ORDER BY type, key"
)
_REFERRERS: Final = (
    "SELECT DISTINCT stream, id, record.type, fields, deleted, state FROM record"
    " JOIN link ON link.source = record.id WHERE link.target = ? AND deleted = 0"
    " ORDER BY record.type, key"
)


class SqliteStore:
    """The laptop's database; see collector.store.port for the promises."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._db = driver.connect(path, key)
        found = self._read("PRAGMA user_version")[0][0]
        if found > VERSION:
            self.close()
            raise StoreError(
                f"the database is of a newer permille (tables {found})",
                "update the program",
                code="newer_database",
            )
        if found < VERSION:
            # sqlite-utils costs 0.27 s: only when the tables are behind.
            from collector.store.migrations import migrate  # noqa: PLC0415

            driver.settle(self._db)
            migrate(self._db)

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def damage(self) -> list[str]:
        """Read everything and give what is damaged."""
        return driver.damage(self._db)

    def _read(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with driver.translated():
            rows: list[tuple[Any, ...]] = self._db.execute(sql, values).fetchall()
        return rows

    # Settings ----------------------------------------------------------------

    def setting(self, key: str) -> str | None:
        """Give one setting."""
        rows = self._read("SELECT value FROM meta WHERE key = ?", key)
        return rows[0][0] if rows else None

    def set_settings(self, values: Mapping[str, str | None]) -> None:
        """Write settings; None removes one."""
        with driver.transaction(self._db):
            for key, value in values.items():
                self._set(key, value)

    def _set(self, key: str, value: str | None) -> None:
        if value is None:
            self._db.execute("DELETE FROM meta WHERE key = ?", (key,))
        else:
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    # Records as shown --------------------------------------------------------

    def record(self, record_id: str) -> View | None:
        """Give one record, deleted or not."""
        rows = self._read(
            f"SELECT {RECORD} FROM record WHERE id = ?",  # noqa: S608 - a constant list
            record_id,
        )
        return read_view(rows[0]) if rows else None

    def find(self, record_type: str, stream: str | None, key: str) -> list[View]:
        """Give the live records with this natural key."""
        within, streams = _within(stream)
        sql = f"{_LIST}{within} AND key = ?{_IN_ORDER}"
        rows = self._read(sql, record_type, *streams, key, -1)
        return [read_view(row) for row in rows]

    def starting_with(self, record_type: str, prefix: str) -> list[View]:
        """Give the live records whose id starts like this, two at most."""
        sql = f"{_LIST_BY_ID} AND id >= ? AND id < ? LIMIT 2"
        rows = self._read(sql, record_type, prefix, prefix + "g")
        return [read_view(row) for row in rows]

    def records(
        self,
        record_type: str,
        stream: str | None = None,
        under: Sequence[str] = (),
        limit: int | None = None,
    ) -> list[View]:
        """Give live records in the order of their natural keys."""
        below = _BELOW * len(under)
        within, streams = _within(stream)
        most = -1 if limit is None else limit
        found = _LIST_BY_ID if under else _LIST
        sql = f"{found}{within}{below}{_IN_ORDER}"
        rows = self._read(sql, record_type, *streams, *under, most)
        return [read_view(row) for row in rows]

    def referrers(self, target: str) -> list[View]:
        """Give the live records that refer to this one."""
        return [read_view(row) for row in self._read(_REFERRERS, target)]

    def deleted(self, record_type: str, stream: str | None = None) -> list[View]:
        """Give the records of a type that are deleted here or on the server."""
        within, streams = _within(stream)
        sql = _LIST.replace("deleted = 0", "deleted = 1") + within + _IN_ORDER
        return [read_view(row) for row in self._read(sql, record_type, *streams, -1)]

    def attached(self) -> list[View]:
        """Give the live records that name attached files."""
        return [read_view(row) for row in self._read(_ATTACHED)]

    def transfers(self) -> dict[str, Transfer]:
        """Give how far each file was sent, by its SHA-256."""
        rows = self._read("SELECT sha256, sent, confirmed_at FROM attachment")
        return {name: Transfer(sent, at) for name, sent, at in rows}

    def note_transfer(self, sha256: str, transfer: Transfer) -> None:
        """Note how far a file was sent."""
        with driver.transaction(self._db):
            self._db.execute(
                "INSERT OR REPLACE INTO attachment (sha256, sent, confirmed_at)"
                " VALUES (?, ?, ?)",
                (sha256, transfer.sent, transfer.confirmed_at),
            )

    def count_records(self) -> dict[str, int]:
        """Count live records by type."""
        sql = "SELECT type, count(*) FROM record WHERE deleted = 0 GROUP BY type"
        return dict(self._read(sql))

    # The server's rows -------------------------------------------------------

    def base(self, record_id: str) -> Base | None:
        """Give the server's row of a record."""
        with driver.translated():
            return bases_of(self._db, [record_id]).get(record_id)

    def bases(self, record_type: str, stream: str | None = None) -> list[Base]:
        """Give the server's rows of a type, derived types too."""
        within, streams = _within(stream)
        sql = (
            f"SELECT {BASE} FROM base WHERE type = ? AND deleted = 0"  # noqa: S608 - a constant list
            f"{within} ORDER BY stream, id"
        )
        return [read_base(row) for row in self._read(sql, record_type, *streams)]

    def contested(self) -> list[Base]:
        """Give the rows with open conflicts."""
        sql = f"SELECT {BASE} FROM base WHERE conflicts IS NOT NULL ORDER BY type, id"  # noqa: S608 - a constant list
        return [read_base(row) for row in self._read(sql)]

    def streams(self) -> dict[str, Cursor | None]:
        """Give this laptop's streams with their cursors."""
        with driver.translated():
            ids = [row[0] for row in self._read("SELECT id FROM stream ORDER BY id")]
            return {stream: cursor_of(self._db, stream) for stream in ids}

    # The log -----------------------------------------------------------------

    def keep(
        self, drafts: Sequence[Draft], moment: Moment, person: str | None
    ) -> list[int]:
        """Append drafts to the log and show them, together or not at all."""
        records = list(dict.fromkeys(draft.record for draft in drafts))
        with driver.transaction(self._db):
            self._refuse_known(drafts, records)
            bases, changes = bases_of(self._db, records), changes_of(self._db, records)
            head, stamp = self.head(), int(self.setting("hlc") or 0)
            last, rows, place = head.hash, [], self._last_place()
            for n, draft in enumerate(drafts, start=head.n + 1):
                stamp, place = hlc.tick(stamp, moment.wall_ms), place + 1
                raw = line(draft, n, stamp, person)
                last = chain.link(last, raw)
                change_id = chain.change_id(last)
                rows.append(
                    (head.number, n, *_row(draft, change_id, raw, last, moment))
                )
                own = changes.get(draft.record, [])
                changes[draft.record] = with_draft(own, draft, place, change_id)
            self._db.executemany(_NEW_CHANGE, rows)
            self._db.executemany(_REPLACED, [(d.replaces,) for d in drafts])
            # What is shown follows from what was just written: it is not read again.
            show(self._db, records, bases, changes)
            self._set("hlc", str(stamp))
        return [head.n + count for count in range(1, len(drafts) + 1)]

    def _last_place(self) -> int:
        return int(self._read("SELECT coalesce(max(place), 0) FROM change")[0][0])

    def _refuse_known(self, drafts: Sequence[Draft], records: Sequence[str]) -> None:
        sql = f"SELECT id FROM record WHERE id IN {AMONG}"  # noqa: S608 - a constant
        known = {row[0] for row in self._read(sql, to_json(records))}
        for draft in drafts:
            if draft.is_new and draft.record in known:
                raise RefusedError(
                    f"this {draft.type} is already recorded here",
                    f"to change it: permille {draft.type} edit",
                    code="already_here",
                )
            known.add(draft.record)

    def discard(self, record_id: str) -> int:
        """Take the quarantined changes of a record out of its view; count them."""
        with driver.transaction(self._db):
            found = self._db.execute(
                "UPDATE change SET status = 'replaced'"
                " WHERE record_id = ? AND status = 'quarantined'",
                (record_id,),
            ).rowcount
            refresh(self._db, [record_id])
        return int(found)

    def changes(self, record_id: str) -> list[Logged]:
        """Give the changes of a record in order."""
        with driver.translated():
            return changes_of(self._db, [record_id]).get(record_id, [])

    def changes_with(self, status: Status) -> list[Logged]:
        """Give every change of a status in order."""
        sql = f"SELECT {CHANGE} FROM change WHERE status = ? ORDER BY place"  # noqa: S608 - a constant list
        return [read_change(row) for row in self._read(sql, str(status))]

    def count_changes(self) -> dict[Status, int]:
        """Count changes by status."""
        rows = self._read("SELECT status, count(*) FROM change GROUP BY status")
        return {Status(status): count for status, count in rows}

    def count_unacknowledged(self) -> int:
        """Count changes that the server has not acknowledged."""
        sql = (
            "SELECT count(*) FROM change JOIN log ON log.number = change.log"
            " WHERE change.n > log.acked_n OR change.status = 'pending'"
        )
        return int(self._read(sql)[0][0])

    def logs(self) -> list[LogHead]:
        """Give every log of this laptop, oldest first; the last one is written to."""
        return [self._head(*row) for row in self._read(f"{_LOGS} ORDER BY number")]

    def head(self) -> LogHead:
        """Give where the log that is written to stands."""
        rows = self._read(f"{_LOGS} ORDER BY number DESC LIMIT 1")
        assert rows, "an opened laptop has a log"
        return self._head(*rows[0])

    def _head(
        self,
        number: int,
        log_id: str,
        parent: int | None,
        parent_n: int,
        closed: int,
        acked_n: int,
    ) -> LogHead:
        sql = "SELECT n, hash FROM change WHERE log = ? ORDER BY n DESC LIMIT 1"
        rows = self._read(sql, number)
        n, last = rows[0] if rows else (0, chain.START)
        acked = self.hash_at(acked_n, number)
        assert acked is not None, "acknowledged beyond the end of the log"
        origin = None
        if parent is not None:
            name = self._read("SELECT id FROM log WHERE number = ?", parent)[0][0]
            origin = Parent(name, parent_n, self.hash_at(parent_n, parent) or b"")
        return LogHead(number, log_id, origin, bool(closed), n, last, acked_n, acked)

    def tail(self, after_n: int, most: int, log: int | None = None) -> list[bytes]:
        """Give raw lines of a log after a place, in order; of the last by default."""
        sql = "SELECT raw FROM change WHERE log = ? AND n > ? ORDER BY n LIMIT ?"
        number = self._last_log() if log is None else log
        return [row[0] for row in self._read(sql, number, after_n, most)]

    def hash_at(self, n: int, log: int | None = None) -> bytes | None:
        """Give the chain hash after n changes of a log; of the last by default."""
        if n == 0:
            return chain.START
        number = self._last_log() if log is None else log
        rows = self._read("SELECT hash FROM change WHERE log = ? AND n = ?", number, n)
        return rows[0][0] if rows else None

    def begin_log(self, log_id: str) -> None:
        """Begin the first log of a new laptop; harmless to repeat."""
        with driver.transaction(self._db):
            if not self._read("SELECT 1 FROM log LIMIT 1"):
                self._db.execute(_NEW_LOG, (log_id, None, None))

    def split(self, log: int, n: int, new_id: str) -> int:
        """Close a log after its change n and go on in a new one."""
        sql = (
            "SELECT place, id, raw FROM change WHERE log > ? OR (log = ? AND n > ?)"
            " ORDER BY place"
        )
        with driver.transaction(self._db):
            moved = self._read(sql, log, log, n)
            self._db.execute("UPDATE log SET closed = 1")
            self._db.execute(
                "UPDATE log SET acked_n = min(acked_n, CASE number WHEN ? THEN ?"
                " ELSE 0 END) WHERE number >= ?",
                (log, n, log),
            )
            self._db.execute(
                "DELETE FROM receipt WHERE log > ?1 OR (log = ?1 AND n > ?2)", (log, n)
            )
            self._db.execute(_NEW_LOG, (new_id, *self._origin(log, n)))
            new, last = self._last_log(), chain.START
            for number, (place, change_id, raw) in enumerate(moved, start=1):
                line_here = moved_line(raw, change_id, number)
                last = chain.link(last, line_here)
                self._db.execute(_MOVE, (new, number, line_here, last, place))
            self._await_verdicts([change_id for _, change_id, _ in moved])
        return len(moved)

    def _origin(self, log: int | None, n: int) -> tuple[int | None, int | None]:
        """Give the place a log that begins here goes on from; an empty log is none."""
        while log is not None and n == 0:
            sql = "SELECT parent, parent_n FROM log WHERE number = ?"
            log, n = self._read(sql, log)[0]
        return (None, None) if log is None else (log, n)

    def _await_verdicts(self, change_ids: Sequence[str]) -> None:
        """Show changes as not judged yet: the server is told of them again."""
        for start in range(0, len(change_ids), limits.PAGE_ROWS):
            page = to_json(list(change_ids[start : start + limits.PAGE_ROWS]))
            rows = self._db.execute(_AWAIT, (page,)).fetchall()
            refresh(self._db, sorted({row[0] for row in rows}))

    def _last_log(self) -> int:
        return int(self._read("SELECT max(number) FROM log")[0][0])

    def receipts(self) -> list[Receipt]:
        """Give the latest receipt of each log."""
        sql = "SELECT log, max(n), raw, signature FROM receipt GROUP BY log"
        return [Receipt(*row) for row in self._read(sql)]

    # Sync --------------------------------------------------------------------

    def apply(
        self,
        reply: Reply,
        head: LogHead,
        asked: Mapping[str, Cursor | None],
        moment: Moment,
        removals: Removals,
    ) -> Applied:
        """Take in one whole reply in one transaction."""
        with driver.transaction(self._db):
            applied = settle(self._db, reply, head, asked, removals)
            self._set("last_sync_at", moment.text)
            if reply.late is not None:
                self._set("late", to_json(list(reply.late)))
            if reply.receipt is not None:
                kept = (head.number, reply.receipt.n)
                said = (reply.receipt.raw, reply.receipt.signature)
                self._db.execute(_KEEP_RECEIPT, (*kept, *said))
        return applied

    def rewind(self, log: int, acked_n: int) -> None:
        """Note that the server has less of a log than it said."""
        with driver.transaction(self._db):
            self._db.execute(
                "UPDATE log SET acked_n = ? WHERE number = ?", (acked_n, log)
            )
            rows = self._read(
                "SELECT id FROM change WHERE log = ? AND n > ?", log, acked_n
            )
            self._await_verdicts([row[0] for row in rows])

    def count_stale(self) -> int:
        """Count the rows that a reset has not confirmed yet."""
        return int(self._read("SELECT count(*) FROM base WHERE stale = 1")[0][0])

    def count_live(self) -> dict[str, int]:
        """Count the server's live records here, by stream."""
        sql = "SELECT stream, count(*) FROM base WHERE deleted = 0 GROUP BY stream"
        return dict(self._read(sql))

    def rows_held(self, stream: str) -> Iterator[tuple[str, int]]:
        """Give id and number of every live row of a stream, derived ones too."""
        sql = "SELECT id, seq FROM base WHERE stream = ? AND deleted = 0"
        # Not all at once: a large project has 100,000 of them.
        with driver.translated():
            yield from self._db.execute(sql, (stream,))

    def take_bucket(
        self, epoch: str, rows: Sequence[Message], missing: Sequence[str]
    ) -> None:
        """Believe the server's rows of a part of a stream, and that others are gone."""
        with driver.transaction(self._db):
            take_bucket(self._db, epoch, rows, missing)

    def is_used_up(self, record_id: str) -> bool:
        """Tell whether a record had this id once, or has it."""
        sql = "SELECT 1 FROM record WHERE id = ?1 UNION SELECT 1 FROM purged WHERE id = ?1"
        return bool(self._read(sql, record_id))


def _within(stream: str | None) -> tuple[str, tuple[str, ...]]:
    """Give the condition for one stream, or for all, with its value."""
    return ("", ()) if stream is None else (" AND stream = ?", (stream,))


def _row(
    draft: Draft, change_id: str, raw: bytes, link: bytes, moment: Moment
) -> tuple[object, ...]:
    return (
        change_id,
        draft.stream,
        draft.type,
        draft.record,
        str(draft.op),
        raw,
        link,
        moment.text,
    )
