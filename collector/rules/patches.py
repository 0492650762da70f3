"""Patches of fields: what leads from one set to another."""

from typing import Any

from schemas.changes import Fields


def difference(before: Fields, after: Fields) -> dict[str, Any]:
    """Return the patch that leads from one set of fields to another; null clears."""
    patch = {name: value for name, value in after.items() if before.get(name) != value}
    patch.update(dict.fromkeys(set(before) - set(after)))
    return patch


def patched(fields: Fields, patch: Fields) -> dict[str, Any]:
    """Return the fields after a patch; null clears.

    Examples
    --------
    >>> patched({"a": 1, "b": 2}, {"b": None, "c": 3})
    {'a': 1, 'c': 3}
    """
    merged = {**fields, **patch}
    return {name: value for name, value in merged.items() if value is not None}
