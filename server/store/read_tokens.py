"""Tokens that read and do nothing else: SQLite."""

import json
from typing import Any, Final

from server.store.driver import Connection
from server.store.values import ReadToken

_TOKENS: Final = """
    SELECT token_id, name, created_at, (SELECT json_group_array(p.project_id)
            FROM read_token_project p WHERE p.token_id = read_token.token_id),
        expires_at, revoked_at, role
    FROM read_token
"""


class ReadTokenTables:
    """The part of a transaction that knows who may read."""

    connection: Connection

    def add_read_token(self, token: ReadToken, token_hash: str) -> None:
        """Save a token that reads some projects."""
        self.connection.execute(
            "INSERT INTO read_token (token_id, name, token_hash, created_at, expires_at,"
            " role) VALUES (?, ?, ?, ?, ?, ?)",
            (
                *(token.id, token.name, token_hash, token.created_at),
                *(token.expires_at, token.role),
            ),
        )
        self.connection.executemany(
            "INSERT INTO read_token_project (project_id, token_id) VALUES (?, ?)",
            [(project, token.id) for project in token.projects],
        )

    def read_token(self, token_hash: str, now: str) -> ReadToken | None:
        """Return a token unless it was revoked or has expired."""
        row = self.connection.execute(
            f"{_TOKENS} WHERE token_hash = ? AND revoked_at IS NULL"
            " AND (expires_at IS NULL OR expires_at > ?)",
            (token_hash, now),
        ).fetchone()
        return _token(row) if row else None

    def read_tokens(self) -> list[ReadToken]:
        """Return every token that reads, oldest first."""
        rows = self.connection.execute(f"{_TOKENS} ORDER BY created_at, token_id")
        return [_token(row) for row in rows]

    def end_read_token(self, token_id: str, expires_at: str) -> None:
        """Take a token up to a moment and no longer."""
        self.connection.execute(
            "UPDATE read_token SET expires_at = ? WHERE token_id = ?",
            (expires_at, token_id),
        )

    def revoke_read_token(self, token_id: str, now: str) -> None:
        """Refuse a token from now on; the first time counts."""
        self.connection.execute(
            "UPDATE read_token SET revoked_at = coalesce(revoked_at, ?)"
            " WHERE token_id = ?",
            (now, token_id),
        )


def _token(row: tuple[Any, ...]) -> ReadToken:
    name, title, created, projects, *rest = row
    return ReadToken(name, title, created, tuple(json.loads(projects)), *rest)
