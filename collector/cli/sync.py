"""sync."""

from collections.abc import Awaitable, Callable, Coroutine
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import click

from collector.cli.app import App, insecure_option, json_option, pass_app
from collector.cli.output import emit_json, say
from collector.cli.progress import ProgressLine
from collector.cli.sync_files import attachment_options, send_files, tell_files
from collector.cli.sync_report import tell as tell_report
from collector.errors import Exit
from schemas.phrases import Phrase, _, figure

if TYPE_CHECKING:
    from collector.files.transfer import Sent
    from collector.sync.tally import SyncReport

T = TypeVar("T")


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
@insecure_option
@attachment_options
@json_option
@pass_app
def sync(  # noqa: PLR0917 - click passes them by name
    app: App,
    wait: bool,
    watch: bool,
    check: bool,
    accept_removals: bool,
    insecure: bool,
    attachments: bool,
    attachment_rate: int | None,
    as_json: bool,
) -> int:
    """Push what was recorded here and pull what is new; then send attached files.

    Safe to stop and to repeat at any time. The rows here are compared with the
    server's once a day, or with --check. Another sync of this laptop is waited for,
    10 s at most; one that goes on for longer ends this one with exit code 5.

    \b
    Example:
      permille sync
      permille sync --wait
      permille sync --watch
    """
    from collector.sync import session, status
    from collector.sync.watch import until_reached
    from collector.sync.watch import watch as sync_for_ever

    def tell(report: "SyncReport", files: "Sent | None") -> None:
        if as_json:
            told = {"attachments": files.as_data()} if files else {}
            emit_json(report.as_data() | told)
        else:
            tell_report(report)
            tell_files(files)

    line = ProgressLine(quiet=as_json)

    def tell_waiting(reason: str, seconds: float) -> None:
        line.clear()
        say(_again(reason, seconds), err=True)

    options = session.SyncOptions(accept_removals, check, insecure)
    with app.laptop() as laptop, closing(line):

        async def files_after(report: "SyncReport") -> "Sent | None":
            line.clear()
            files = await send_files(laptop, attachment_rate) if attachments else None
            if not watch or report.pushed or report.received:
                tell(report, files)
            return files

        if watch:
            go_on = sync_for_ever(laptop, line, options, files_after, tell_waiting)
            _run(go_on)
            return Exit.DONE
        reach = partial(until_reached, tell=tell_waiting)
        work = reach if wait else session.sync
        files = _run(_once(work(laptop, line, options), files_after))
        attention = status.needs_person(laptop)
    if files is not None and files.stopped is not None:
        return files.stopped.exit_code
    return Exit.ATTENTION if attention else Exit.DONE


def _again(reason: str, seconds: float) -> Phrase:
    wait = figure(seconds)
    return _("{reason}; trying again in {seconds} s", reason=reason, seconds=wait)


def _run(work: "Coroutine[Any, Any, T]") -> T:
    import asyncio

    return asyncio.run(work)


async def _once(
    records: "Awaitable[SyncReport]",
    files_after: "Callable[[SyncReport], Awaitable[Sent | None]]",
) -> "Sent | None":
    return await files_after(await records)
