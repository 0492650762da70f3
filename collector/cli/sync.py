"""sync."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

from collector.cli.app import App, json_option, pass_app
from collector.cli.output import emit_json
from collector.errors import Exit
from schemas import limits

if TYPE_CHECKING:
    from collector.core.tally import Report


@click.command()
@click.option(
    "--wait",
    is_flag=True,
    help="Wait for the server, trying again less and less often.",
)
@click.option(
    "--watch",
    is_flag=True,
    help="Stay and sync whenever something is new, until Ctrl-C.",
)
@click.option("--check", is_flag=True, help="Compare every row with the server's.")
@click.option(
    "--accept-removals",
    is_flag=True,
    help="Let the server take away many records at once.",
)
@json_option
@pass_app
def sync(
    app: App,
    wait: bool,
    watch: bool,
    check: bool,
    accept_removals: bool,
    as_json: bool,
) -> int:
    """Push what was recorded here and pull what is new.

    Safe to stop and to repeat at any time. The rows here are compared with the
    server's once a day, or with --check.

    \b
    Example:
      permille sync
      permille sync --wait
      permille sync --watch
    """
    from collector.flow import syncing, waiting

    options = syncing.Options(accepts_removals=accept_removals, checks=check)

    def tell(report: "Report") -> None:
        if as_json:
            emit_json(report.as_data())
        else:
            _tell(report)

    with app.laptop() as laptop:
        work = syncing.sync(laptop, _progress(), options)
        if watch:
            work.close()
            return asyncio.run(waiting.watch(laptop, _progress(), options, tell))
        if wait:
            work.close()
            work = waiting.until_reached(laptop, _progress(), options, _say_waiting)
        tell(asyncio.run(work))
        attention = syncing.needs_person(laptop)
    return Exit.ATTENTION if attention else Exit.DONE


def _progress() -> Callable[[int, int], None]:
    if not sys.stderr.isatty():
        return lambda _left, _received: None
    return lambda left, received: click.echo(
        f"\r{left} to push, {received} received   ", nl=False, err=True
    )


def _say_waiting(reason: str, seconds: float) -> None:
    click.echo(f"{reason}; trying again in {seconds:.0f} s", err=True)


def _tell(report: "Report") -> None:
    if sys.stderr.isatty():
        click.echo("\r" + " " * 40 + "\r", nl=False, err=True)
    parts = [
        f"{count} {word}"
        for count, word in [
            (report.accepted, "accepted"),
            (report.merged, "merged"),
            (report.quarantined, "to fix"),
            (report.held, "waiting"),
            (report.conflicts, "conflict" if report.conflicts == 1 else "conflicts"),
        ]
        if count
    ]
    verdicts = f": {', '.join(parts)}" if parts else ""
    click.echo(
        f"{report.pushed} changes pushed{verdicts}; {report.received} rows received"
    )
    for line in _more(report):
        click.echo(line)


def _more(report: "Report") -> Iterator[str]:
    if report.new_logs:
        yield (
            "this laptop's data was copied or restored: a new log was begun,"
            f" {report.moved} changes moved to it; nothing is lost"
        )
    if report.settled_late:
        yield f"{report.settled_late} changes that waited were settled on the server"
    if report.repaired:
        yield f"{report.repaired} rows differed from the server's and were mended"
    if abs(report.clock_skew_s) > limits.CLOCK_SKEW_WARN_S:
        ahead = "ahead of" if report.clock_skew_s > 0 else "behind"
        minutes = abs(report.clock_skew_s) / 60
        yield f"this laptop's clock is {minutes:.0f} minutes {ahead} the server's"
    if report.quarantined or report.held:
        yield "see: permille fix"
    if report.conflicts:
        yield "see: permille conflicts"
