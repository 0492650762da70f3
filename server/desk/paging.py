"""Pages of a long list: which one a browser asks for, and the links to its neighbours."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from server.desk.frame import Asked
from server.errors import UsageError
from server.figures.pages import PageChoice

#: No list has as many pages.
_MOST_DIGITS = 9


def whole_number(asked: Asked, name: str, default: int) -> int:
    """Return a number of the address, or what stands where it says nothing.

    Raises
    ------
    UsageError
        If it is no whole number.
    """
    said = asked.query.get(name, "")
    if not said:
        return default
    if not (said.isascii() and said.isdecimal() and len(said) <= _MOST_DIGITS):
        raise UsageError(f"{name}: {said[:100]} is no number", "write a whole number")
    return int(said)


def page_asked(asked: Asked) -> PageChoice:
    """Return the page of a list that the address names; the first where it names none."""
    return PageChoice(whole_number(asked, "page", 1))


def neighbours(asked: Asked, found: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the addresses of the page `before` and `after`; None where there is none."""
    here, last = found["page"], found["pages"]

    def address(page: int) -> str:
        return f"{asked.path}?{urlencode({**asked.query, 'page': page})}"

    return {
        "before": address(here - 1) if here > 1 else None,
        "after": address(here + 1) if here < last else None,
    }
