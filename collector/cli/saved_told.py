"""What is told of a record that was saved, and of what is odd about it."""

from collections.abc import Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from collector.cli.output import emit_json, say
from collector.cli.waiting import tell_more_warnings, warning_said
from collector.cli.warnings import as_data, warned
from collector.record import views
from schemas.phrases import _, joined, problem_phrase
from schemas.record_words import TYPE_WORDS

if TYPE_CHECKING:
    from collector.laptop.laptop import Laptop
    from collector.record import entry
    from collector.rules.overlay import RecordView
    from schemas.plausibility.records import Warned

#: Warnings of one entry that are shown at once.
WARNINGS_SHOWN: Final = 5

#: What was done with a record, in words.
_DONE: Final = MappingProxyType(
    {
        "saved": _("saved"),
        "unchanged": _("unchanged"),
        "deleted": _("deleted"),
        "restored": _("restored"),
    }
)


def tell_saved(
    laptop: "Laptop", saved: "entry.Saved", word: str, *, as_json: bool
) -> None:
    """Say what was done with a record, and what is odd about it."""
    if as_json:
        emit_json(saved_data(laptop, saved, word))
        return
    say(joined([_DONE[word], TYPE_WORDS[saved.view.type], saved.label], " "))
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
        text = problem_phrase(one.warning, is_option=own)
        name = warned(laptop.store, one)
        about = "" if own else joined([TYPE_WORDS[one.record_type], name], " ")
        say(warning_said(text, about), "  ", err=True)
    tell_more_warnings(len(warnings), WARNINGS_SHOWN)
