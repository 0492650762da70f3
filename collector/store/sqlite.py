"""The store on SQLite, through the driver module."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from collector.core.draft import Draft, line
from collector.core.overlay import Base, Logged, Status, View, with_draft
from collector.core.reply import Reply
from collector.errors import RefusedError, StoreError
from collector.store import driver
from collector.store.port import Applied, Cursor, LogHead, Moment, Transfer
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
from collector.store.settle import cursor_of, settle
from collector.store.version import VERSION
from schemas import chain, hlc

_NEW_CHANGE: Final = (
    "INSERT INTO change (n, id, stream, type, record_id, op, raw, hash, status,"
    " created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?)"
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
            last, rows = head.hash, []
            for n, draft in enumerate(drafts, start=head.n + 1):
                stamp = hlc.tick(stamp, moment.wall_ms)
                raw = line(draft, n, stamp, person)
                last = chain.link(last, raw)
                rows.append(_row(draft, n, raw, last, moment.text))
                own = changes.get(draft.record, [])
                changes[draft.record] = with_draft(own, draft, n)
            self._db.executemany(_NEW_CHANGE, rows)
            self._db.executemany(_REPLACED, [(d.replaces,) for d in drafts])
            # What is shown follows from what was just written: it is not read again.
            show(self._db, records, bases, changes)
            self._set("hlc", str(stamp))
        return [head.n + place for place in range(1, len(drafts) + 1)]

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
        sql = f"SELECT {CHANGE} FROM change WHERE status = ? ORDER BY n"  # noqa: S608 - a constant list
        return [read_change(row) for row in self._read(sql, str(status))]

    def count_changes(self) -> dict[Status, int]:
        """Count changes by status."""
        rows = self._read("SELECT status, count(*) FROM change GROUP BY status")
        return {Status(status): count for status, count in rows}

    def count_unacknowledged(self) -> int:
        """Count changes that the server has not acknowledged."""
        sql = "SELECT count(*) FROM change WHERE n > ? OR status = 'pending'"
        return int(self._read(sql, self.head().acked_n)[0][0])

    def head(self) -> LogHead:
        """Give where the log stands."""
        rows = self._read("SELECT n, hash FROM change ORDER BY n DESC LIMIT 1")
        n, last = rows[0] if rows else (0, chain.START)
        acked_n = int(self.setting("acked_n") or 0)
        acked = self.hash_at(acked_n)
        assert acked is not None, "acknowledged beyond the end of the log"
        return LogHead(n, last, acked_n, acked)

    def tail(self, after_n: int, most: int) -> list[tuple[int, bytes]]:
        """Give raw lines after a place, in order."""
        sql = "SELECT n, raw FROM change WHERE n > ? ORDER BY n LIMIT ?"
        return [(row[0], row[1]) for row in self._read(sql, after_n, most)]

    def hash_at(self, n: int) -> bytes | None:
        """Give the chain hash after n changes."""
        if n == 0:
            return chain.START
        rows = self._read("SELECT hash FROM change WHERE n = ?", n)
        return rows[0][0] if rows else None

    # Sync --------------------------------------------------------------------

    def apply(
        self, reply: Reply, asked: Mapping[str, Cursor | None], moment: Moment
    ) -> Applied:
        """Take in one whole reply in one transaction."""
        with driver.transaction(self._db):
            applied = settle(self._db, reply, asked, self.head().acked_n)
            self._set("acked_n", str(applied.acked_n))
            self._set("last_sync_at", moment.text)
            self._set("epoch", reply.epoch)
        return applied

    def rewind(self, acked_n: int) -> None:
        """Note that the server has less of the log than it said."""
        self.set_settings({"acked_n": str(acked_n)})


def _within(stream: str | None) -> tuple[str, tuple[str, ...]]:
    """Give the condition for one stream, or for all, with its value."""
    return ("", ()) if stream is None else (" AND stream = ?", (stream,))


def _row(
    draft: Draft, n: int, raw: bytes, link: bytes, created_at: str
) -> tuple[object, ...]:
    return (
        n,
        draft.id,
        draft.stream,
        draft.type,
        draft.record,
        str(draft.op),
        raw,
        link,
        created_at,
    )
