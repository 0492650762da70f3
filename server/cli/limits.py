"""Command `limits`: what a server gives to those who come, seen and moved."""

from dataclasses import fields
from typing import Any, Final

import click

from schemas.printing import TableForm, prose
from server.cli.common import json_option, print_json, print_table, with_store

LIMITS: Final = TableForm(
    "limits", "name", "number", "default", "least", "most", prose("bounds")
)


@click.command()
@click.option(
    "--set",
    "moved",
    multiple=True,
    metavar="NAME=NUMBER",
    help="Move a limit; NAME=default puts it back. May be repeated.",
)
@json_option
@click.pass_context
def limits(context: click.Context, moved: tuple[str, ...], as_json: bool) -> None:
    """Show what laptops and strangers may take of this server, or move it.

    They hold when the server starts again.

    \b
    Example:
      permille-server limits
      permille-server limits --set connections=500 --set body_mib=default
    """
    from server.access.limits import limits_of, move_limits
    from server.config import Limits

    wanted = dict(map(_read, moved))

    async def job(store: Any) -> Limits:  # noqa: ANN401
        if wanted:
            found: Limits = await store.write(lambda tx: move_limits(tx, wanted))
        else:
            found = await store.read(limits_of)
        return found

    present = with_store(context, job)
    rows = [
        (
            each.name,
            getattr(present, each.name),
            each.default,
            each.metadata["least"],
            each.metadata["most"],
            each.metadata["says"],
        )
        for each in fields(Limits)
    ]
    if as_json:
        names = [column.name for column in LIMITS.columns]
        print_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    print_table(LIMITS, rows)


def _read(said: str) -> tuple[str, int | None]:
    name, _, number = said.partition("=")
    name = name.strip().replace("-", "_")
    if number.strip() == "default":
        return name, None
    if not number.strip().isascii() or not number.strip().isdigit():
        raise click.BadParameter(
            f"{said} is not NAME=NUMBER, such as connections=500", param_hint="--set"
        )
    return name, int(number)
