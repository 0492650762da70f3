"""What administrators ask: SQLite."""

import json
from collections.abc import Sequence
from typing import Any, Final

from server.merge.model import Record
from server.store.devices import OWN_DEVICE
from server.store.driver import Connection
from server.store.rows import RECORD_COLUMNS, json_list, record_of

_PROJECTS: Final = f"""
    SELECT s.project_id, r.fields, r.seq, s.head, s.created_at,
        (SELECT count(*) FROM record x WHERE x.project_id = s.project_id
            AND NOT x.deleted AND x.type = 'plot'),
        (SELECT count(*) FROM record x WHERE x.project_id = s.project_id
            AND NOT x.deleted AND x.type = 'sample'),
        (SELECT count(*) FROM device_project d WHERE d.project_id = s.project_id
            AND d.device_id <> {OWN_DEVICE})
    FROM project s LEFT JOIN record r
        ON r.project_id = s.project_id AND r.id = s.project_id
    ORDER BY s.created_at, s.project_id
"""  # noqa: S608 - the inserted text is a constant
_AUTHORS: Final = """
    SELECT r.id, c.raw, d.name, c.received_at
    FROM record r
        JOIN change c ON c.log_id = r.last_log AND c.n = r.last_n
        LEFT JOIN log l ON l.log_id = r.last_log
        LEFT JOIN device d ON d.device_id = l.device_id
    WHERE r.project_id = ? AND r.id IN (SELECT value FROM json_each(?))
"""
_COUNTS: Final = {
    "projects": "SELECT count(*) FROM project",
    "devices": "SELECT count(*) FROM device"  # noqa: S608 - a constant
    f" WHERE revoked_at IS NULL AND device_id <> {OWN_DEVICE}",
    "logs": "SELECT count(*) FROM log",
    "epochs": "SELECT count(*) FROM epoch",
    "changes": "SELECT count(*) FROM change",
    "open_conflicts": "SELECT count(*) FROM conflict WHERE status = 'open'",
    "held": "SELECT count(*) FROM quarantine WHERE status = 'held'",
    "open_quarantine": "SELECT count(*) FROM quarantine WHERE status = 'open'",
    "plots_to_derive": "SELECT count(*) FROM job",
    "database_bytes": "SELECT page_count * page_size"
    " FROM pragma_page_count(), pragma_page_size()",
}


class ReportQueries:
    """The part of a transaction that answers administrators."""

    connection: Connection

    def projects(self) -> list[dict[str, Any]]:
        """Return every project with its counts."""
        return [
            {
                "id": name,
                **_project_fields(fields),
                "seq": seq,
                "head": head,
                "created_at": created,
                "plots": plots,
                "samples": samples,
                "devices": devices,
            }
            for name, fields, seq, head, created, plots, samples, devices in (
                self.connection.execute(_PROJECTS)
            )
        ]

    def records(self, project_id: str, kind: str) -> list[Record]:
        """Return the live records of a type, derived types too."""
        rows = self.connection.execute(
            f"SELECT {RECORD_COLUMNS} FROM record"  # noqa: S608 - constant columns
            " WHERE project_id = ? AND type = ? AND deleted = 0 ORDER BY id",
            (project_id, kind),
        )
        return [record_of(row) for row in rows]

    def authors(
        self, project_id: str, records: Sequence[str]
    ) -> dict[str, dict[str, Any]]:
        """Return who wrote each record last: person, device, when."""
        rows = self.connection.execute(_AUTHORS, (project_id, json_list(records)))
        return {
            record: {
                "person": json.loads(raw).get("u"),
                "device": device,
                "at": at,
            }
            for record, raw, device, at in rows
        }

    def stats(self) -> dict[str, Any]:
        """Count everything."""
        counts: dict[str, Any] = {
            name: self.connection.execute(sql).fetchone()[0]
            for name, sql in _COUNTS.items()
        }
        counts["records"] = dict(
            self.connection.execute(
                "SELECT type, count(*) FROM record WHERE deleted = 0 GROUP BY type"
            )
        )
        counts["verdicts"] = dict(
            self.connection.execute(
                "SELECT outcome, count(*) FROM change GROUP BY outcome"
            )
        )
        return counts


def _project_fields(fields: str | None) -> dict[str, Any]:
    found = json.loads(fields) if fields else {}
    names = (
        "code",
        "title",
        "organisation_id",
        "reference_depth_cm",
        "stock_method_profile",
        "stock_mass_basis",
        "stock_reference",
        "stock_reference_mass_t_ha",
        "plot_selection",
        "sampled_area_ha",
        "sampled_strata_ha",
    )
    return {name: found.get(name) for name in names}
