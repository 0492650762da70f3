"""The name of a conflict follows from the change that met it, and the field group."""


def conflict_id(change_id: str, group: str) -> str:
    """Return the id of the conflict that a change has in a group."""
    return f"{change_id}:{group}"


def change_of(conflict: str) -> str:
    """Return the id of the change whose value does not stand.

    Examples
    --------
    >>> change_of(conflict_id("0197", "depth"))
    '0197'
    """
    return conflict.partition(":")[0]
