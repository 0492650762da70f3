"""What refers to a record that may go."""

from collector.laptop.laptop import Laptop
from collector.record.names import label
from collector.rules.overlay import RecordView
from schemas.phrases import joined
from schemas.record_words import TYPE_WORDS
from schemas.records import references_of
from schemas.undo.plan import Referrer


def referrers(laptop: Laptop, record_id: str) -> list[Referrer]:
    """Return the live records that refer to one, by which of their fields."""
    found: list[Referrer] = []
    for view in laptop.store.referrers(record_id):
        name = joined([TYPE_WORDS[view.type], label(laptop.store, view)], " ")
        found += [Referrer(view.id, name, at) for at in _refers(view, record_id)]
    return found


def _refers(view: RecordView, record_id: str) -> list[str]:
    refers = references_of(view.type, view.fields).items()
    return [name for name, target in refers if target == record_id]
