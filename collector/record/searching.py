"""Records found by words: codes, names, notes, people."""

from typing import Any

from collector.laptop.laptop import Laptop
from collector.record import views
from schemas.search import SearchQuery, found_in


def search(laptop: Laptop, query: SearchQuery) -> list[dict[str, Any]]:
    """Return the records that have all words, the best first, and where they have them."""
    found = []
    for record_id in laptop.store.search(query):
        view = laptop.store.record(record_id)
        assert view is not None, "what is found is here"
        where = found_in(view.type, view.fields, query.words)
        found.append(views.shown(laptop, view) | {"where": where})
    return found
