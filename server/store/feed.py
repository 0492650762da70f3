"""What laptops receive: rows after a cursor, in server order. SQLite."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from schemas.digest import Item, conflict_hash, row_hash
from server.merge.model import Record
from server.store.driver import Connection
from server.store.rows import RECORD_COLUMNS, json_list, record_of
from server.store.values import LogSpan, SentRow

_AFTER: Final = f"""
    SELECT {RECORD_COLUMNS} FROM record WHERE project_id = ? AND seq > ? ORDER BY seq
"""  # noqa: S608 - the columns are a constant
_SENT: Final = f"""
    SELECT {RECORD_COLUMNS} FROM record
    WHERE project_id = ? AND seq > ? AND NOT
        (computable_by_author = 1 AND last_log IS ? AND last_n > ? AND last_n <= ?)
    ORDER BY seq
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


class FeedTables:
    """The part of a transaction that feeds laptops."""

    connection: Connection
    #: Runs a query whose rows are fetched as they are read.
    stream: Callable[[str, Sequence[Any]], Iterator[tuple[Any, ...]]]

    def rows_after(self, project_id: str, after: int) -> Iterator[Record]:
        """Read records after a number, in server order; who stops reading pays no more."""
        return map(record_of, self.stream(_AFTER, (project_id, after)))

    def sent_after(
        self, project_id: str, after: int, besides: LogSpan | None
    ) -> Iterator[SentRow]:
        """Read what is sent of records after a number, in server order.

        Left out is what the author of some changes can compute from their verdicts.
        """
        if besides is None:
            rows = self.stream(_AFTER, (project_id, after))
        else:
            mine = (besides.log_id, besides.after_n, besides.last_n)
            rows = self.stream(_SENT, (project_id, after, *mine))
        return map(SentRow._make, rows)

    def purged_between(self, project_id: str, after: int, up_to: int) -> list[str]:
        """Return the ids whose deletion lay between two numbers and was purged."""
        rows = self.connection.execute(
            "SELECT id FROM purged WHERE project_id = ? AND seq > ? AND seq <= ?"
            " ORDER BY id",
            (project_id, after, up_to),
        )
        return [name for (name,) in rows]

    def purge(
        self, before: str, now: str, *, counts_only: bool = False
    ) -> Counter[str]:
        """Shrink old deletions to their ids, or only count them; return how many, by project."""
        gone = self.connection.execute(_OLD_TOMBSTONES, (before,)).fetchall()
        counts = Counter(project_id for project_id, *_ in gone)
        if counts_only:
            return counts
        self.connection.executemany(
            "INSERT INTO purged (project_id, id, type, at, seq) VALUES (?, ?, ?, ?, ?)",
            [
                (project_id, name, kind, now, seq)
                for project_id, name, kind, seq in gone
            ],
        )
        self.connection.executemany(
            "DELETE FROM record_row WHERE id = ?2"
            " AND project = (SELECT number FROM numbered_id WHERE id = ?1)",
            [(project_id, name) for project_id, name, _, _ in gone],
        )
        self.connection.executemany(
            "UPDATE project SET gc_floor = max(gc_floor, ?) WHERE project_id = ?",
            [(seq, project_id) for project_id, _, _, seq in gone],
        )
        return counts

    def digest_items(self, project_id: str) -> list[Item]:
        """Return what the digest of a project is made of: live rows, open conflicts."""
        return list(digest_items(self.connection, project_id))

    def sent_in(self, project_id: str, buckets: Iterable[str]) -> Iterator[SentRow]:
        """Read what is sent of the records of some buckets, live or contested."""
        found = self.stream(_IN_BUCKETS, (project_id, json_list(buckets)))
        return map(SentRow._make, found)


def digest_items(connection: Connection, project_id: str) -> Iterator[Item]:
    """Read what the digest of a project is made of."""
    for kind, name, seq, fields in connection.execute(_LIVE, (project_id,)):
        yield name, row_hash(kind, name, seq, json.loads(fields))
    for record, name in connection.execute(_CONTESTED, (project_id,)):
        yield record, conflict_hash(record, name)
