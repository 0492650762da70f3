"""What a sync did, in words that add up."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from collector.cli.output import say
from schemas import limits
from schemas.phrases import Phrase, _, duration, followed, joined, named, ngettext

if TYPE_CHECKING:
    from collector.sync.tally import SyncReport


def tell(report: "SyncReport", *, are_judged: bool = False) -> None:
    """Print what was pushed or judged, what became of each change, and what came."""
    number = report.pushed
    if are_judged:
        done = ngettext("{num} change judged", "{num} changes judged", number)
    else:
        done = ngettext("{num} change pushed", "{num} changes pushed", number)
    verdicts = joined(list(_verdicts(report)))
    received = ngettext("{num} row received", "{num} rows received", report.received)
    said = named(done, verdicts) if verdicts else done
    say(followed(said, received))
    for line in _more(report):
        say(line)


def _verdicts(report: "SyncReport") -> Iterator[Phrase]:
    counts = (
        _("{num} accepted", num=report.accepted),
        _("{num} merged", num=report.merged),
        _("{num} to fix", num=report.quarantined),
        _("{num} waiting", num=report.held),
        ngettext("{num} conflict", "{num} conflicts", report.conflicts),
    )
    return (phrase for phrase in counts if phrase.values["num"])


def _more(report: "SyncReport") -> Iterator[str]:
    if report.duplicates:
        yield ngettext(
            "{num} of them was known to the server before; nothing is doubled",
            "{num} of them were known to the server before; nothing is doubled",
            report.duplicates,
        )
    if report.new_logs:
        moved = ngettext("{num} change", "{num} changes", report.moved)
        yield _(
            "this laptop's data was copied or restored: a new log was begun, {changes}"
            " moved to it; nothing is lost",
            changes=moved if report.moved else _("no change"),
        )
    if report.settled_late:
        yield ngettext(
            "{num} change that waited got another verdict on the server",
            "{num} changes that waited got another verdict on the server",
            report.settled_late,
        )
    yield from report.notes
    if report.repaired:
        yield ngettext(
            "{num} row differed from the server's and came right",
            "{num} rows differed from the server's and came right",
            report.repaired,
        )
    if abs(report.clock_skew_s) > limits.CLOCK_SKEW_WARN_S:
        off = duration(abs(report.clock_skew_s))
        if report.clock_skew_s > 0:
            yield _("this laptop's clock is {off} ahead of the server's", off=off)
        else:
            yield _("this laptop's clock is {off} behind the server's", off=off)
    yield from _next(report)


def _next(report: "SyncReport") -> Iterator[str]:
    """Return what comes by itself, and what a person is to look at."""
    if report.figures_later:
        yield _(
            "the server derives the stocks anew; permille sync fetches them in a while"
        )
    if report.quarantined or report.held:
        yield _("see: {command}", command="permille fix")
    if report.conflicts:
        yield _("see: {command}", command="permille conflicts")
