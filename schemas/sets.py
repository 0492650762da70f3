"""How two sets of one field meet: both are kept, each item once. Pure."""

from collections.abc import Iterable
from itertools import chain
from typing import Any

from schemas.strict_json import write


def joined(first: Iterable[Any] | None, second: Iterable[Any] | None) -> list[Any]:
    """Return the items of both sets in the order of their keys.

    A name is its own key, an attached file has its hash. Where both hold a key with
    other details, the same one stands whichever set comes first.

    Examples
    --------
    >>> joined(["Bo"], ["Ana", "Bo"])
    ['Ana', 'Bo']
    """
    items = sorted(chain(first or (), second or ()), key=write, reverse=True)
    by_key = {_key(item): item for item in items}
    return [by_key[key] for key in sorted(by_key)]


def _key(item: Any) -> str:  # noqa: ANN401 - an item of any set
    return str(item["sha256"] if isinstance(item, dict) else item)
