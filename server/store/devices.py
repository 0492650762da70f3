"""Enrolment and access: SQLite."""

import json
from typing import Any, Final

from schemas.messages import Outcome
from server.store.driver import Connection
from server.store.rows import dump
from server.store.values import (
    CustodyCount,
    Device,
    DeviceAccount,
    DeviceState,
    EnrolmentCode,
    LogState,
)

#: The device that stands for the server itself; it sees every project.
OWN_DEVICE: Final = "(SELECT value FROM meta WHERE key = 'own_device')"

#: Settings of one device or code: whether it may begin projects; how many it has begun.
_MAY_BEGIN: Final = "may_begin:"
_BEGUN: Final = "begun:"
#: The bytes of the files that it sent.
_FILES: Final = "files:"

_DEVICES: Final = f"""
    SELECT device_id, name, created_at, revoked_at, last_seen_at,
        CASE WHEN device_id = {OWN_DEVICE}
        THEN (SELECT json_group_array(project_id) FROM project)
        ELSE (SELECT json_group_array(project_id) FROM device_project p
              WHERE p.device_id = device.device_id AND p.withdrawn_at IS NULL) END,
        (SELECT json_group_array(project_id) FROM device_project p
         WHERE p.device_id = device.device_id AND p.withdrawn_at IS NOT NULL),
        public_key, skew_s, device_id = {OWN_DEVICE},
        EXISTS (SELECT 1 FROM meta WHERE key = '{_MAY_BEGIN}' || device_id),
        (SELECT value FROM meta WHERE key = '{_BEGUN}' || device_id),
        (SELECT code FROM renewal r WHERE r.device_id = device.device_id)
    FROM device
"""  # noqa: S608 - a constant
_VERDICTS_OF: Final = """
    SELECT outcome, count(*) FROM (
        SELECT DISTINCT c.change_id, c.outcome
        FROM log l CROSS JOIN change c ON c.log_id = l.log_id
        WHERE l.device_id = ?) AS verdict
    GROUP BY outcome
"""
_WAITING_OF: Final = """
    SELECT q.status, q.why -> 0 ->> 'code', count(*) FROM quarantine q
        JOIN log l ON l.log_id = q.log_id
    WHERE l.device_id = ? AND q.status <> 'released' GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2
"""
_CONFLICTS_OF: Final = """
    SELECT f.status, count(DISTINCT f.id)
    FROM conflict f
        CROSS JOIN change c ON c.project_id = f.project_id AND c.change_id = f.change_id
        CROSS JOIN log l ON l.log_id = c.log_id
    WHERE l.device_id = ? GROUP BY 1
"""


