"""Command `device`: enrol, list and revoke laptops; device_scope.py adds the others."""

from typing import Any, Final

import click

from schemas import limits
from schemas.printing import TableForm, prose
from server.cli.common import (
    device_data,
    json_option,
    one_line,
    print_json,
    print_table,
    with_store,
)

LAPTOPS: Final = TableForm(
    "laptops",
    prose("name"),
    "id",
    "enrolled",
    "last seen",
    "revoked",
    prose("projects"),
)


@click.group()
def device() -> None:
    """Enrol, look at and revoke laptops, and say which projects they see.

    \b
    Example:
      permille-server device list
    """


@device.command("code")
@click.option(
    "--project",
    "projects",
    multiple=True,
    required=True,
    help="Project, by code or start of its id; repeatable.",
)
@click.option(
    "--name",
    callback=one_line(limits.CODE_CHARS),
    help="Name of the laptop; its own by default.",
)
@click.option(
    "--may-begin-projects",
    "may_begin",
    is_flag=True,
    help="The laptop may begin projects of its own, under codes that are free.",
)
@json_option
@click.pass_context
def code(
    context: click.Context,
    projects: tuple[str, ...],
    name: str | None,
    may_begin: bool,
    as_json: bool,
) -> None:
    """Make a one-time code that enrols one laptop within seven days.

    \b
    Example:
      permille-server device code --project HF --name north-team
    """
    from server.access.enrolment import issue_code
    from server.access.projects import find_project, in_words
    from server.clock import Clock

    async def job(store: Any) -> tuple[str, str, list[str]]:  # noqa: ANN401
        found = [await find_project(store, project) for project in projects]
        ids = tuple(each["id"] for each in found)
        issued = await issue_code(store, Clock(), ids, name or "", may_begin=may_begin)
        return (*issued, [in_words(each) for each in found])

    text, expires, said = with_store(context, job)
    if as_json:
        told = {"code": text, "expires_at": expires, "projects": list(projects)}
        print_json({**told, "may_begin_projects": may_begin})
        return
    click.echo(f"Code: {text}   (one laptop, until {expires[:10]})")
    click.echo(f"For: {', '.join(said)}")
    if may_begin:
        click.echo("It may begin projects of its own.")
    click.echo(f"On the laptop: permille enrol https://THIS-SERVER {text}")


@device.command("list")
@json_option
@click.pass_context
def list_(context: click.Context, as_json: bool) -> None:
    """List every laptop.

    \b
    Example:
      permille-server device list --json
    """
    devices = with_store(context, _devices)
    if as_json:
        print_json([device_data(found) for found in devices])
        return
    print_table(
        LAPTOPS,
        [
            (d.name, d.id, d.created_at, d.last_seen_at, d.revoked_at, len(d.projects))
            for d in devices
        ],
    )


@device.command("revoke")
@click.argument("name", metavar="DEVICE")
@json_option
@click.pass_context
def revoke(context: click.Context, name: str, as_json: bool) -> None:
    """Refuse a laptop from now on, by name or id. What it sent stays.

    \b
    Example:
      permille-server device revoke north-team
    """
    from server.access.devices import find_device
    from server.clock import Clock

    async def job(store: Any) -> Any:  # noqa: ANN401
        found = await find_device(store, name)
        now = Clock().stamp()
        await store.write(lambda tx: tx.update_device(found.id, revoked_at=now))
        return found

    revoked = with_store(context, job)
    if as_json:
        print_json({"revoked": revoked.id, "name": revoked.name})
        return
    click.echo(f"Revoked {revoked.name} ({revoked.id}). What it sent stays.")


async def _devices(store: Any) -> list[Any]:  # noqa: ANN401
    from server.access.devices import laptops

    found: list[Any] = await store.read(laptops)
    return found
