"""Command `device`: list and revoke laptops; device_code.py and device_scope.py add the others."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from schemas.printing import TableForm, prose
from schemas.told import counted
from server.cli.common import (
    device_data,
    json_option,
    print_json,
    print_table,
    with_store,
)

if TYPE_CHECKING:
    from server.access.devices import Enrolments

LAPTOPS: Final = TableForm(
    "laptops",
    prose("name"),
    "id",
    "enrolled",
    "last seen",
    "revoked",
    prose("projects"),
    prose("earlier"),
)


@click.group()
def device() -> None:
    """Enrol, look at and revoke laptops, and say which projects they see.

    \b
    Example:
      permille-server device list
    """


@device.command("list")
@click.option(
    "--all", "every", is_flag=True, help="Each enrolment of a laptop by itself."
)
@json_option
@click.pass_context
def list_(context: click.Context, every: bool, as_json: bool) -> None:
    """List every laptop; one that was enrolled again once, with its last enrolment.

    \b
    Example:
      permille-server device list
      permille-server device list --all --json
    """
    from server.access.devices import Enrolments, folded

    found, codes = with_store(context, _devices)
    laptops = [Enrolments(one) for one in found] if every else folded(found)
    if as_json:
        print_json([_told(one) for one in laptops])
        return
    print_table(LAPTOPS, [_row(one, codes) for one in laptops])
    count = sum(len(one.earlier) for one in laptops)
    folds = f"; {counted(count, 'earlier enrolment')}: --all" if count else ""
    click.echo(f"{counted(len(laptops), 'laptop')}{folds}.")


def _told(one: "Enrolments") -> dict[str, Any]:
    earlier = [device_data(device) for device in one.earlier]
    return device_data(one.now) | ({"earlier": earlier} if earlier else {})


def _row(one: "Enrolments", codes: Mapping[str, str]) -> list[object]:
    found = one.now
    return [
        found.name,
        found.id[:8],
        found.created_at[:16],
        (found.last_seen_at or "never")[:16],
        (found.revoked_at or "")[:16],
        ", ".join(codes.get(each, each[:8]) for each in found.projects),
        counted(len(one.earlier), "enrolment") if one.earlier else "",
    ]


@device.command("revoke")
@click.argument("name", metavar="DEVICE")
@json_option
@click.pass_context
def revoke(context: click.Context, name: str, as_json: bool) -> None:
    """Refuse a laptop from now on, by name or id. What it sent stays.

    One that was enrolled several times is refused under all of them.

    \b
    Example:
      permille-server device revoke north-team
    """
    from server.access import devices
    from server.clock import Clock

    found = with_store(context, lambda store: devices.revoke(store, Clock(), name))
    if as_json:
        print_json({"revoked": found.now.id, "name": found.now.name})
        return
    again = (
        f" with {counted(len(found.earlier), 'earlier enrolment')}"
        if found.earlier
        else ""
    )
    click.echo(f"Revoked {found.now.name} ({found.now.id}){again}. What it sent stays.")


async def _devices(store: Any) -> tuple[list[Any], dict[str, str]]:  # noqa: ANN401
    from server.access.devices import laptops
    from server.access.projects import known_projects

    def read(tx: Any) -> tuple[list[Any], dict[str, str]]:  # noqa: ANN401
        codes = {each["id"]: each["name"] for each in known_projects(tx)}
        return laptops(tx), codes

    found: tuple[list[Any], dict[str, str]] = await store.read(read)
    return found
