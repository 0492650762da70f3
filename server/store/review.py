"""What waits for a person, and what was decided: SQLite."""

import json
from collections.abc import Sequence
from typing import Any, Final

from server.merge.model import Record
from server.store.driver import Connection
from server.store.feed import conflict_data
from server.store.rows import RECORD_COLUMNS, json_list, record_of

_CONFLICTS: Final = """
    SELECT c.project_id, c.type, c.record_id, r.fields, r.deleted, c.status, c.settled_by,
        c.settled_at, c.reason, c.chosen,
        c.id, c.group_name, c.base, c.theirs, c.ours, c.change_id, d.name, c.person,
        c.at
    FROM conflict c
        LEFT JOIN device d ON d.device_id = c.device_id
        LEFT JOIN record r ON r.project_id = c.project_id AND r.id = c.record_id
    WHERE (?1 IS NULL OR c.project_id = ?1) AND c.status = ?2
      AND substr(c.id, 1, length(?3)) = ?3
    ORDER BY coalesce(c.settled_at, c.at), c.id
"""
_QUARANTINE: Final = """
    SELECT q.project_id, q.type, q.record_id, q.change_id, q.fields, q.why, d.name,
        q.person, q.at, q.status, q.waits_for, q.reason
    FROM quarantine q LEFT JOIN device d ON d.device_id = q.device_id
    WHERE (?1 IS NULL OR q.project_id = ?1)
      AND (?2 IS NULL OR q.status IN (SELECT value FROM json_each(?2)))
      AND substr(q.change_id, 1, length(?3)) = ?3
    ORDER BY q.at, q.change_id
"""
_WRITTEN: Final = """
    SELECT c.raw, d.name, c.received_at
    FROM change c JOIN log l ON l.log_id = c.log_id
        LEFT JOIN device d ON d.device_id = l.device_id
    WHERE {} LIMIT 1
"""
_BY_PLACE: Final = _WRITTEN.format("c.log_id = ? AND c.n = ?")
_BY_ID: Final = _WRITTEN.format("c.project_id = ? AND c.change_id = ?")
_QUARANTINE_NAMES: Final = (
    "project",
    "type",
    "record",
    "change",
    "fields",
    "why",
    "device",
    "person",
    "at",
    "status",
    "waits_for",
    "reason",
)


class ReviewQueries:
    """The part of a transaction that knows what waits for a person."""

    connection: Connection

    def conflicts(
        self, project_id: str | None, status: str = "open", prefix: str = ""
    ) -> list[dict[str, Any]]:
        """Return conflicts, open or settled, whose id starts like this."""
        rows = self.connection.execute(
            _CONFLICTS, (project_id, status, prefix)
        ).fetchall()
        return [self._conflict(row) for row in rows]

    def quarantine(
        self,
        project_id: str | None,
        statuses: Sequence[str] | None = ("open",),
        prefix: str = "",
    ) -> list[dict[str, Any]]:
        """Return changes in custody of these statuses whose id starts like this."""
        wanted = None if statuses is None else json_list(statuses)
        rows = self.connection.execute(_QUARANTINE, (project_id, wanted, prefix))
        return [_waiting(row) for row in rows]

    def record(self, project_id: str, name: str) -> Record | None:
        """Return a record as it stands, deleted or not."""
        row = self.connection.execute(
            f"SELECT {RECORD_COLUMNS} FROM record WHERE project_id = ? AND id = ?",  # noqa: S608 - constant columns
            (project_id, name),
        ).fetchone()
        return record_of(row) if row else None

    def written(self, log: str, n: int) -> dict[str, Any]:
        """Return who wrote a change of a log: person, device, when."""
        return self._author(_BY_PLACE, log, n)

    def schema_version(self) -> int:
        """Return the newest schema version that waiting changes were judged by; or 0."""
        row = self.connection.execute(
            "SELECT value FROM meta WHERE key = 'schema_version'"
        ).fetchone()
        return int(row[0]) if row else 0

    def note_schema_version(self, version: int) -> None:
        """Keep the newest schema version that waiting changes were judged by."""
        self.connection.execute(
            "INSERT INTO meta (key, value) VALUES ('schema_version', ?)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (str(version),),
        )

    def _conflict(self, row: tuple[Any, ...]) -> dict[str, Any]:
        project, kind, record, fields, deleted, *settled = row
        status, by, at, reason, chosen, *columns = settled
        found = {
            "project": project,
            "type": kind,
            "record": record,
            "fields": json.loads(fields) if fields else {},
            "deleted": bool(deleted),
            **conflict_data(columns),
        }
        if status != "open":
            found["decision"] = {
                **self._author(_BY_ID, project, by),
                "at": at,
                "reason": reason,
                "chosen": json.loads(chosen) if chosen else {},
            }
        return found

    def _author(self, sql: str, *place: object) -> dict[str, Any]:
        row = self.connection.execute(sql, place).fetchone()
        raw, device, at = row or (b"{}", None, None)
        return {"person": json.loads(raw).get("u"), "device": device, "at": at}


def _waiting(row: tuple[Any, ...]) -> dict[str, Any]:
    found = dict(zip(_QUARANTINE_NAMES, row, strict=True))
    return found | {
        "fields": json.loads(found["fields"]) if found["fields"] else {},
        "why": json.loads(found["why"]),
    }
