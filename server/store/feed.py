"""What laptops receive: rows after a cursor, in server order. SQLite."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Final

from schemas import limits
from schemas.digest import Digest, Item, conflict_hash, row_hash
from server.merge.model import Record, stands
from server.store.driver import Connection
from server.store.rows import RECORD_COLUMNS, json_list, record_of
from server.store.values import FeedRow, LogSpan, Page

_PAGE: Final = f"""
    SELECT {RECORD_COLUMNS} FROM record
    WHERE project_id = ? AND seq > ? AND NOT
        (computable_by_author AND last_log IS ? AND last_n > ? AND last_n <= ?)
    ORDER BY seq LIMIT ?
"""  # noqa: S608 - the columns are a constant
_IN_BUCKETS: Final = f"""
    SELECT {RECORD_COLUMNS} FROM record
    WHERE project_id = ? AND (deleted = 0 OR open_conflicts > 0)
      AND substr(id, -2) IN (SELECT value FROM json_each(?))
    ORDER BY seq
"""  # noqa: S608
_LIVE: Final = (
    "SELECT type, id, seq, fields FROM record WHERE project_id = ? AND deleted = 0"
)
_CONTESTED: Final = (
    "SELECT record_id, id FROM conflict WHERE project_id = ? AND status = 'open'"
)
# A contested deletion stays until somebody has decided.
_OLD_TOMBSTONES: Final = """
    SELECT r.project_id, r.id, r.type, r.seq
    FROM record r JOIN change c ON c.log_id = r.last_log AND c.n = r.last_n
    WHERE r.deleted = 1 AND r.open_conflicts = 0 AND c.received_at < ?
    ORDER BY r.project_id, r.seq
"""
_CONFLICTS: Final = """
    SELECT c.record_id, c.id, c.group_name, c.base, c.theirs, c.ours, c.change_id,
        d.name, c.person, c.at
    FROM conflict c LEFT JOIN device d ON d.device_id = c.device_id
    WHERE c.project_id = ? AND c.status = 'open'
      AND c.record_id IN (SELECT value FROM json_each(?))
    ORDER BY c.at, c.id
