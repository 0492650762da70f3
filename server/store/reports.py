"""What administrators ask: SQLite."""

import json
from typing import Final

from server.merge.model import Record
from server.store.devices import OWN_DEVICE
from server.store.driver import Connection
from server.store.rows import RECORD_COLUMNS, record_of
from server.store.values import Stats, StoredProject

# A deleted record has no key: who counts by keys reads the index alone.
_PROJECTS: Final = f"""
    SELECT s.project_id, r.fields, r.seq, s.head, s.created_at,
        (SELECT count(*) FROM record_row x WHERE x.project = p.number
            AND x.type = 'plot' AND x.natural_key IS NOT NULL),
        (SELECT count(*) FROM record_row x WHERE x.project = p.number
            AND x.type = 'sample' AND x.natural_key IS NOT NULL),
        (SELECT count(DISTINCT coalesce(e.public_key, e.device_id))
            FROM device_project d JOIN device e ON e.device_id = d.device_id
            WHERE d.project_id = s.project_id AND d.device_id <> {OWN_DEVICE})
    FROM project s LEFT JOIN numbered_id p ON p.id = s.project_id
        LEFT JOIN record_row r ON r.project = p.number AND r.id = s.project_id
    ORDER BY s.created_at, s.project_id
"""  # noqa: S608 - the inserted text is a constant
_COUNTS: Final = {
    "projects": "SELECT count(*) FROM project",
    # A laptop that was enrolled again has the same key.
    "devices": "SELECT count(DISTINCT coalesce(public_key, device_id)) FROM device"  # noqa: S608 - a constant
    f" WHERE revoked_at IS NULL AND device_id <> {OWN_DEVICE}",
    "logs": "SELECT count(*) FROM log",
    "epochs": "SELECT count(*) FROM epoch",
    "changes": "SELECT count(*) FROM change_row",
    "open_conflicts": "SELECT count(*) FROM conflict WHERE status = 'open'",
    "held": "SELECT count(*) FROM quarantine WHERE status = 'held'",
    "open_quarantine": "SELECT count(*) FROM quarantine WHERE status = 'open'",
    "plots_to_derive": "SELECT count(*) FROM job",
    "database_bytes": "SELECT page_count * page_size"
    " FROM pragma_page_count(), pragma_page_size()",
}


_LIVE_BY_TYPE: Final = (
    "SELECT type, count(*) FROM record_row WHERE deleted = 0 GROUP BY type"
)
_BY_VERDICT: Final = "SELECT outcome, count(*) FROM change GROUP BY outcome"


class ReportTables:
    """The part of a transaction that answers administrators."""

    connection: Connection

    def projects(self) -> list[StoredProject]:
        """Return every project with its counts, oldest first."""
        return [
            StoredProject(name, json.loads(fields) if fields else {}, *counts)
            for name, fields, *counts in self.connection.execute(_PROJECTS)
        ]

    def codes_in_use(self) -> dict[str, str]:
        """Return the project that has each code, without regard to capitals."""
        found = self.connection.execute(
            "SELECT r.fields ->> 'code', r.id FROM project p CROSS JOIN record r"
            " ON r.project_id = p.project_id AND r.id = p.project_id"
            " WHERE r.deleted = 0"
        )
        return {str(code).strip().casefold(): name for code, name in found}

    def records(self, project_id: str, kind: str) -> list[Record]:
        """Return the live records of a type, derived types too."""
        rows = self.connection.execute(
            f"SELECT {RECORD_COLUMNS} FROM record"  # noqa: S608 - constant columns
            " WHERE project_id = ? AND type = ? AND deleted = 0 ORDER BY id",
            (project_id, kind),
        )
        return [record_of(row) for row in rows]

    def stats(self) -> Stats:
        """Count everything."""
        execute = self.connection.execute
        return Stats(
            **{name: execute(sql).fetchone()[0] for name, sql in _COUNTS.items()},
            records=dict(execute(_LIVE_BY_TYPE).fetchall()),
            verdicts=dict(execute(_BY_VERDICT).fetchall()),
        )
