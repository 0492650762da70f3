"""Signing in at the desk: links that open once, and the sessions they become."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from server.access.enrolment import digest
from server.access.people import find_person, held_by, live_people
from server.access.rights import HeldRoles
from server.clock import Clock, iso
from server.config import Limits
from server.errors import refuse
from server.store.people_values import DeskSession, Person
from server.store.port import Store, Transaction

_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 60 * _MINUTE_MS
#: A use is noted once in this time, not with every page.
_NOTED_EVERY_MS: Final = 5 * _MINUTE_MS
#: What is kept of the name that a browser has for itself.
_BROWSER_CHARS: Final = 120


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who works at the desk: the person, their roles, and the session."""

    person: Person
    held: HeldRoles
    session: DeskSession


@dataclass(frozen=True, slots=True)
class SessionBounds:
    """How many hours a session lasts without use, and how many days at most."""

    idle_hours: int
    days: int

    def has_ended(self, session: DeskSession, now_ms: int) -> bool:
        """Return whether a session opens nothing any more."""
        return (
            session.ended_at is not None
            or session.used_at < iso(now_ms - self.idle_hours * _HOUR_MS)
            or session.begun_at < iso(now_ms - self.days * 24 * _HOUR_MS)
        )


def bounds_of(limits: Limits) -> SessionBounds:
    """Return how long sessions last."""
    return SessionBounds(limits.session_idle_hours, limits.session_days)


async def make_link(
    store: Store, clock: Clock, name: str, minutes: int
) -> tuple[Person, str, str]:
    """Return a person, a secret that signs them in once, and until when it does.

    Raises
    ------
    NotFoundError, AmbiguousError
        If nobody, or several, are called so.
    """
    secret, until = clock.secret(), iso(clock.now_ms() + minutes * _MINUTE_MS)

    def job(tx: Transaction) -> Person:
        person = find_person(tx, name)
        tx.add_sign_in_link(digest(secret), person.id, until)
        return person

    return await store.write(job), secret, until


async def sign_in(store: Store, clock: Clock, secret: str, browser: str) -> str:
    """Begin a session by a link, which is used up; return the secret of the session.

    Raises
    ------
    RequestError
        403, if the link was used, has ended, or never was.
    """
    session_secret, now = clock.secret(), clock.stamp()

    def job(tx: Transaction) -> bool:
        person_id = tx.use_sign_in_link(digest(secret), now)
        if person_id is None or all(one.id != person_id for one in live_people(tx)):
            return False
        said = browser[:_BROWSER_CHARS]
        begun = DeskSession(clock.new_id(), person_id, now, now, None, said)
        tx.add_session(begun, digest(session_secret))
        return True

    if not await store.write(job):
        raise refuse("bad_sign_in_link")
    return session_secret


async def signed_in(
    store: Store, clock: Clock, secret: str, bounds: SessionBounds
) -> SignedIn | None:
    """Return who works in a session; None if it is unknown or has ended."""
    now_ms = clock.now_ms()

    def job(tx: Transaction) -> SignedIn | None:
        session = tx.session(digest(secret))
        if session is None or bounds.has_ended(session, now_ms):
            return None
        people = {one.id: one for one in live_people(tx)}
        person = people.get(session.person_id)
        return SignedIn(person, held_by(person), session) if person else None

    found = await store.read(job)
    if found and found.session.used_at < iso(now_ms - _NOTED_EVERY_MS):
        session_id = found.session.id
        await store.write(lambda tx: tx.note_session_use(session_id, iso(now_ms)))
    return found


async def sign_out(store: Store, clock: Clock, person_id: str, session_id: str) -> None:
    """End one session of a person."""
    now = clock.stamp()
    await store.write(lambda tx: tx.end_sessions(person_id, session_id, now))


async def sign_out_everywhere(
    store: Store, clock: Clock, name: str
) -> tuple[Person, int]:
    """End every session of a person; return how many were open.

    Raises
    ------
    NotFoundError, AmbiguousError
        If nobody, or several, are called so.
    """
    now = clock.stamp()

    def job(tx: Transaction) -> tuple[Person, int]:
        person = find_person(tx, name)
        return person, tx.end_sessions(person.id, None, now)

    return await store.write(job)


def open_sessions(
    sessions: Sequence[DeskSession], bounds: SessionBounds, now_ms: int
) -> list[DeskSession]:
    """Return the sessions that have not ended."""
    return [one for one in sessions if not bounds.has_ended(one, now_ms)]
