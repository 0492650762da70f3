"""The sides of a conflict, and its name."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final


class Take(StrEnum):
    """Which side of a conflict a person takes."""

    STANDS = "stands"
    OTHER = "other"


def conflict_id(change_id: str, group: str) -> str:
    """Return the id of a conflict: it follows from the change that met it, and the group."""
    return f"{change_id}:{group}"


def change_of(conflict: str) -> str:
    """Return the id of the change whose value does not stand.

    Examples
    --------
    >>> change_of(conflict_id("0197", "depth"))
    '0197'
    """
    return conflict.partition(":")[0]


#: What people are told instead of a key of the message.
_TOLD: Final = MappingProxyType({"base": "before", "theirs": "stood", "ours": "other"})


def sides_as_told(conflict: Mapping[str, Any]) -> dict[str, Any]:
    """Return a conflict with its sides under the names that people read.

    Examples
    --------
    >>> sides_as_told({"id": "0197:area", "base": None, "theirs": {}, "ours": {"a": 1}})
    {'id': '0197:area', 'before': None, 'stood': {}, 'other': {'a': 1}}
    """
    return {_TOLD.get(name, name): value for name, value in conflict.items()}
