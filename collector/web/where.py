"""Which project a page is about: the one that was chosen, or the only one."""

from collector.laptop.laptop import Laptop
from collector.record import names
from collector.rules.overlay import RecordView
from collector.web.page import Asked


def project_of(laptop: Laptop, asked: Asked) -> RecordView | None:
    """Return the project of a page; None where the laptop has none yet.

    Raises
    ------
    RefusedError
        If there are several and none was chosen.
    """
    if not laptop.store.records("project", limit=1):
        return None
    chosen = asked.form.get("project") or asked.query.get("project") or None
    return names.the_project(laptop.store, chosen)
