"""Warnings on a page: what is odd about which record, and the form that says why it is right."""

from collections.abc import Iterable
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from collector.errors import NotFoundError, RefusedError
from collector.laptop.laptop import Laptop
from collector.record import entry, names
from collector.web.page import Asked, GoTo
from schemas import limits
from schemas.plausibility.records import Warned
from schemas.problems import Problem

#: Warnings of one page; all of them: permille warnings.
ODD_MOST: Final = 20
#: Pages that warnings stand on, and that a form of them leads back to.
_BACK = frozenset({"/", "/core", "/plot", "/sync"})


class OddOnPage(NamedTuple):
    """One warning: its record, what is odd, and why it is right where somebody said so."""

    record_type: str
    record_id: str
    name: str
    warning: Problem
    explained: str | None


def odd_rows(laptop: Laptop, found: Iterable[Warned]) -> list[OddOnPage]:
    """Return warnings with the names of their records."""
    rows = []
    for one in found:
        view = laptop.store.record(one.record_id)
        name = names.label(laptop.store, view) if view else one.record_id
        rows.append(
            OddOnPage(one.record_type, one.record_id, name, one.warning, one.explained)
        )
    return rows


def explain(laptop: Laptop, asked: Asked) -> GoTo:
    """Keep why a warning is right, with the record that it is about.

    Raises
    ------
    RefusedError
        Without a reason, or with one that is too long.
    NotFoundError
        If the record has no such warning any more.
    """
    why = " ".join(asked.form.get("why", "").split())
    if not 0 < len(why) <= limits.WHY_CHARS:
        raise RefusedError(
            f"the reason has {len(why)} characters; 1 to {limits.WHY_CHARS} are taken",
            "go back, and say in a few words why it is right",
        )
    view = laptop.store.record(asked.form.get("record", ""))
    if view is None or view.deleted:
        raise NotFoundError("the record of this warning is gone", "go back")
    entry.explain(laptop, view, asked.form.get("code", ""), why)
    said = asked.speech.texts.gettext("Kept with the record:")
    return GoTo(_back(asked.form.get("back", "")), f"{said} {why}")


def _back(path: str) -> str:
    """Return the page to go back to: one of this laptop alone."""
    found = urlsplit(path)
    is_own = not (found.scheme or found.netloc) and found.path in _BACK
    return path if is_own else "/"