"""


class FeedQueries:
    """The part of a transaction that feeds laptops."""

    connection: Connection

    def page(self, project_id: str, after: int, most: int, sent: LogSpan) -> Page:
        """Return rows after a number, without those that the laptop computes itself.

        The verdicts on its push speak for these. Who begins anew has let go of all rows,
        so there only what that very push made is left out.
        """
        kept, more = _page_of(self._records(project_id, after, most, sent), most)
        cursor = kept[-1].seq if more else max(self._head(project_id), after)
        conflicts = self.open_conflicts_of(project_id, kept)
        rows = [FeedRow(record, conflicts.get(record.id, [])) for record in kept]
        return Page(rows, cursor, more)

    def _records(
        self, project_id: str, after: int, most: int, sent: LogSpan
    ) -> Iterator[Record]:
        if after:
            mine = (sent.log_id, sent.after_n, sent.last_n)
            found = self.connection.execute(_PAGE, (project_id, after, *mine, most + 1))
            return map(record_of, found)
        found = self.connection.execute(_PAGE, (project_id, after, None, 0, 0, -1))
        return (r for r in map(record_of, found) if not _is_made_by(r, sent))

    def count_after(self, project_id: str, after: int) -> int:
        """Return how many rows lie after a number."""
        row = self.connection.execute(
            "SELECT count(*) FROM record WHERE project_id = ? AND seq > ?",
            (project_id, after),
        ).fetchone()
        return int(row[0])

    def purged(self, project_id: str, after: int, up_to: int) -> list[str]:
        """Return the ids whose deletion lay between two numbers and was purged."""
        rows = self.connection.execute(
            "SELECT id FROM purged WHERE project_id = ? AND seq > ? AND seq <= ?"
            " ORDER BY id",
            (project_id, after, up_to),
        )
        return [name for (name,) in rows]

    def purgeable(self, before: str) -> dict[str, int]:
        """Count the deletions that a purge would shrink, by project."""
        found = self.connection.execute(_OLD_TOMBSTONES, (before,))
        return dict(Counter(project_id for project_id, *_ in found))

    def purge(self, before: str, now: str) -> dict[str, int]:
        """Shrink old deletions to their ids; return how many, by project."""
        gone = self.connection.execute(_OLD_TOMBSTONES, (before,)).fetchall()
        self.connection.executemany(
            "INSERT INTO purged (project_id, id, type, at, seq) VALUES (?, ?, ?, ?, ?)",
            [
                (project_id, name, kind, now, seq)
                for project_id, name, kind, seq in gone
            ],
        )
        self.connection.executemany(
            "DELETE FROM record WHERE project_id = ? AND id = ?",
            [(project_id, name) for project_id, name, _, _ in gone],
        )
        self.connection.executemany(
            "UPDATE project SET gc_floor = max(gc_floor, ?) WHERE project_id = ?",
            [(seq, project_id) for project_id, _, _, seq in gone],
        )
        return dict(Counter(project_id for project_id, *_ in gone))

    def digest(self, project_id: str) -> Digest:
        """Return the digest of a project's live rows."""
        count, total = self.connection.execute(
            "SELECT digest_count, digest_sum FROM project WHERE project_id = ?",
            (project_id,),
        ).fetchone()
        return Digest(count, int(total, 16))

    def digest_items(self, project_id: str) -> list[Item]:
        """Return what the digest of a project is made of: live rows, open conflicts."""
        return list(digest_items(self.connection, project_id))

    def rows_in(self, project_id: str, buckets: Iterable[str]) -> list[FeedRow]:
        """Return the records of some buckets that are live or contested."""
        found = self.connection.execute(_IN_BUCKETS, (project_id, json_list(buckets)))
        records = [record_of(row) for row in found]
        conflicts = self.open_conflicts_of(project_id, records)
        return [FeedRow(record, conflicts.get(record.id, [])) for record in records]

    def open_conflicts_of(
        self, project_id: str, records: list[Record]
    ) -> dict[str, list[dict[str, Any]]]:
        """Return the open conflicts of these records, by record."""
        contested = [record.id for record in records if record.open_conflicts]
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        if contested:
            of = {record.id: record for record in records}
            rows = self.connection.execute(
                _CONFLICTS, (project_id, json_list(contested))
            )
            for record, *columns in rows:
                conflict = conflict_data(columns)
                found[record].append(
                    conflict | {"stands": stands(of[record], conflict)}
                )
        return found

    def _head(self, project_id: str) -> int:
        row = self.connection.execute(
            "SELECT head FROM project WHERE project_id = ?", (project_id,)
        ).fetchone()
        return int(row[0]) if row else 0


def digest_items(connection: Connection, project_id: str) -> Iterator[Item]:
    """Read what the digest of a project is made of."""
    for kind, name, seq, fields in connection.execute(_LIVE, (project_id,)):
        yield name, row_hash(kind, name, seq, json.loads(fields))
    for record, name in connection.execute(_CONTESTED, (project_id,)):
        yield record, conflict_hash(record, name)


def conflict_data(columns: list[Any]) -> dict[str, Any]:
    """Return one open conflict as laptops and administrators see it."""
    name, group, base, theirs, ours, change, device, person, at = columns
    return {
        "id": name,
        "group": group,
        "base": json.loads(base) if base else None,
        "theirs": json.loads(theirs),
        "ours": json.loads(ours),
        "change": change,
        "device": device,
        "person": person,
        "at": at,
    }


def _is_made_by(record: Record, sent: LogSpan) -> bool:
    """Return whether all that a record says follows from the verdicts on a push."""
    return record.computable_by_author and all(
        sent.includes(writer.log_id, writer.n)
        for writers in record.writers.values()
        for writer in writers
    )


def _page_of(records: Iterable[Record], most: int) -> tuple[list[Record], bool]:
    """Take records while they fit, one at least; tell whether more follow.

    What lies beyond the page is not read.
    """
    page: list[Record] = []
    weight = 0
    for record in records:
        weight += len(repr(record.fields))
        if page and (len(page) == most or weight > limits.PAGE_BYTES):
            return page, True
        page.append(record)
    return page, False
