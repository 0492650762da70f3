"""What laptops receive: rows after a cursor, in server order. SQLite."""

import json
from collections import defaultdict
from typing import Any, Final

from schemas import limits
from server.store.driver import Connection
from server.store.port import FeedRow, Page
from server.store.rows import RECORD_COLUMNS, json_list, record_of
from server.sync.model import Record
from server.sync.request import Push

_PAGE: Final = f"""
    SELECT {RECORD_COLUMNS} FROM record
    WHERE project_id = ? AND seq > ? AND NOT (clean AND last_log IS ? AND last_n > ?)
    ORDER BY seq LIMIT ?
"""  # noqa: S608 - the columns are a constant
_CONFLICTS: Final = """
    SELECT c.record_id, c.id, c.group_name, c.base, c.theirs, c.ours, c.change_id,
        d.name, c.person, c.at
    FROM conflict c LEFT JOIN device d ON d.device_id = c.device_id
    WHERE c.project_id = ? AND c.status = 'open'
      AND c.record_id IN (SELECT value FROM json_each(?))
    ORDER BY c.at, c.id
"""


class FeedQueries:
    """The part of a unit that feeds laptops."""

    connection: Connection

    def page(self, stream: str, after: int, most: int, push: Push) -> Page:
        """Give rows after a number, without those the push's verdicts speak for."""
        mine = (push.log, push.acked_n)
        found = self.connection.execute(_PAGE, (stream, after, *mine, most + 1))
        records = [record_of(row) for row in found]
        kept = _within_bytes(records[:most])
        more = len(kept) < len(records)
        cursor = kept[-1].seq if more else max(self._head(stream), after)
        conflicts = self.open_conflicts_of(stream, kept)
        rows = [FeedRow(record, conflicts.get(record.id, [])) for record in kept]
        return Page(rows, cursor, more)

    def count_after(self, stream: str, after: int) -> int:
        """Give how many rows lie after a number."""
        row = self.connection.execute(
            "SELECT count(*) FROM record WHERE project_id = ? AND seq > ?",
            (stream, after),
        ).fetchone()
        return int(row[0])

    def open_conflicts_of(
        self, stream: str, records: list[Record]
    ) -> dict[str, list[dict[str, Any]]]:
        """Give the open conflicts of these records, by record."""
        contested = [record.id for record in records if record.open_conflicts]
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        if contested:
            rows = self.connection.execute(_CONFLICTS, (stream, json_list(contested)))
            for record, *columns in rows:
                found[record].append(conflict_data(columns))
        return found

    def _head(self, stream: str) -> int:
        row = self.connection.execute(
            "SELECT head FROM stream WHERE project_id = ?", (stream,)
        ).fetchone()
        return int(row[0]) if row else 0


def conflict_data(columns: list[Any]) -> dict[str, Any]:
    """Give one open conflict as laptops and administrators see it."""
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


def _within_bytes(records: list[Record]) -> list[Record]:
    """Keep as many records as a page may weigh, and one at least."""
    weight = 0
    for place, record in enumerate(records):
        weight += len(repr(record.fields))
        if weight > limits.PAGE_BYTES and place:
            return records[:place]
    return records
