"""What a sync did, in words that add up."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from schemas import limits
from schemas.told import duration

if TYPE_CHECKING:
    from collector.sync.tally import SyncReport


def tell(report: "SyncReport", word: str = "pushed") -> None:
    """Print what was pushed, what became of each change, and what came."""
    parts = [
        text
        for text in (
            _count(report.accepted, "accepted", "accepted"),
            _count(report.merged, "merged", "merged"),
            _count(report.quarantined, "to fix", "to fix"),
            _count(report.held, "waiting", "waiting"),
            _count(report.conflicts, "conflict", "conflicts"),
        )
        if text
    ]
    verdicts = f": {', '.join(parts)}" if parts else ""
    pushed = _count(report.pushed, "change", "changes") or "0 changes"
    received = _count(report.received, "row", "rows") or "0 rows"
    click.echo(f"{pushed} {word}{verdicts}; {received} received")
    for line in _more(report):
        click.echo(line)


def _count(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}" if count else ""


def _more(report: "SyncReport") -> Iterator[str]:
    if report.duplicates:
        known = _count(report.duplicates, "of them was", "of them were")
        yield f"{known} known to the server before; nothing is doubled"
    if report.new_logs:
        moved = _count(report.moved, "change", "changes") or "no change"
        yield (
            "this laptop's data was copied or restored: a new log was begun,"
            f" {moved} moved to it; nothing is lost"
        )
    if report.settled_late:
        late = _count(report.settled_late, "change that", "changes that")
        yield f"{late} waited got another verdict on the server"
    yield from report.notes
    if report.repaired:
        rows = _count(report.repaired, "row", "rows")
        yield f"{rows} differed from the server's and came right"
    if abs(report.clock_skew_s) > limits.CLOCK_SKEW_WARN_S:
        ahead = "ahead of" if report.clock_skew_s > 0 else "behind"
        off = duration(abs(report.clock_skew_s))
        yield f"this laptop's clock is {off} {ahead} the server's"
    yield from _next(report)


def _next(report: "SyncReport") -> Iterator[str]:
    """Return what comes by itself, and what a person is to look at."""
    if report.figures_later:
        yield "the server derives the stocks anew; permille sync fetches them in a while"
    if report.quarantined or report.held:
        yield "see: permille fix"
    if report.conflicts:
        yield "see: permille conflicts"
