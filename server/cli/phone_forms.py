"""Commands `phone submissions` and `phone show`: what phones sent, and what became of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from schemas.printing import TableForm, prose
from schemas.told import counted, worded
from server.cli.common import (
    data_directory,
    json_option,
    print_json,
    print_table,
    say,
    with_store,
)
from server.cli.custody import project_codes, project_of, project_option
from server.cli.phone import phone
from server.config import DataDirectory

SUBMISSIONS: Final = TableForm(
    "forms that phones sent",
    prose("project"),
    prose("phone"),
    "received",
    "form",
    "stand",
    "conflicts",
    "wait",
    prose("files missing"),
    "instance",
)
CHANGES: Final = TableForm(
    "changes of a form", prose("record"), "outcome", prose("reason"), "change"
)
PHONE_FILES: Final = TableForm(
    "files of a form", prose("name"), "bytes", "type", "sha256"
)


@phone.command("submissions")
@project_option
@click.option(
    "--incomplete", is_flag=True, help="Only those whose files have not all come."
)
@json_option
@click.pass_context
def submissions(
    context: click.Context, project: str | None, incomplete: bool, as_json: bool
) -> None:
    """List the forms that phones sent, with what became of them.

    \b
    Example:
      permille-server phone submissions --project HF --incomplete
    """
    from server.phones.listing import listed

    async def job(store: Any) -> tuple[list[dict[str, Any]], dict[str, str]]:  # noqa: ANN401
        within = await project_of(store, project)
        found = await store.read(
            lambda tx: listed(tx, within, only_incomplete=incomplete)
        )
        return found, await project_codes(store)

    found, codes = with_store(context, job)
    if as_json:
        print_json(found)
        return
    rows = [
        (
            codes.get(one["project"], one["project"][:8]),
            one["phone"],
            one["received_at"][:16],
            one["form"],
            one["stand"],
            one["in_conflict"],
            one["wait"],
            ", ".join(one["files_missing"]),
            one["instance"],
        )
        for one in found
    ]
    print_table(SUBMISSIONS, rows)
    kind = "incomplete form" if incomplete else "form"
    click.echo(f"{counted(len(found), kind)}.")
    if any(one["wait"] for one in found):
        say("What waits: permille-server quarantine list, and --held")


@phone.command("show")
@click.argument("instance", metavar="INSTANCE")
@project_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="A new folder: the form as it came, and its files, named for their content.",
)
@json_option
@click.pass_context
def show(
    context: click.Context,
    instance: str,
    project: str | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Show a form that a phone sent: its changes, its files, and what is wrong.

    \b
    Example:
      permille-server phone show uuid:0b5c9d1e-4a8e-4f6e-9d3c-7e6b0a3c9d11 --out form
    """
    from server.phones.copying import copy_out
    from server.phones.listing import shown

    data = context.find_object(DataDirectory) or data_directory(None)

    async def job(store: Any) -> list[dict[str, Any]]:  # noqa: ANN401
        within = await project_of(store, project)
        found = await store.read(lambda tx: shown(tx, instance, within))
        if out is not None:
            await copy_out(store, data.blobs, [one for one, _ in found], out)
        return [told for _, told in found]

    every = with_store(context, job, hands_out=out is not None)
    if as_json:
        print_json(every)
        return
    for place, one in enumerate(every):
        if place:
            click.echo()
        _print_one(one)
    if out is not None:
        say(f"Written to {out}", "  ")


def _print_one(one: Mapping[str, Any]) -> None:
    say(f"{one['instance']}: {one['form']} of {one['phone']}", "  ")
    say(f"received {one['received_at'][:16]}, version {one['version'] or 'unknown'}")
    if one["why"]:
        say(f"all of it waits: {one['why']['text']} [{one['why']['code']}]", "  ")
        say(one["why"]["hint"], "  ")
    print_table(
        CHANGES,
        [
            (each["name"], each["outcome"], _why(each["why"]), each["change"])
            for each in one["records"]
        ],
    )
    if one["files"]:
        print_table(
            PHONE_FILES,
            [
                (each["name"], each["bytes"], each["type"] or "unknown", each["sha256"])
                for each in one["files"]
            ],
        )
    if one["files_missing"]:
        say(f"files to come: {', '.join(one['files_missing'])}", "  ")


def _why(problems: list[dict[str, Any]]) -> str:
    return "; ".join(
        f"{worded(each['text'], {})} [{each['code']}]" for each in problems
    )


__all__ = ["phone"]
