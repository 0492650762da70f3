"""S3: what a flow says it saved is in a line of the log."""

from collector.record.entry import Saved
from tests.stateful.chosen import holds


def last_place(store):
    """Return how many changes a laptop has kept."""
    return store._read("SELECT coalesce(max(place), 0) FROM change")[0][0]


def kept_after(store, place):
    """Return the changes a laptop has kept since, in order."""
    records = store._read(
        "SELECT DISTINCT record_id FROM change WHERE place > ?", place
    )
    found = [change for (record,) in records for change in store.changes(record)]
    kept = [change for change in found if change.place > place]
    return sorted(kept, key=lambda change: change.place)


def said_is_in_the_log(said, kept, before, typed):
    """Check what a flow gave back against the lines that it appended."""
    shown = before.fields if before is not None else {}
    new = {k: v for k, v in (typed or {}).items() if shown.get(k) != v}
    if isinstance(said, Saved) and not said.changed:
        holds("S3", not kept and not new, "unchanged, it says", new, kept)
        return
    holds("S3", kept, "nothing was kept", said, typed)
    if isinstance(said, int):
        holds("S3", len(kept) >= 1 <= said, "nothing was kept", said)
    lines = {}
    for change in kept:
        if before is None or change.record_id == before.id:
            lines |= change.fields
    lost = {name: value for name, value in new.items() if lines.get(name) != value}
    holds("S3", not lost, "said to be saved, and in no line", lost, lines)
