"""The page of the bags: found by code, or by any other word."""

from collector.laptop.laptop import Laptop
from collector.record import names
from collector.record.searching import search
from collector.web.page import Asked, Page
from schemas.search import SearchQuery, match_of

_MOST = 50


def show(laptop: Laptop, asked: Asked) -> Page:
    """Show the bags that have the words."""
    words = asked.query.get("q", "").strip()
    more, rows = False, list[dict[str, object]]()
    if words and match_of(words):
        query = SearchQuery(words, None, "sample", _MOST + 1)
        found = search(laptop, query)
        more = len(found) > _MOST
        rows = [_row(laptop, one["id"]) for one in found[:_MOST]]
    facts = {"words": words, "rows": rows, "more": more}
    typed = (
        f"permille search {words} --type sample" if words else "permille sample list"
    )
    return Page("bags.html.j2", typed, facts)


def _row(laptop: Laptop, record_id: str) -> dict[str, object]:
    view = laptop.store.record(record_id)
    assert view is not None, "what is found is here"
    core = laptop.store.record(str(view.fields.get("core_id")))
    return {
        "code": names.label(laptop.store, view),
        "place": names.label(laptop.store, core) if core else "",
        "state": str(view.state),
        **{
            name: view.fields.get(name)
            for name in ("depth_top_cm", "depth_bottom_cm", "field_mass_g")
        },
    }
