"""People, their roles and their sessions at the desk: SQLite."""

from collections import defaultdict
from typing import Final

from server.store.driver import Connection
from server.store.people_values import DeskSession, Person

_PEOPLE: Final = """
    SELECT person_id, name, login, made_at, ended_at
    FROM person ORDER BY made_at, person_id
"""
_ROLES: Final = """
    SELECT person_id, project_id, role FROM person_role
    ORDER BY person_id, project_id, role
"""
_SESSIONS: Final = """
    SELECT session_id, person_id, begun_at, used_at, ended_at, browser FROM desk_session
"""
_USE_LINK: Final = """
    UPDATE sign_in_link SET used_at = ?1
    WHERE link_hash = ?2 AND used_at IS NULL AND expires_at > ?1
    RETURNING person_id
"""
_END: Final = """
    UPDATE desk_session SET ended_at = ?1
    WHERE person_id = ?2 AND ended_at IS NULL
        AND (CAST(?3 AS TEXT) IS NULL OR session_id = ?3)
    RETURNING session_id
"""


class PeopleTables:
    """The part of a transaction that knows people."""

    connection: Connection

    def add_person(self, person: Person) -> None:
        """Save a person; roles are saved by themselves."""
        self.connection.execute(
            "INSERT INTO person (person_id, name, login, made_at) VALUES (?, ?, ?, ?)",
            (person.id, person.name, person.login, person.made_at),
        )

    def end_person(self, person_id: str, now: str) -> None:
        """Take roles and sessions of a person away; the name stays."""
        self.connection.execute(
            "UPDATE person SET ended_at = ? WHERE person_id = ?", (now, person_id)
        )
        self.connection.execute(
            "DELETE FROM person_role WHERE person_id = ?", (person_id,)
        )
        self.end_sessions(person_id, None, now)

    def people(self) -> list[Person]:
        """Return everybody with their roles, who was added first before others."""
        roles = defaultdict[str, list[tuple[str, str]]](list)
        for person_id, *role in self.connection.execute(_ROLES):
            roles[person_id].append(tuple(role))
        rows = self.connection.execute(_PEOPLE).fetchall()
        return [Person(*row)._replace(roles=tuple(roles[row[0]])) for row in rows]

    def add_role(self, project_id: str, person_id: str, role: str, now: str) -> None:
        """Note that a person holds a role; a repeat is harmless."""
        self.connection.execute(
            "INSERT INTO person_role (project_id, person_id, role, held_since)"
            " VALUES (?, ?, ?, ?) ON CONFLICT (project_id, person_id, role) DO NOTHING",
            (project_id, person_id, role, now),
        )

    def drop_role(self, project_id: str, person_id: str, role: str) -> None:
        """Note that a person holds a role no longer."""
        self.connection.execute(
            "DELETE FROM person_role"
            " WHERE project_id = ? AND person_id = ? AND role = ?",
            (project_id, person_id, role),
        )

    def add_sign_in_link(self, link_hash: str, person_id: str, until: str) -> None:
        """Save a link that signs a person in once."""
        self.connection.execute(
            "INSERT INTO sign_in_link (link_hash, person_id, expires_at)"
            " VALUES (?, ?, ?)",
            (link_hash, person_id, until),
        )

    def use_sign_in_link(self, link_hash: str, now: str) -> str | None:
        """Use a link up; return whose it is, None for one that is used, ended or unknown."""
        row = self.connection.execute(_USE_LINK, (now, link_hash)).fetchone()
        return row[0] if row else None

    def add_session(self, session: DeskSession, session_hash: str) -> None:
        """Save a session."""
        self.connection.execute(
            "INSERT INTO desk_session (session_id, session_hash, person_id, begun_at,"
            " used_at, browser) VALUES (?, ?, ?, ?, ?, ?)",
            (
                session.id,
                session_hash,
                session.person_id,
                session.begun_at,
                session.used_at,
                session.browser,
            ),
        )

    def session(self, session_hash: str) -> DeskSession | None:
        """Return the session with this hash, ended or not."""
        row = self.connection.execute(
            f"{_SESSIONS} WHERE session_hash = ?", (session_hash,)
        ).fetchone()
        return DeskSession(*row) if row else None

    def sessions(self) -> list[DeskSession]:
        """Return every session, the one begun last before others."""
        rows = self.connection.execute(
            f"{_SESSIONS} ORDER BY begun_at DESC, session_id"
        )
        return [DeskSession(*row) for row in rows]

    def note_session_use(self, session_id: str, now: str) -> None:
        """Note that a session was used."""
        self.connection.execute(
            "UPDATE desk_session SET used_at = ? WHERE session_id = ?",
            (now, session_id),
        )

    def end_sessions(self, person_id: str, session_id: str | None, now: str) -> int:
        """End one session of a person, or all; return how many were open."""
        wanted = (now, person_id, session_id)
        return len(self.connection.execute(_END, wanted).fetchall())
