"""People: who they are, and which roles they hold where."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Final

from schemas.names import meant
from server.access.names import Nameable
from server.access.rights import NOBODY, OWNER, HeldRoles, Role
from server.clock import Clock
from server.errors import RefusedError
from server.store.people_values import Person
from server.store.port import Store, Transaction


@dataclass(frozen=True, slots=True)
class NewPerson:
    """What an administrator says of a person; `projects` may be `EVERYWHERE` alone."""

    name: str
    roles: Sequence[Role]
    projects: Sequence[str]
    login: str | None = None


async def add_person(store: Store, clock: Clock, asked: NewPerson) -> Person:
    """Save a person with roles.

    Raises
    ------
    RefusedError
        If somebody has the name or the account already.
    """
    made = Person(clock.new_id(), asked.name, asked.login, clock.stamp())

    def job(tx: Transaction) -> Person:
        for other in live_people(tx):
            if other.name.casefold() == asked.name.casefold():
                raise RefusedError(
                    f"there is a person {other.name} already",
                    [],
                    f'give roles with: permille-server person grant "{other.name}"',
                )
            if asked.login is not None and other.login == asked.login:
                raise RefusedError(
                    f"the account {asked.login} is that of {other.name}",
                    [],
                    f'first: permille-server person remove "{other.name}"',
                )
        tx.add_person(made)
        _give(tx, made.id, asked.roles, asked.projects, made.made_at)
        return _known(tx, made.id)

    return await store.write(job)


async def give_roles(
    store: Store, clock: Clock, name: str, roles: Sequence[Role], where: Sequence[str]
) -> Person:
    """Add roles in projects to a person.

    Raises
    ------
    NotFoundError, AmbiguousError
        If nobody, or several, are called so.
    """
    now = clock.stamp()

    def job(tx: Transaction) -> Person:
        person = find_person(tx, name)
        _give(tx, person.id, roles, where, now)
        return _known(tx, person.id)

    return await store.write(job)


async def take_roles(
    store: Store, name: str, roles: Sequence[Role], where: Sequence[str]
) -> Person:
    """Take roles in projects from a person.

    Raises
    ------
    NotFoundError, AmbiguousError
        If nobody, or several, are called so.
    """

    def job(tx: Transaction) -> Person:
        person = find_person(tx, name)
        for project_id in where:
            for role in roles:
                tx.drop_role(project_id, person.id, role)
        return _known(tx, person.id)

    return await store.write(job)


async def remove_person(store: Store, clock: Clock, name: str) -> Person:
    """Take every role and session of a person away; what they did keeps their name.

    Raises
    ------
    NotFoundError, AmbiguousError
        If nobody, or several, are called so.
    """
    now = clock.stamp()

    def job(tx: Transaction) -> Person:
        person = find_person(tx, name)
        tx.end_person(person.id, now)
        return person

    return await store.write(job)


def find_person(tx: Transaction, name: str) -> Person:
    """Return the person with this name, account, id or start of an id.

    Raises
    ------
    NotFoundError, AmbiguousError
        If nobody, or several, are called so.
    """
    known = {one.id: one for one in live_people(tx)}
    names = {
        one.id: tuple(filter(None, (one.name, one.login))) for one in known.values()
    }
    found = {place: known[place] for place in meant(name, names)}
    return _PERSON.only(name, found, known)


def live_people(tx: Transaction) -> list[Person]:
    """Return everybody who was not removed."""
    return [one for one in tx.people() if one.ended_at is None]


def held_by(person: Person) -> HeldRoles:
    """Return the roles of a person by project."""
    pairs = sorted(person.roles)
    return HeldRoles(
        {
            project: frozenset(Role(role) for _, role in some)
            for project, some in groupby(pairs, key=itemgetter(0))
        }
    )


def held_by_command(
    tx: Transaction, person: str, login: str, *, is_owner: bool
) -> HeldRoles:
    """Return what somebody may do who gives a command.

    Who says the name of a person has the roles of that person. Who says none is known by
    the account: the one that the data belong to may do all.
    """
    live = live_people(tx)
    for one in live:
        if person != login and one.name.casefold() == person.casefold():
            return held_by(one)
    if is_owner or not live:
        return OWNER
    return next((held_by(one) for one in live if one.login == login), NOBODY)


def _give(
    tx: Transaction,
    person_id: str,
    roles: Sequence[Role],
    where: Sequence[str],
    now: str,
) -> None:
    for project_id in where:
        for role in roles:
            tx.add_role(project_id, person_id, role, now)


def _known(tx: Transaction, person_id: str) -> Person:
    return next(one for one in tx.people() if one.id == person_id)


_PERSON: Final[Nameable[Person]] = Nameable(
    "person",
    "permille-server person list",
    lambda person, start: f"{person.name} ({start}) of {person.made_at[:16]}",
)
