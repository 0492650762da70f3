"""What the server asks of a database about people: a part of the port."""

from typing import Protocol

from server.store.people_values import DeskSession, Person


class People(Protocol):
    """People, their roles, links that sign them in, and their sessions at the desk."""

    def add_person(self, person: Person) -> None:
        """Save a person; roles are saved by themselves."""

    def end_person(self, person_id: str, now: str) -> None:
        """Take roles and sessions of a person away; the name stays."""

    def people(self) -> list[Person]:
        """Return everybody with their roles, who was added first before others."""

    def add_role(self, project_id: str, person_id: str, role: str, now: str) -> None:
        """Note that a person holds a role; a repeat is harmless."""

    def drop_role(self, project_id: str, person_id: str, role: str) -> None:
        """Note that a person holds a role no longer."""

    def add_sign_in_link(self, link_hash: str, person_id: str, until: str) -> None:
        """Save a link that signs a person in once."""

    def use_sign_in_link(self, link_hash: str, now: str) -> str | None:
        """Use a link up; return whose it is, None for one that is used, ended or unknown."""

    def add_session(self, session: DeskSession, session_hash: str) -> None:
        """Save a session."""

    def session(self, session_hash: str) -> DeskSession | None:
        """Return the session with this hash, ended or not."""

    def sessions(self) -> list[DeskSession]:
        """Return every session, the one begun last before others."""

    def note_session_use(self, session_id: str, now: str) -> None:
        """Note that a session was used."""

    def end_sessions(self, person_id: str, session_id: str | None, now: str) -> int:
        """End one session of a person, or all; return how many were open."""
