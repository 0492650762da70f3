"""What leaves the laptop: changes in their logs, and the receipts for them."""

import json
from collections.abc import Sequence
from typing import Final

from collector.errors import RefusedError
from collector.rules.overlay import ChangeStatus, LoggedChange, with_draft
from collector.rules.request import LogHead, Parent
from collector.store import driver
from collector.store.counts import count_unacknowledged
from collector.store.database import Database
from collector.store.port import ServerReceipt, Timestamp
from collector.store.rows import (
    AMONG,
    CHANGE,
    bases_of,
    changes_of,
    read_change,
    refresh,
    show,
    to_json,
)
from schemas import chain, hlc, limits
from schemas.changes import Draft, move_change, person_of, write_change

_NEW_CHANGE: Final = (
    "INSERT INTO change (log, n, id, project_id, type, record_id, op, raw, hash, status,"
    " created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?)"
)
_NEW_LOG: Final = (
    "INSERT INTO log (id, parent, parent_n, closed, acked_n) VALUES (?, ?, ?, 0, 0)"
)
_LOGS: Final = "SELECT number, id, parent, parent_n, closed, acked_n FROM log"
_MOVE: Final = "UPDATE change SET log = ?, n = ?, raw = ?, hash = ? WHERE place = ?"
# Others may have seen it where it stood: the server is told of that, too.
_AWAIT: Final = (
    "UPDATE change SET status = 'pending', verdict = NULL, stood ="  # noqa: S608
    " CASE WHEN json_extract(verdict, '$.q') IS NULL THEN stood ELSE"
    " json_insert(coalesce(stood, '[]'), '$[#]', json_array("
    "json_extract(verdict, '$.epoch'), json_extract(verdict, '$.q'))) END"
    f" WHERE id IN {AMONG}"
    " AND status IN ('accepted', 'merged', 'conflict') RETURNING record_id"
)
_REPLACED: Final = "UPDATE change SET status = 'replaced' WHERE id = ?"


class LaptopLogs(Database):
    """The part of the store that is appended to."""

    def save(
        self, drafts: Sequence[Draft], timestamp: Timestamp, person: str | None
    ) -> list[int]:
        """Append drafts to the log and show them, together or not at all."""
        records = list(dict.fromkeys(draft.record_id for draft in drafts))
        with driver.transaction(self._db):
            self._refuse_known(drafts, records)
            bases, changes = bases_of(self._db, records), changes_of(self._db, records)
            head, stamp = self.head(), int(self.setting("hlc") or 0)
            last, rows, place = head.hash, [], self._last_place()
            for n, draft in enumerate(drafts, start=head.n + 1):
                stamp, place = hlc.tick(stamp, timestamp.wall_ms), place + 1
                raw = write_change(draft, n, stamp, person)
                last = chain.link(last, raw)
                change_id = chain.change_id(last)
                rows.append(
                    (head.number, n, *_row(draft, change_id, raw, last, timestamp))
                )
                own = changes.get(draft.record_id, [])
                changes[draft.record_id] = with_draft(own, draft, place, change_id)
            self._db.executemany(_NEW_CHANGE, rows)
            replaced = [(draft.replaces,) for draft in drafts if draft.replaces]
            self._db.executemany(_REPLACED, replaced)
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
            if draft.is_new and draft.record_id in known:
                raise RefusedError(
                    f"this {draft.type} is already recorded here",
                    f"to change it: permille {draft.type} edit",
                    code="already_here",
                )
            known.add(draft.record_id)

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

    def changes(self, record_id: str) -> list[LoggedChange]:
        """Return the changes of a record in order."""
        with driver.translated():
            return changes_of(self._db, [record_id]).get(record_id, [])

    def authors(self, record_id: str) -> dict[str, str | None]:
        """Return who made each change of a record on this laptop, by its id."""
        sql = "SELECT id, raw FROM change WHERE record_id = ? ORDER BY place"
        return {name: person_of(raw) for name, raw in self._read(sql, record_id)}

    def changes_with(self, status: ChangeStatus) -> list[LoggedChange]:
        """Return every change of a status in order."""
        sql = f"SELECT {CHANGE} FROM change WHERE status = ? ORDER BY place"  # noqa: S608 - a constant list
        return [read_change(row) for row in self._read(sql, str(status))]

    def count_changes(self) -> dict[ChangeStatus, int]:
        """Count changes by status."""
        rows = self._read("SELECT status, count(*) FROM change GROUP BY status")
        return {ChangeStatus(status): count for status, count in rows}

    def count_unacknowledged(self) -> int:
        """Count changes that the server has not acknowledged."""
        with driver.translated():
            return count_unacknowledged(self._db)

    def logs(self) -> list[LogHead]:
        """Return every log of this laptop, oldest first; the last one is written to."""
        return [self._head(*row) for row in self._read(f"{_LOGS} ORDER BY number")]

    def head(self) -> LogHead:
        """Return where the log that is written to stands."""
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
        """Return raw lines of a log after a place, in order; of the last by default."""
        sql = "SELECT raw FROM change WHERE log = ? AND n > ? ORDER BY n LIMIT ?"
        number = self._last_log() if log is None else log
        return [row[0] for row in self._read(sql, number, after_n, most)]

    def stood(
        self, after_n: int, up_to_n: int, log: int
    ) -> dict[int, list[tuple[str, int]]]:
        """Return where changes of a log stood in timelines that were lost."""
        rows = self._read(
            "SELECT n, stood FROM change WHERE log = ? AND n > ? AND n <= ?"
            " AND stood IS NOT NULL",
            log,
            after_n,
            up_to_n,
        )
        latest = -limits.LOST_TIMELINES
        return {
            n: [(epoch, seq) for epoch, seq in json.loads(text)[latest:]]
            for n, text in rows
        }

    def hash_at(self, n: int, log: int | None = None) -> bytes | None:
        """Return the chain hash after n changes of a log; of the last by default."""
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
                line_here = move_change(raw, change_id, number)
                last = chain.link(last, line_here)
                self._db.execute(_MOVE, (new, number, line_here, last, place))
            self._await_verdicts([change_id for _, change_id, _ in moved])
        return len(moved)

    def _origin(self, log: int | None, n: int) -> tuple[int | None, int | None]:
        """Return the place a log that begins here goes on from; an empty log is none."""
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

    def receipts(self) -> list[ServerReceipt]:
        """Return the latest receipt of each log."""
        sql = "SELECT log, max(n), raw, signature FROM receipt GROUP BY log"
        return [ServerReceipt(*row) for row in self._read(sql)]


def _row(
    draft: Draft, change_id: str, raw: bytes, link: bytes, timestamp: Timestamp
) -> tuple[object, ...]:
    return (
        change_id,
        draft.project_id,
        draft.type,
        draft.record_id,
        str(draft.op),
        raw,
        link,
        timestamp.text,
    )