class DeviceTables:
    """The part of a transaction that knows who may do what."""

    connection: Connection

    def add_code(self, code: EnrolmentCode) -> None:
        """Keep a one-time code."""
        self.connection.execute(
            "INSERT INTO code (code_hash, name, projects, expires_at)"
            " VALUES (?, ?, ?, ?)",
            (code.hash, code.name, dump(code.projects), code.expires_at),
        )
        self._allow_to_begin(code.hash, allowed=code.may_begin)

    def use_code(self, code_hash: str, now: str, device: str) -> EnrolmentCode | None:
        """Use up a code: None when unknown, used or expired."""
        row = self.connection.execute(
            "UPDATE code SET used_by = ? WHERE code_hash = ? AND used_by IS NULL"
            " AND expires_at > ? RETURNING name, projects, expires_at",
            (device, code_hash, now),
        ).fetchone()
        if row is None:
            return None
        may_begin = self.connection.execute(
            "DELETE FROM meta WHERE key = ? RETURNING value", (_MAY_BEGIN + code_hash,)
        ).fetchall()
        projects = tuple(json.loads(row[1]))
        return EnrolmentCode(code_hash, row[0], projects, row[2], bool(may_begin))

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
        self.allow_to_begin(device.id, allowed=device.may_begin)

    def allow_to_begin(self, device_id: str, *, allowed: bool) -> None:
        """Allow a device to begin projects, or take that from it."""
        self._allow_to_begin(device_id, allowed=allowed)

    def _allow_to_begin(self, holder: str, *, allowed: bool) -> None:
        key = _MAY_BEGIN + holder
        if allowed:
            self.connection.execute(
                "INSERT INTO meta (key, value) VALUES (?, 'yes')"
                " ON CONFLICT (key) DO NOTHING",
                (key,),
            )
        else:
            self.connection.execute("DELETE FROM meta WHERE key = ?", (key,))

    def sent_by(self, device_id: str) -> tuple[int, int]:
        """Return how many changes a device has sent, and in how many logs."""
        row = self.connection.execute(
            "SELECT coalesce(sum(n), 0), count(*) FROM log WHERE device_id = ?",
            (device_id,),
        ).fetchone()
        return int(row[0]), int(row[1])

    def waiting_of(self, device_id: str) -> int:
        """Count the changes of a device that wait now; this reads the whole quarantine."""
        row = self.connection.execute(
            "SELECT count(*) FROM quarantine WHERE status IN ('open', 'held')"
            " AND log_id IN (SELECT log_id FROM log WHERE device_id = ?)",
            (device_id,),
        ).fetchone()
        return int(row[0])

    def count_file(self, device_id: str, size: int) -> int:
        """Count a file that a device sends; return the bytes of all that it sent."""
        return self._add_to(_FILES + device_id, size)

    def _add_to(self, key: str, number: int) -> int:
        row = self.connection.execute(
            "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE"
            " SET value = CAST(CAST(meta.value AS BIGINT)"
            " + CAST(excluded.value AS BIGINT) AS TEXT) RETURNING value",
            (key, str(number)),
        ).fetchone()
        return int(row[0])

    def count_begun(self, device_id: str, projects: int) -> None:
        """Count projects that a device has begun."""
        self._add_to(_BEGUN + device_id, projects)

    def set_access(
        self, device_id: str, project_id: str, withdrawn_at: str | None
    ) -> None:
        """Grant a device a project, or withdraw it: what it still sends is kept for review.

        A repeat is harmless; a second withdrawal keeps the time of the first.
        """
        self.connection.execute(
            "INSERT INTO device_project (project_id, device_id, withdrawn_at)"
            " VALUES (?, ?, ?) ON CONFLICT (project_id, device_id) DO UPDATE"
            " SET withdrawn_at = CASE WHEN excluded.withdrawn_at IS NULL THEN NULL"
            " ELSE coalesce(device_project.withdrawn_at, excluded.withdrawn_at) END",
            (project_id, device_id, withdrawn_at),
        )

    def device_by_token(self, token_hash: str) -> Device | None:
        """Return the device of a token unless it was revoked."""
        row = self.connection.execute(
            _DEVICES + " WHERE token_hash = ? AND revoked_at IS NULL", (token_hash,)
        ).fetchone()
        return _device(row) if row else None

    def device(self, device_id: str) -> Device:
        """Return a device as it is now."""
        row = self.connection.execute(
            _DEVICES + " WHERE device_id = ?", (device_id,)
        ).fetchone()
        return _device(row)

    def devices(self) -> list[Device]:
        """Return every device, oldest first, with the one of the server itself."""
        rows = self.connection.execute(_DEVICES + " ORDER BY created_at, device_id")
        return [_device(row) for row in rows]

    def update_device(
        self,
        device_id: str,
        *,
        revoked_at: str | None = None,
        last_seen_at: str | None = None,
        skew_s: float | None = None,
    ) -> None:
        """Note what is known of a device now; None leaves what is there.

        Who was revoked stays so: the first time counts.
        """
        self.connection.execute(
            "UPDATE device SET revoked_at = coalesce(revoked_at, ?),"
            " last_seen_at = coalesce(?, last_seen_at), skew_s = coalesce(?, skew_s)"
            " WHERE device_id = ?",
            (revoked_at, last_seen_at, skew_s, device_id),
        )

    def note_device_state(self, device_id: str, state: DeviceState) -> None:
        """Note what a laptop says of itself."""
        self.connection.execute(
            "INSERT INTO device_state (app, behind, free_mib, said_at, device_id)"
            " VALUES (?, ?, ?, ?, ?) ON CONFLICT (device_id) DO UPDATE SET"
            " app = excluded.app, behind = excluded.behind,"
            " free_mib = excluded.free_mib, said_at = excluded.said_at",
            (*state, device_id),
        )

    def device_states(self) -> dict[str, DeviceState]:
        """Return what each device said of itself last, by its id."""
        rows = self.connection.execute(
            "SELECT device_id, app, behind, free_mib, said_at FROM device_state"
        )
        return {row[0]: DeviceState(*row[1:]) for row in rows}

    def account(self, device_id: str) -> DeviceAccount:
        """Count what a device sent, by what became of it; each change once."""
        verdicts = self.connection.execute(_VERDICTS_OF, (device_id,))
        waiting = self.connection.execute(_WAITING_OF, (device_id,))
        conflicts = self.connection.execute(_CONFLICTS_OF, (device_id,))
        logs = self.connection.execute(
            "SELECT log_id, device_id, n, hash, parent_log, parent_n FROM log"
            " WHERE device_id = ? ORDER BY arrived",
            (device_id,),
        )
        return DeviceAccount(
            verdicts={Outcome(outcome): count for outcome, count in verdicts},
            custody=[CustodyCount(*row) for row in waiting],
            conflicts=dict(conflicts.fetchall()),
            logs=[
                LogState(
                    log,
                    device,
                    n,
                    bytes(digest),
                    None,
                    (parent, at) if parent else None,
                )
                for log, device, n, digest, parent, at in logs
            ],
        )


def _device(row: tuple[Any, ...]) -> Device:
    name, title, created, revoked, seen, projects, withdrawn, *rest = row
    key, skew_s, is_server, may_begin, begun, renew_code = rest
    return Device(
        id=name,
        name=title,
        created_at=created,
        revoked_at=revoked,
        last_seen_at=seen,
        projects=tuple(json.loads(projects)),
        withdrawn=tuple(json.loads(withdrawn)),
        public_key=key,
        skew_s=skew_s,
        is_server=bool(is_server),
        may_begin=bool(may_begin),
        begun=int(begun or 0),
        renew_code=renew_code,
    )
