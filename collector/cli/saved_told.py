"""What is told of a record that was saved, and of what is odd about it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from collector.cli.output import emit_json, say
from collector.cli.warnings import as_data, warned
from collector.record import views
from schemas.told import problem_line

if TYPE_CHECKING:
    from collector.laptop.laptop import Laptop
    from collector.record import entry
    from collector.rules.overlay import RecordView
    from schemas.plausibility.records import Warned

#: Warnings of one entry that are shown at once.
WARNINGS_SHOWN: Final = 5


def tell_saved(
    laptop: "Laptop", saved: "entry.Saved", word: str, *, as_json: bool
) -> None:
    """Say what was done with a record, and what is odd about it."""
    if as_json:
        emit_json(saved_data(laptop, saved, word))
        return
    click.echo(f"{word} {saved.view.type} {saved.label}")
    warn(laptop, saved.view, saved.warnings)


def saved_data(laptop: "Laptop", saved: "entry.Saved", word: str) -> dict[str, Any]:
    """Return what was done with a record as one JSON object."""
    return views.shown(laptop, saved.view) | {
        "name": saved.label,
        "outcome": word,
        "warnings": [as_data(laptop.store, one) for one in saved.warnings],
    }


def warn(laptop: "Laptop", view: "RecordView", warnings: Sequence["Warned"]) -> None:
    """Say what is odd about a record, and how to say that it is right."""
    for one in warnings[:WARNINGS_SHOWN]:
        own = one.record_id == view.id
        about = "" if own else f" {one.record_type} {warned(laptop.store, one)}:"
        said = problem_line(one.warning, is_option=own)
        say(f"warning:{about} {said}", "  ", err=True)
    if warnings:
        more = len(warnings) - WARNINGS_SHOWN
        beginning = f"{more} more; " if more > 0 else ""
        say(f"{beginning}if it is right, say why: permille warnings", err=True)
