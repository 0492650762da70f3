"""Field groups: what belongs together is shown, sent, compared and kept as a whole.

A value of 14 means nothing without its unit. So a change names every field of each group
that it touches, as its author saw it; a field that is empty is null.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from schemas.records import TYPES

#: The group of a record as a whole: whether it is deleted.
WHOLE_RECORD: Final = "*"

Fields = Mapping[str, Any]

_MEMBERS: Final = {
    kind.name: {
        group: tuple(name for name, own in kind.groups.items() if own == group)
        for group in kind.groups.values()
    }
    for kind in TYPES.values()
}


def members(record_type: str, group: str) -> tuple[str, ...]:
    """Return the fields of a group, in the order people fill them in.

    None of a group that only a newer program knows.
    """
    return _MEMBERS[record_type].get(group, ())


@lru_cache(maxsize=1_000)
def groups_of(record_type: str, *names: str) -> tuple[str, ...]:
    """Return the groups that fields belong to, by their names.

    >>> groups_of("sample", "depth_top_cm", "depth_bottom_cm", "core_id")
    ('core_id', 'depth')
    """
    kind = TYPES.get(record_type)
    groups = kind.groups if kind else {}
    return tuple(sorted({groups.get(name, name) for name in names}))


def whole(record_type: str, group: str, fields: Fields) -> dict[str, Any]:
    """Return every field of a group with its value; None where it is empty.

    Examples
    --------
    >>> whole("sample", "depth", {"depth_top_cm": 0.0, "sample_code": "A"})
    {'depth_top_cm': 0.0, 'depth_bottom_cm': None}
    """
    return {name: fields.get(name) for name in members(record_type, group)}


def by_group(record_type: str, fields: Fields) -> dict[str, dict[str, Any]]:
    """Return fields by the group they belong to."""
    groups, found = TYPES[record_type].groups, dict[str, dict[str, Any]]()
    for name, value in fields.items():
        found.setdefault(groups[name], {})[name] = value
    return found


def completed(record_type: str, shown: Fields, patch: Fields) -> dict[str, Any]:
    """Return a patch that names each group it touches whole, as its author saw it.

    Examples
    --------
    >>> completed("sample", {"depth_top_cm": 0.0}, {"depth_bottom_cm": 30.0})
    {'depth_top_cm': 0.0, 'depth_bottom_cm': 30.0}
    """
    after = {**shown, **patch}
    found: dict[str, Any] = {}
    for group in by_group(record_type, patch):
        found |= whole(record_type, group, after)
    return found
