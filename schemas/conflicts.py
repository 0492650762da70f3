"""The sides of a conflict, and its name."""

from enum import StrEnum


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
