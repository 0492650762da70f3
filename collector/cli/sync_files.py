"""The part of `permille sync` that sends attached files, after the records."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from schemas.screen import raw_errors, safe
from schemas.told import counted

if TYPE_CHECKING:
    from collector.files.transfer import Sent
    from collector.laptop.laptop import Laptop

F = TypeVar("F", bound=Callable[..., Any])

#: Slower than this, a piece does not arrive within the server's patience.
_LEAST_KBIT = 16


def attachment_options(command: F) -> F:
    """Add the options that say whether and how fast files are sent."""
    rate = click.option(
        "--attachment-rate",
        type=click.IntRange(_LEAST_KBIT),
        metavar="KBIT",
        help="Send files with so many kbit/s at most.",
    )
    send = click.option(
        "--attachments/--no-attachments",
        default=True,
        help="Send attached files after the records.  [default: attachments]",
    )
    return send(rate(command))


async def send_files(laptop: "Laptop", rate_kbit: int | None) -> "Sent":
    """Send the files that wait."""
    from collector.files.transfer import send_waiting

    return await send_waiting(laptop, rate_kbit, _progress)


def tell_files(files: "Sent | None") -> None:
    """Print what came of it, if there was anything to send."""
    if files is None or not (files.sent or files.waiting or files.stopped):
        return
    left = f"; {files.waiting} still to send" if files.waiting else ""
    click.echo(f"{counted(files.sent, 'attached file')} sent{left}")
    for one in files.refused:
        click.echo(f"  {one['name']}: {one['reason']}", err=True)
    if files.stopped is not None:
        click.echo(f"stopped: {files.stopped.text}", err=True)
        click.echo("  -> records are synced; run: permille sync", err=True)


def _progress(name: str, offset: int, size: int) -> None:
    if sys.stderr.isatty():
        raw_errors().write(f"\r{safe(name[:40])} {100 * offset // size} %   ")
