"""bundle: sync by a stick, where no network is."""

import shlex
from dataclasses import asdict
from pathlib import Path

import click

from collector.cli.app import App, json_option, pass_app
from collector.cli.output import emit_json, say
from collector.errors import Exit
from schemas.told import counted


@click.group()
def bundle() -> None:
    """Carry changes to the server on a stick, and its answers back.

    Attached files do not travel this way.

    \b
    Example:
      permille bundle export /media/stick/north.bundle
      permille bundle apply /media/stick/north.answers
    """


@bundle.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Every change, for a server that lost what it had acknowledged.",
)
@json_option
@pass_app
def export(app: App, file: Path, everything: bool, as_json: bool) -> None:
    """Write every change that the server has not acknowledged to a file.

    Nothing is marked as sent: the next sync sends it too, and that does no harm.

    \b
    Example:
      permille bundle export /media/stick/north.bundle
    """
    from collector.sync import bundles

    with app.laptop() as laptop:
        done = bundles.export(laptop, file, everything=everything)
    if as_json:
        emit_json({"file": str(file), **asdict(done)})
        return
    say(f"{counted(done.changes, 'change')} in {file} ({done.bytes} bytes)")
    click.echo(f"on the server: permille-server bundle import {shlex.quote(file.name)}")


@bundle.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@pass_app
def apply(app: App, file: Path, as_json: bool) -> int:
    """Take in what the server answered to a bundle: verdicts, and rows as far as they go.

    The file is from `permille-server bundle import --reply`. A repeat does nothing.

    \b
    Example:
      permille bundle apply /media/stick/north.answers
    """
    from collector.cli.sync_report import tell
    from collector.sync import bundles
    from collector.sync.status import needs_person

    with app.laptop() as laptop:
        report = bundles.apply(laptop, file)
        attention = needs_person(laptop)
    if as_json:
        emit_json(report.as_data())
    else:
        tell(report, are_judged=True)
    return Exit.ATTENTION if attention else Exit.DONE
