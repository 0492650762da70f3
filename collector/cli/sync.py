"""sync."""

import asyncio
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from collector.cli.app import App, json_option, pass_app
from collector.cli.output import emit_json
from collector.errors import Exit

if TYPE_CHECKING:
    from collector.flow.syncing import Report


@click.command()
@json_option
@pass_app
def sync(app: App, as_json: bool) -> int:
    """Push what was recorded here and pull what is new.

    Safe to stop and to repeat at any time.

    \b
    Example:
      permille sync
    """
    from collector.flow import syncing

    with app.laptop() as laptop:
        report = asyncio.run(syncing.sync(laptop, _progress()))
        attention = syncing.needs_person(laptop)
    if as_json:
        emit_json(report.as_data())
    else:
        _tell(report)
    return Exit.ATTENTION if attention else Exit.DONE


def _progress() -> Callable[[int, int], None]:
    if not sys.stderr.isatty():
        return lambda _left, _received: None
    return lambda left, received: click.echo(
        f"\r{left} to push, {received} received   ", nl=False, err=True
    )


def _tell(report: "Report") -> None:
    if sys.stderr.isatty():
        click.echo("\r" + " " * 40 + "\r", nl=False, err=True)
    parts = [
        f"{count} {word}"
        for count, word in [
            (report.accepted, "accepted"),
            (report.merged, "merged"),
            (report.quarantined, "to fix"),
            (report.conflicts, "conflict" if report.conflicts == 1 else "conflicts"),
        ]
        if count
    ]
    verdicts = f": {', '.join(parts)}" if parts else ""
    click.echo(
        f"{report.pushed} changes pushed{verdicts}; {report.received} rows received"
    )
    if report.quarantined:
        click.echo("see: permille fix")
    if report.conflicts:
        click.echo("see: permille conflicts")
