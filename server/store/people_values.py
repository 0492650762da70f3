"""People, their roles and their sessions at the desk, as the store keeps them. Pure."""

from typing import NamedTuple


class Person(NamedTuple):
    """Somebody with roles; `roles` are pairs of a project id, or `*`, and a role."""

    id: str
    name: str
    login: str | None
    made_at: str
    ended_at: str | None = None
    roles: tuple[tuple[str, str], ...] = ()


class DeskSession(NamedTuple):
    """A browser in which somebody signed in."""

    id: str
    person_id: str
    begun_at: str
    used_at: str
    ended_at: str | None
    browser: str
