"""People: who may do what where, links that sign in, and open sessions."""

from typing import Final

from schemas.phrases import _, ngettext
from server.access import people, sessions
from server.access.address import known_address
from server.access.people import NewPerson, live_people
from server.access.rights import EVERYWHERE, MAY, Right, Role
from server.desk.frame import Asked, Desk, DeskPage, GoTo
from server.errors import RefusedError, refuse
from server.store.people_values import Person
from server.store.port import Transaction

_HERE: Final = "/desk/people"
_COMMAND: Final = "permille-server person list"


async def show(desk: Desk, asked: Asked) -> DeskPage:
    """Show people with their roles in the projects of the page, and who is signed in."""
    everywhere, now_ms = asked.held.may(Right.PEOPLE), desk.clock.now_ms()
    bounds = sessions.bounds_of(desk.limits)

    def job(tx: Transaction) -> tuple[list[Person], dict[str, int]]:
        found = sessions.open_sessions(tx.sessions(), bounds, now_ms)
        ids = [one.person_id for one in found]
        return live_people(tx), {each: ids.count(each) for each in ids}

    known, signed_in = await desk.store.read(job)
    names = {one.id: one.name for one in asked.projects}
    shown = [
        {
            "person": one,
            "roles": [
                (project, names.get(project, ""), role)
                for project, role in one.roles
                if everywhere or project in asked.project_ids
            ],
            "sessions": signed_in.get(one.id, 0),
        }
        for one in known
        if everywhere or any(project in asked.project_ids for project, _ in one.roles)
    ]
    facts = {
        "shown": shown,
        "roles": [*Role],
        "may": {role: sorted(right.value for right in MAY[role]) for role in Role},
        "everywhere": everywhere,
        "is_everywhere": EVERYWHERE,
    }
    return DeskPage("people.html.j2", _COMMAND, facts)


async def add(desk: Desk, asked: Asked) -> GoTo:
    """Add a person with roles."""
    name = asked.said("name")
    if not name:
        raise RefusedError("the name is empty", [], "write who it is")
    asked_for = NewPerson(
        name, _roles(asked), _where(asked), asked.said("login") or None
    )
    made = await people.add_person(desk.store, desk.clock, asked_for)
    return GoTo(_HERE, _("{name} was added", name=made.name))


async def grant(desk: Desk, asked: Asked) -> GoTo:
    """Add roles to those that a person holds."""
    where, roles = _where(asked), _roles(asked)
    found = await people.give_roles(
        desk.store, desk.clock, asked.said("person"), roles, where
    )
    return GoTo(_HERE, _("{name} was given the role", name=found.name))


async def withdraw(desk: Desk, asked: Asked) -> GoTo:
    """Take a role from a person."""
    found = await people.take_roles(
        desk.store, asked.said("person"), _roles(asked), _where(asked)
    )
    return GoTo(_HERE, _("the role was taken from {name}", name=found.name))


async def link(desk: Desk, asked: Asked) -> DeskPage:
    """Make a link that signs a person in once; it is shown this once."""
    minutes = desk.limits.sign_in_minutes
    person, secret, until = await sessions.make_link(
        desk.store, desk.clock, asked.said("person"), minutes
    )
    address = await desk.store.read(known_address) or desk.address
    facts = {
        "person": person,
        "address": f"{address}/desk/open?link={secret}",
        "until": until,
    }
    return DeskPage(
        "link.html.j2", f'permille-server person link "{person.name}"', facts
    )


async def sign_out(desk: Desk, asked: Asked) -> GoTo:
    """End every session of a person."""
    person, count = await sessions.sign_out_everywhere(
        desk.store, desk.clock, asked.said("person")
    )
    return GoTo(
        _HERE,
        ngettext(
            "{name}: {num} session ended",
            "{name}: {num} sessions ended",
            count,
            name=person.name,
        ),
    )


def _roles(asked: Asked) -> list[Role]:
    """Return the roles that a form names.

    Raises
    ------
    RefusedError
        If it names none, or one that is none.
    """
    said = asked.form.get("role", ())
    if not said or not {*said} <= {*Role}:
        raise RefusedError("no role is chosen", [], f"choose of: {', '.join(Role)}")
    return [Role(one) for one in said]


def _where(asked: Asked) -> list[str]:
    """Return the projects that a form names, or all.

    Raises
    ------
    RequestError
        403 for all of them, from who manages people of some.
    RefusedError
        If it names none.
    """
    if asked.said("where") == EVERYWHERE:
        if not asked.held.may(Right.PEOPLE):
            raise refuse("not_allowed", Right.PEOPLE.value)
        return [EVERYWHERE]
    wanted = asked.said("where")
    for one in asked.projects:
        if wanted in {one.id, one.name}:
            return [one.id]
    raise RefusedError("no project is chosen", [], "choose one of them, or all")
