"""Command `person`: who works at the desk and by commands, and what they may do where."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from schemas import limits
from schemas.printing import TableForm, prose
from schemas.told import counted
from server.access.rights import EVERYWHERE, Role
from server.cli.acting import one_line
from server.cli.common import json_option, print_json, print_table, say, with_store

if TYPE_CHECKING:
    from server.store.people_values import Person

_Command = TypeVar("_Command", bound=Callable[..., Any])

PEOPLE: Final = TableForm(
    "people", prose("name"), "account", "added", prose("roles"), "signed in"
)
_name = click.argument("name", metavar="PERSON", callback=one_line(limits.NAME_CHARS))
_roles = click.option(
    "--role",
    "roles",
    type=click.Choice([role.value for role in Role]),
    multiple=True,
    required=True,
    help="Role; may be repeated.",
)


def _where(command: _Command) -> _Command:
    """Add the options that say where a role is held."""
    for option in (
        click.option(
            "--everywhere", is_flag=True, help="In every project, those to come too."
        ),
        click.option(
            "--project",
            "projects",
            multiple=True,
            help="In this project, by code or start of its id. May be repeated.",
        ),
    ):
        command = option(command)
    return command


@click.group()
def person() -> None:
    """Say who may do what: viewer, collector, lab, manager, admin, auditor.

    A role is held in a project, or everywhere. docs/desk.md has what each may do.

    \b
    Example:
      permille-server person add "Ada Diallo" --role manager --project HF
      permille-server person link "Ada Diallo"
    """


@person.command("add")
@_name
@_roles
@_where
@click.option(
    "--login",
    callback=one_line(limits.NAME_CHARS),
    help="Account on this machine by which commands know the person.",
)
@json_option
@click.pass_context
def add(  # noqa: PLR0917 - click passes them by name
    context: click.Context,
    name: str,
    roles: tuple[str, ...],
    projects: tuple[str, ...],
    everywhere: bool,
    login: str | None,
    as_json: bool,
) -> None:
    """Add a person with roles.

    \b
    Example:
      permille-server person add "Ada Diallo" --role manager --project HF
      permille-server person add "Bo Ek" --role admin --everywhere --login bo
    """
    from server.access.people import NewPerson, add_person
    from server.clock import Clock

    async def job(store: Any) -> "Person":  # noqa: ANN401
        where = await _places(store, projects, everywhere=everywhere)
        asked = NewPerson(name, [Role(role) for role in roles], where, login)
        return await add_person(store, Clock(), asked)

    made: Person = with_store(context, job)
    _tell(made, as_json=as_json)
    if not as_json:
        say(f'to sign in at the desk: permille-server person link "{made.name}"')


@person.command("grant")
@_name
@_roles
@_where
@json_option
@click.pass_context
def grant(
    context: click.Context,
    name: str,
    roles: tuple[str, ...],
    projects: tuple[str, ...],
    everywhere: bool,
    as_json: bool,
) -> None:
    """Add roles to those that a person holds.

    \b
    Example:
      permille-server person grant "Ada Diallo" --role auditor --project WB
    """
    from server.access.people import give_roles
    from server.clock import Clock

    async def job(store: Any) -> "Person":  # noqa: ANN401
        where = await _places(store, projects, everywhere=everywhere)
        given = [Role(role) for role in roles]
        return await give_roles(store, Clock(), name, given, where)

    _tell(with_store(context, job), as_json=as_json)


@person.command("withdraw")
@_name
@_roles
@_where
@json_option
@click.pass_context
def withdraw(
    context: click.Context,
    name: str,
    roles: tuple[str, ...],
    projects: tuple[str, ...],
    everywhere: bool,
    as_json: bool,
) -> None:
    """Take roles from a person.

    \b
    Example:
      permille-server person withdraw "Ada Diallo" --role manager --project HF
    """
    from server.access.people import take_roles

    async def job(store: Any) -> "Person":  # noqa: ANN401
        where = await _places(store, projects, everywhere=everywhere)
        return await take_roles(store, name, [Role(role) for role in roles], where)

    _tell(with_store(context, job), as_json=as_json)


@person.command("remove")
@_name
@json_option
@click.pass_context
def remove(context: click.Context, name: str, as_json: bool) -> None:
    """Take every role and session of a person away; what they did keeps their name.

    \b
    Example:
      permille-server person remove "Ada Diallo"
    """
    from server.access.people import remove_person
    from server.clock import Clock

    found = with_store(context, lambda store: remove_person(store, Clock(), name))
    if as_json:
        print_json({"removed": found.id, "name": found.name})
        return
    say(f"Removed {found.name}: no role, no session. What they did keeps the name.")


@person.command("list")
@json_option
@click.pass_context
def list_(context: click.Context, as_json: bool) -> None:
    """List people with their roles, and in how many browsers each is signed in.

    \b
    Example:
      permille-server person list
    """
    from server.access.limits import limits_of
    from server.access.people import live_people
    from server.access.projects import known_projects
    from server.access.sessions import bounds_of, open_sessions
    from server.clock import Clock

    def read(tx: Any) -> tuple[list[Any], list[str], dict[str, str]]:  # noqa: ANN401
        bounds = bounds_of(limits_of(tx))
        found = open_sessions(tx.sessions(), bounds, Clock().now_ms())
        codes = {each["id"]: each["name"] for each in known_projects(tx)}
        return live_people(tx), [one.person_id for one in found], codes

    async def job(store: Any) -> Any:  # noqa: ANN401
        return await store.read(read)

    people, signed_in, codes = with_store(context, job)
    if as_json:
        print_json(
            [_told(one) | {"sessions": signed_in.count(one.id)} for one in people]
        )
        return
    rows = [
        (
            one.name,
            one.login or "",
            one.made_at[:10],
            _roles_told(one, codes),
            signed_in.count(one.id) or "no",
        )
        for one in people
    ]
    print_table(PEOPLE, rows)
    say(f"{counted(len(people), 'person', 'people')}.")
    if not people:
        say("Whoever has the account that the data belong to may do all.")
        say('Add one: permille-server person add "NAME" --role admin --everywhere')


@person.command("link")
@_name
@click.option(
    "--minutes",
    type=click.IntRange(1, 10_080),
    help="How long the link is taken; default: the limit sign_in_minutes.",
)
@click.option(
    "--address",
    metavar="URL",
    help="Address of this server, by https; kept. Default: the one of before.",
)
@json_option
@click.pass_context
def link(
    context: click.Context,
    name: str,
    minutes: int | None,
    address: str | None,
    as_json: bool,
) -> None:
    """Make a link that signs a person in at the desk, once; it is shown this once.

    \b
    Example:
      permille-server person link "Ada Diallo"
    """
    from server.access.address import public_address, read_address
    from server.access.limits import limits_of
    from server.access.sessions import make_link
    from server.clock import Clock

    given = read_address(address) if address else None

    async def job(store: Any) -> Any:  # noqa: ANN401
        bound = await store.read(lambda tx: limits_of(tx).sign_in_minutes)
        made = await make_link(store, Clock(), name, minutes or bound)
        where = await store.write(lambda tx: public_address(tx, given, "browsers"))
        return (*made, where)

    found, secret, until, where = with_store(context, job)
    url = f"{where}/desk/open?link={secret}"
    if as_json:
        print_json({"person": found.name, "link": url, "expires_at": until})
        return
    click.echo(url)
    say(
        f"It signs {found.name} in once, until {until[:16]} UTC. It is not shown again."
    )
    say("Send it by a way that only this person reads.")


@person.command("sign-out")
@_name
@json_option
@click.pass_context
def sign_out(context: click.Context, name: str, as_json: bool) -> None:
    """End every session of a person at the desk.

    \b
    Example:
      permille-server person sign-out "Ada Diallo"
    """
    from server.access.sessions import sign_out_everywhere
    from server.clock import Clock

    found, count = with_store(
        context, lambda store: sign_out_everywhere(store, Clock(), name)
    )
    if as_json:
        print_json({"person": found.name, "ended": count})
        return
    say(f"{found.name}: {counted(count, 'session')} ended.")


async def _places(
    store: Any,  # noqa: ANN401
    projects: Sequence[str],
    *,
    everywhere: bool,
) -> list[str]:
    """Return where a role is held: ids of projects, or everywhere."""
    from server.access.projects import ids_of

    if everywhere == bool(projects):
        raise click.UsageError("say where: --project HF, or --everywhere")
    return [EVERYWHERE] if everywhere else await ids_of(store, projects)


def _tell(found: "Person", *, as_json: bool) -> None:
    if as_json:
        print_json(_told(found))
        return
    held = ", ".join(sorted({role for _, role in found.roles})) or "no role"
    say(f"{found.name}: {held}. See: permille-server person list")


def _told(one: "Person") -> dict[str, Any]:
    roles = [{"project": where, "role": role} for where, role in one.roles]
    return {
        "id": one.id,
        "name": one.name,
        "login": one.login,
        "added_at": one.made_at,
        "roles": roles,
    }


def _roles_told(one: "Person", codes: dict[str, str]) -> str:
    return ", ".join(
        f"{role} everywhere"
        if where == EVERYWHERE
        else f"{role} in {codes.get(where, where[:8])}"
        for where, role in one.roles
    )
