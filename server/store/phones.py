"""Phones, what they sent and its files: SQLite."""

import json
from typing import Any, Final

from server.store.driver import Connection
from server.store.phone_values import Phone, PhoneFile, PhonePlace, Submission
from server.store.rows import dump

_PHONES: Final = """
    SELECT p.device_id, p.project_id, d.name, p.person, p.address, p.secret,
        d.public_key, d.created_at, d.last_seen_at, d.revoked_at
    FROM phone p JOIN device d ON d.device_id = p.device_id
"""
_SUBMISSIONS: Final = """
    SELECT project_id, device_id, instance_id, digest, form_id, version, received_at,
        operation, wanted, numbers, why, detail
    FROM phone_submission
    WHERE (CAST(?1 AS TEXT) IS NULL OR project_id = ?1)
        AND (CAST(?2 AS TEXT) IS NULL OR device_id = ?2)
        AND (CAST(?3 AS TEXT) IS NULL OR instance_id = ?3)
    ORDER BY arrived
"""
_SAVE: Final = """
    INSERT INTO phone_submission (project_id, device_id, instance_id, digest, form_id,
        version, received_at, operation, wanted, numbers, why, detail, xml)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (project_id, device_id, instance_id, digest) DO UPDATE
        SET numbers = excluded.numbers
"""
_XML: Final = """
    SELECT xml FROM phone_submission
    WHERE project_id = ? AND device_id = ? AND instance_id = ? AND digest = ?
"""
_SAVE_FILE: Final = """
    INSERT INTO phone_file (project_id, device_id, instance_id, digest, name, sha256,
        size, mime, received_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (project_id, device_id, instance_id, digest, name, sha256) DO NOTHING
"""
_FILES: Final = """
    SELECT project_id, device_id, instance_id, digest, name, sha256, size, mime,
        received_at
    FROM phone_file
    WHERE (CAST(?1 AS TEXT) IS NULL OR project_id = ?1)
        AND (CAST(?2 AS TEXT) IS NULL OR device_id = ?2)
        AND (CAST(?3 AS TEXT) IS NULL OR instance_id = ?3)
    ORDER BY project_id, device_id, instance_id, digest, name, sha256
"""


class PhoneTables:
    """The part of a transaction that knows phones."""

    connection: Connection

    def add_phone(self, phone: Phone, token_hash: str) -> None:
        """Save a phone; its device is saved by itself."""
        self.connection.execute(
            "INSERT INTO phone (project_id, device_id, token_hash, person, address,"
            " secret) VALUES (?, ?, ?, ?, ?, ?)",
            (
                phone.project_id,
                phone.id,
                token_hash,
                phone.person,
                phone.address,
                phone.secret.hex(),
            ),
        )

    def phone_by_token(self, token_hash: str) -> Phone | None:
        """Return the phone of a token unless it was revoked."""
        row = self.connection.execute(
            f"{_PHONES} WHERE p.token_hash = ? AND d.revoked_at IS NULL", (token_hash,)
        ).fetchone()
        return _phone(row) if row else None

    def phones(self) -> list[Phone]:
        """Return every phone, oldest first."""
        rows = self.connection.execute(f"{_PHONES} ORDER BY d.created_at, p.device_id")
        return [_phone(row) for row in rows]

    def submissions(
        self,
        project_id: str | None = None,
        phone_id: str | None = None,
        instance_id: str | None = None,
    ) -> list[Submission]:
        """Return what phones sent, oldest first; what is None does not narrow it."""
        wanted = (project_id, phone_id, instance_id)
        rows = self.connection.execute(_SUBMISSIONS, wanted)
        return [_submission(row) for row in rows]

    def submission_xml(self, place: PhonePlace) -> bytes:
        """Return the XML of a submission as it came."""
        (xml,) = self.connection.execute(_XML, place).fetchone()
        return bytes(xml)

    def save_submission(self, submission: Submission, xml: bytes) -> None:
        """Save a submission; of one that is here only its changes become others."""
        s = submission
        self.connection.execute(
            _SAVE,
            (
                *s.place,
                *(s.form_id, s.version, s.received_at, s.operation),
                *(dump(s.wanted), dump(s.numbers), s.why, s.detail, xml),
            ),
        )

    def save_phone_file(self, file: PhoneFile) -> None:
        """Save that a file of a submission is here; a repeat is harmless."""
        self.connection.execute(_SAVE_FILE, (*file.place, *file[1:]))

    def phone_files(
        self,
        project_id: str | None = None,
        phone_id: str | None = None,
        instance_id: str | None = None,
    ) -> list[PhoneFile]:
        """Return the files that phones sent, by their names."""
        wanted = (project_id, phone_id, instance_id)
        rows = self.connection.execute(_FILES, wanted)
        return [PhoneFile(PhonePlace(*row[:4]), *row[4:]) for row in rows]


def _phone(row: tuple[Any, ...]) -> Phone:
    device_id, project_id, name, person, address, secret, *rest = row
    return Phone(
        device_id, project_id, name, person, address, bytes.fromhex(secret), *rest
    )


def _submission(row: tuple[Any, ...]) -> Submission:
    place, (form_id, version, received_at, operation, *lists) = row[:4], row[4:]
    wanted, numbers, why, detail = lists
    return Submission(
        PhonePlace(*place),
        form_id,
        version,
        received_at,
        operation,
        tuple(json.loads(wanted)),
        tuple(json.loads(numbers)),
        why,
        detail,
    )
