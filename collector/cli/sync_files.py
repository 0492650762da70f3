"""The part of `permille sync` that sends attached files, after the records."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from collector.cli.output import say
from schemas.phrases import _, followed, joined, named, ngettext
from schemas.screen import raw_errors, safe

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
    sent = ngettext("{num} attached file sent", "{num} attached files sent", files.sent)
    left = _("{num} still to send", num=files.waiting)
    say(followed(sent, left) if files.waiting else sent)
    for one in files.refused:
        say(joined(["  ", named(one["name"], one["reason"])], ""), err=True)
    if files.stopped is not None:
        say(_("stopped: {why}", why=files.stopped.text), err=True)
        say(_("  -> records are synced; run: permille sync"), err=True)


def _progress(name: str, offset: int, size: int) -> None:
    if sys.stderr.isatty():
        raw_errors().write(f"\r{safe(name[:40])} {100 * offset // size} %   ")
