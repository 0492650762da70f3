"""Enrolment and access: SQLite."""

import json
from dataclasses import replace
from typing import Any, Final

from server.store.driver import Connection
from server.store.port import Code, Device
from server.store.rows import dump

#: The device that stands for the server itself.
OWN_DEVICE: Final = "(SELECT value FROM meta WHERE key = 'own_device')"

_DEVICES: Final = """
    SELECT device_id, name, created_at, revoked_at, last_seen_at,
        (SELECT json_group_array(project_id) FROM device_project p
         WHERE p.device_id = device.device_id)
    FROM device
"""


class DeviceQueries:
    """The part of a unit that knows who may do what."""

    connection: Connection

    def add_code(self, code: Code) -> None:
        """Keep a one-time code."""
        self.connection.execute(
            "INSERT INTO code (code_hash, name, projects, expires_at)"
            " VALUES (?, ?, ?, ?)",
            (code.hash, code.name, dump(code.projects), code.expires_at),
        )

    def use_code(self, code_hash: str, now: str, device: str) -> Code | None:
        """Use up a code: None when unknown, used or expired."""
        row = self.connection.execute(
            "UPDATE code SET used_by = ? WHERE code_hash = ? AND used_by IS NULL"
            " AND expires_at > ? RETURNING name, projects, expires_at",
            (device, code_hash, now),
        ).fetchone()
        if row is None:
            return None
        return Code(code_hash, row[0], tuple(json.loads(row[1])), row[2])

    def add_device(self, device: Device, token_hash: str) -> None:
        """Keep a device and its projects."""
        self.connection.execute(
            "INSERT INTO device (device_id, name, token_hash, created_at)"
            " VALUES (?, ?, ?, ?)",
            (device.id, device.name, token_hash, device.created_at),
        )
        self.connection.executemany(
            "INSERT INTO device_project (project_id, device_id) VALUES (?, ?)",
            [(project, device.id) for project in device.projects],
        )

    def hand_over_log(self, log: str, device: str) -> None:
        """Give the log of a revoked device to the one that takes its place."""
        self.connection.execute(
            "UPDATE log SET device_id = ? WHERE log_id = ? AND device_id IN"
            " (SELECT device_id FROM device WHERE revoked_at IS NOT NULL)",
            (device, log),
        )

    def device_by_token(self, token_hash: str) -> Device | None:
        """Give the device of a token unless it was revoked."""
        row = self.connection.execute(
            _DEVICES + " WHERE token_hash = ? AND revoked_at IS NULL", (token_hash,)
        ).fetchone()
        return _device(row) if row else None

    def devices(self) -> list[Device]:
        """Give every laptop, oldest first."""
        rows = self.connection.execute(
            _DEVICES
            + f" WHERE device_id <> {OWN_DEVICE} ORDER BY created_at, device_id"
        )
        return [_device(row) for row in rows]

    def own_device(self) -> Device:
        """Give the device that stands for the server itself; it sees every project."""
        row = self.connection.execute(
            _DEVICES + f" WHERE device_id = {OWN_DEVICE}"
        ).fetchone()
        streams = self.connection.execute("SELECT project_id FROM stream ORDER BY 1")
        return replace(_device(row), projects=tuple(stream for (stream,) in streams))

    def revoke(self, device: str, now: str) -> None:
        """Refuse the device from now on."""
        self.connection.execute(
            "UPDATE device SET revoked_at = ? WHERE device_id = ?"
            " AND revoked_at IS NULL",
            (now, device),
        )

    def saw(self, device: str, now: str) -> None:
        """Note that a device was here."""
        self.connection.execute(
            "UPDATE device SET last_seen_at = ? WHERE device_id = ?", (now, device)
        )


def _device(row: tuple[Any, ...]) -> Device:
    name, title, created, revoked, seen, projects = row
    return Device(name, title, created, revoked, seen, tuple(json.loads(projects)))
