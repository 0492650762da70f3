"""Command `bundle`: what laptops send by a stick."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from schemas.told import counted
from server.cli.common import json_option, print_json, with_store

if TYPE_CHECKING:
    from server.intake.bundles import TakenIn


@click.group()
def bundle() -> None:
    """Take in what laptops carry on a stick.

    \b
    Example:
      permille-server bundle import north.bundle --reply north.answers
    """


@bundle.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--reply",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the answers here, for: permille bundle apply",
)
@json_option
@click.pass_context
def import_(
    context: click.Context, file: Path, reply: Path | None, as_json: bool
) -> None:
    """Store and merge a bundle as if it had come over the network. A repeat is harmless.

    \b
    Example:
      permille-server bundle import north.bundle --reply north.answers
    """
    from schemas.durable_files import write_durably
    from server.clock import Clock
    from server.intake.answer_files import write_answers
    from server.intake.bundles import take_in

    clock = Clock()
    if reply is not None and not reply.absolute().parent.is_dir():
        raise click.BadParameter(
            f"there is no folder {reply.parent}; nothing was taken in",
            param_hint="--reply",
        )

    async def job(store: Any) -> "tuple[TakenIn, bytes]":  # noqa: ANN401
        taken = await take_in(store, clock, file)
        return taken, await write_answers(store, clock, taken)

    taken, answers = with_store(context, job)
    if reply is not None:
        write_durably(reply, answers)
    if as_json:
        print_json(_data(taken))
        return
    _tell(taken)
    if reply is not None:
        click.echo(f"On the laptop: permille bundle apply {shlex.quote(reply.name)}")


def _data(taken: "TakenIn") -> dict[str, Any]:
    return {
        "device": taken.device.id,
        "name": taken.device.name,
        "changes": taken.changes,
        "known": taken.known,
        "verdicts": taken.verdicts,
    }


def _tell(taken: "TakenIn") -> None:
    words = {"quarantined": "to fix", "held": "waiting"}
    counts = [
        f"{taken.verdicts[name]} {words.get(name, name)}"
        for name in ("accepted", "merged", "quarantined", "held", "conflict")
        if name in taken.verdicts
    ]
    said = f": {', '.join(counts)}" if counts else ""
    known = f"; {taken.known} known before" if taken.known else ""
    click.echo(
        f"{counted(taken.changes, 'change')} of {taken.device.name}{said}{known}"
    )
