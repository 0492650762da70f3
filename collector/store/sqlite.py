"""The store on SQLite, through the driver module."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from collector.errors import StoreError
from collector.rules.log_heads import Cursor
from collector.store import driver
from collector.store.counts import are_counts_right, count_live, mend_counts
from collector.store.day import DayQueries
from collector.store.drafts import DraftTable
from collector.store.field_names import fields_of, to_json
from collector.store.ids import ID_TEXT, IDS
from collector.store.logs import LaptopLogs
from collector.store.port import Applied, Timestamp
from collector.store.read_model import ShownQueries
from collector.store.rows import NUMBER
from collector.store.search import SearchTables
from collector.store.version import ONLY_LACKS, VERSION

if TYPE_CHECKING:
    from collector.rules.log_heads import LogHead
    from collector.rules.reply import Message, RemovalGuard, Reply
    from schemas.digest import Item

_KEEP_RECEIPT: Final = (
    "INSERT OR REPLACE INTO receipt (log, n, raw, signature) VALUES (?, ?, ?, ?)"
)
_LIVE: Final = (
    "SELECT type, id, seq, names, said FROM base"  # noqa: S608 - a constant
    f" WHERE project = {NUMBER} AND deleted = 0"
)
# S608: IDS is a constant.
_USED_UP: Final = (
    f"WITH asked (uid) AS {IDS} SELECT {ID_TEXT.format('uid')} FROM"  # noqa: S608
    " (SELECT uid FROM record WHERE uid IN asked UNION"
    " SELECT uid FROM purged WHERE uid IN asked)"
)
_CONTESTED: Final = (
    f"SELECT id, conflicts FROM base WHERE project = {NUMBER}"  # noqa: S608 - a constant
    " AND conflicts IS NOT NULL"
)


class LaptopStore(ShownQueries, LaptopLogs, SearchTables, DayQueries, DraftTable):
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
        if 0 < found < ONLY_LACKS:
            self.close()
            raise StoreError(
                f"the database was made before the first release (tables {found})",
                "sync it with the program that made it, then begin in another --home",
                code="older_database",
            )
        if found < VERSION:
            # sqlite-utils costs 0.27 s: only where tables are missing.
            from collector.store.tables import make_tables  # noqa: PLC0415

            make_tables(self._db)

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def damage(self) -> list[str]:
        """Read everything and give what is damaged."""
        return driver.damage(self._db)

    def apply(
        self,
        reply: "Reply",
        head: "LogHead",
        asked: Mapping[str, Cursor | None],
        timestamp: Timestamp,
        removals: "RemovalGuard",
    ) -> Applied:
        """Take in one whole reply in one transaction."""
        # Syncs alone need it.
        from collector.store.apply_reply import apply_reply  # noqa: PLC0415

        with driver.transaction(self._db):
            applied = apply_reply(self._db, reply, head, asked, removals)
            self._set("last_sync_at", timestamp.text)
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
                "UPDATE log SET acked_n = min(acked_n, ?) WHERE number = ?",
                (acked_n, log),
            )
            rows = self._read(
                "SELECT place FROM change_row WHERE log = ? AND n > ?", log, acked_n
            )
            self._await_verdicts([row[0] for row in rows])

    def count_stale(self) -> int:
        """Count the rows that a reset has not confirmed yet."""
        return int(self._read("SELECT count(*) FROM base WHERE stale = 1")[0][0])

    def count_live(self) -> dict[str, int]:
        """Count the server's live records here, by project."""
        with driver.translated():
            return count_live(self._db)

    def mend_counts(self) -> list[str]:
        """Count again what is kept as a number; return in words what was wrong."""
        with driver.snapshot(self._db):
            if are_counts_right(self._db):
                # Nothing to write: a full disk can be looked at, too.
                return []
        with driver.transaction(self._db):
            return mend_counts(self._db)

    def digest_items(self, project_id: str) -> Iterator["Item"]:
        """Return what the digest of a project is made of: live rows, open conflicts."""
        from schemas.digest import conflict_hash, row_hash  # noqa: PLC0415 - as above

        # Not all at once: a large project has 100,000 of them.
        with driver.translated():
            for kind, name, seq, *kept in self._db.execute(_LIVE, (project_id,)):
                yield name, row_hash(kind, name, seq, fields_of(*kept))
            for name, conflicts in self._db.execute(_CONTESTED, (project_id,)):
                for conflict in json.loads(conflicts):
                    yield name, conflict_hash(name, conflict["id"])

    def take_bucket(
        self, epoch: str, rows: Sequence["Message"], missing: Sequence[str]
    ) -> None:
        """Believe the server's records of a part of a project; those missing are gone."""
        from collector.store.apply_reply import take_bucket  # noqa: PLC0415 - as above

        with driver.transaction(self._db):
            take_bucket(self._db, epoch, rows, missing)

    def is_used_up(self, record_id: str) -> bool:
        """Return whether a record had this id once, or has it."""
        return bool(self.used_up([record_id]))

    def used_up(self, record_ids: Iterable[str]) -> set[str]:
        """Return those ids that a record had once, or has."""
        return {row[0] for row in self._read(_USED_UP, to_json(list(record_ids)))}
