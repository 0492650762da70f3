"""sync."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import click

from collector.cli.app import App, json_option, pass_app
from collector.cli.output import emit_json
from collector.cli.sync_files import attachment_options, send_files, tell_files
from collector.errors import Exit
from schemas import limits

if TYPE_CHECKING:
    from collector.core.tally import Report
    from collector.flow.attachments import Sent


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
@attachment_options
@json_option
@pass_app
def sync(  # noqa: PLR0917 - click passes them by name
    app: App,
    wait: bool,
    watch: bool,
    check: bool,
    accept_removals: bool,
    attachments: bool,
    attachment_rate: int | None,
    as_json: bool,
) -> int:
    """Push what was recorded here and pull what is new; then send attached files.

    Safe to stop and to repeat at any time. The rows here are compared with the
    server's once a day, or with --check.

    \b
    Example:
      permille sync
      permille sync --wait
      permille sync --watch
    """
    from collector.flow import syncing, waiting

    def tell(report: "Report", files: "Sent | None") -> None:
        if as_json:
            told = {"attachments": files.as_data()} if files else {}
            emit_json(report.as_data() | told)
        else:
            _tell(report)
            tell_files(files)

    options = syncing.Options(accepts_removals=accept_removals, checks=check)
    with app.laptop() as laptop:

        async def files_after(report: "Report") -> "Sent | None":
            files = await send_files(laptop, attachment_rate) if attachments else None
            if not watch or report.pushed or report.received:
                tell(report, files)
            return files

        if watch:
            asyncio.run(waiting.watch(laptop, _progress(), options, files_after))
            return Exit.DONE
        reach = partial(waiting.until_reached, tell=_say_waiting)
        work = reach if wait else syncing.sync
        files = asyncio.run(_once(work(laptop, _progress(), options), files_after))
        attention = syncing.needs_person(laptop)
    if files is not None and files.stopped is not None:
        return files.stopped.exit_code
    return Exit.ATTENTION if attention else Exit.DONE


async def _once(
    records: "Awaitable[Report]",
    files_after: "Callable[[Report], Awaitable[Sent | None]]",
) -> "Sent | None":
    return await files_after(await records)


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
