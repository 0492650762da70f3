"""Enrolment and access: SQLite."""

import json
from dataclasses import replace
from typing import Any, Final

from server.store.driver import Connection
from server.store.rows import dump
from server.store.values import Device, EnrolmentCode

#: The device that stands for the server itself.
OWN_DEVICE: Final = "(SELECT value FROM meta WHERE key = 'own_device')"

_DEVICES: Final = """
    SELECT device_id, name, created_at, revoked_at, last_seen_at,
        (SELECT json_group_array(project_id) FROM device_project p
         WHERE p.device_id = device.device_id AND p.withdrawn_at IS NULL),
        (SELECT json_group_array(project_id) FROM device_project p
         WHERE p.device_id = device.device_id AND p.withdrawn_at IS NOT NULL),
        public_key, skew_s
    FROM device
"""


class DeviceQueries:
    """The part of a transaction that knows who may do what."""

    connection: Connection

    def add_code(self, code: EnrolmentCode) -> None:
        """Keep a one-time code."""
        self.connection.execute(
            "INSERT INTO code (code_hash, name, projects, expires_at)"
            " VALUES (?, ?, ?, ?)",
            (code.hash, code.name, dump(code.projects), code.expires_at),
        )

    def use_code(self, code_hash: str, now: str, device: str) -> EnrolmentCode | None:
        """Use up a code: None when unknown, used or expired."""
        row = self.connection.execute(
            "UPDATE code SET used_by = ? WHERE code_hash = ? AND used_by IS NULL"
            " AND expires_at > ? RETURNING name, projects, expires_at",
            (device, code_hash, now),
        ).fetchone()
        if row is None:
            return None
        return EnrolmentCode(code_hash, row[0], tuple(json.loads(row[1])), row[2])

    def add_device(self, device: Device, token_hash: str) -> None:
        """Keep a device and its projects."""
        self.connection.execute(
            "INSERT INTO device (device_id, name, token_hash, created_at, public_key)"
            " VALUES (?, ?, ?, ?, ?)",
            (device.id, device.name, token_hash, device.created_at, device.public_key),
        )
        self.connection.executemany(
            "INSERT INTO device_project (project_id, device_id) VALUES (?, ?)",
            [(project, device.id) for project in device.projects],
        )

    def grant(self, device: str, project: str) -> None:
        """Grant a device a project; it receives it with its next sync."""
        self.connection.execute(
            "INSERT INTO device_project (project_id, device_id) VALUES (?, ?)"
            " ON CONFLICT DO UPDATE SET withdrawn_at = NULL",
            (project, device),
        )

    def withdraw(self, device: str, project: str, now: str) -> None:
        """Take a project from a device; what it still sends is kept for review."""
        self.connection.execute(
            "UPDATE device_project SET withdrawn_at = ?"
            " WHERE project_id = ? AND device_id = ? AND withdrawn_at IS NULL",
            (now, project, device),
        )

    def hand_over_logs(self, log: str, device: Device) -> None:
        """Hand the logs of a revoked device to the one that takes its place.

        Only the holder of the revoked device's own key gets them.
        """
        self.connection.execute(
            "UPDATE log SET device_id = ?1 WHERE device_id = (SELECT d.device_id"
            " FROM log l JOIN device d ON d.device_id = l.device_id"
            " WHERE l.log_id = ?2 AND d.revoked_at IS NOT NULL AND d.public_key = ?3)",
            (device.id, log, device.public_key),
        )

    def take_over_log(self, log: str, device: str) -> None:
        """Count a log as that of the device that this laptop is now."""
        self.connection.execute(
            "UPDATE log SET device_id = ? WHERE log_id = ?", (device, log)
        )

    def device_by_token(self, token_hash: str) -> Device | None:
        """Return the device of a token unless it was revoked."""
        row = self.connection.execute(
            _DEVICES + " WHERE token_hash = ? AND revoked_at IS NULL", (token_hash,)
        ).fetchone()
        return _device(row) if row else None

    def devices(self) -> list[Device]:
        """Return every laptop, oldest first."""
        rows = self.connection.execute(
            _DEVICES
            + f" WHERE device_id <> {OWN_DEVICE} ORDER BY created_at, device_id"
        )
        return [_device(row) for row in rows]

    def own_device(self) -> Device:
        """Return the device that stands for the server itself; it sees every project."""
        row = self.connection.execute(
            _DEVICES + f" WHERE device_id = {OWN_DEVICE}"
        ).fetchone()
        project_ids = self.connection.execute(
            "SELECT project_id FROM project ORDER BY 1"
        )
        return replace(
            _device(row), projects=tuple(project_id for (project_id,) in project_ids)
        )

    def revoke(self, device: str, now: str) -> None:
        """Refuse the device from now on."""
        self.connection.execute(
            "UPDATE device SET revoked_at = ? WHERE device_id = ?"
            " AND revoked_at IS NULL",
            (now, device),
        )

    def saw(self, device: str, now: str, skew_s: float | None) -> None:
        """Note that a device was here, and how far its clock is ahead."""
        self.connection.execute(
            "UPDATE device SET last_seen_at = ?, skew_s = coalesce(?, skew_s)"
            " WHERE device_id = ?",
            (now, skew_s, device),
        )

    def tally(self, device: str) -> dict[str, int]:
        """Count the changes of a device by their present verdict."""
        rows = self.connection.execute(
            "SELECT outcome, count(*) FROM ("
            " SELECT DISTINCT c.change_id, c.outcome FROM change c"
            " JOIN log l ON l.log_id = c.log_id WHERE l.device_id = ?)"
            " GROUP BY outcome",
            (device,),
        )
        return dict(rows.fetchall())

    def custody_of(self, device: str) -> list[tuple[str, str, int]]:
        """Count a device's changes in custody by status and first reason."""
        rows = self.connection.execute(
            "SELECT q.status, q.why ->> '$[0].code', count(*) FROM quarantine q"
            " JOIN log l ON l.log_id = q.log_id WHERE l.device_id = ?"
            " AND q.status <> 'released' GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2",
            (device,),
        )
        return list(rows)

    def conflicts_of(self, device: str) -> dict[str, int]:
        """Count the conflicts that a device's changes met, by status."""
        rows = self.connection.execute(
            "SELECT f.status, count(DISTINCT f.id) FROM conflict f JOIN change c"
            " ON c.project_id = f.project_id AND c.change_id = f.change_id"
            " JOIN log l ON l.log_id = c.log_id WHERE l.device_id = ? GROUP BY 1",
            (device,),
        )
        return {"open": 0, "settled": 0, **dict(rows.fetchall())}

    def logs_of(self, device: str) -> list[dict[str, Any]]:
        """Return the logs of a device, oldest first."""
        rows = self.connection.execute(
            "SELECT log_id, n, parent_log, parent_n FROM log WHERE device_id = ?"
            " ORDER BY rowid",
            (device,),
        )
        return [
            {"log": log, "changes": n, "parent": [parent, at] if parent else None}
            for log, n, parent, at in rows
        ]


def _device(row: tuple[Any, ...]) -> Device:
    name, title, created, revoked, seen, projects, withdrawn, key, skew_s = row
    return Device(
        name,
        title,
        created,
        revoked,
        seen,
        tuple(json.loads(projects)),
        tuple(json.loads(withdrawn)),
        key,
        skew_s,
    )
