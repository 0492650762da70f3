"""sync."""

import asyncio
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from collector.cli.app import App, json_option, pass_app
from collector.cli.output import emit_json
from collector.cli.sync_files import attachment_options, send_files, tell_files
from collector.errors import Exit

if TYPE_CHECKING:
    from collector.flow.syncing import Report


@click.command()
@attachment_options
@json_option
@pass_app
def sync(
    app: App, attachments: bool, attachment_rate: int | None, as_json: bool
) -> int:
    """Push what was recorded here and pull what is new; then send attached files.

    Safe to stop and to repeat at any time.

    \b
    Example:
      permille sync
    """
    from collector.flow import syncing

    with app.laptop() as laptop:
        report = asyncio.run(syncing.sync(laptop, _progress()))
        attention = syncing.needs_person(laptop)
        files = send_files(laptop, attachment_rate) if attachments else None
    if as_json:
        told = {"attachments": files.as_data()} if files else {}
        emit_json(report.as_data() | told)
    else:
        _tell(report)
        tell_files(files)
    if files is not None and files.stopped is not None:
        return files.stopped.exit_code
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
