"""Published schema versions and the pure steps from each to the next.

A version is frozen by the golden files of fixtures/wire/v<version>. A laptop may
push any published version for ever; the server lifts each change to the present
one before it judges it, and keeps the raw line.

A step only touches names that its next version no longer has, so that what is
lifted already stays as it is. It judges nothing: a value that was wrong stays
wrong, under its present name.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from schemas.version import SCHEMA_VERSION

Fields = dict[str, Any]
Step = Callable[[str, Fields], Fields]

#: Names that a version took over under another name: version -> type -> old -> new.
RENAMED: Final[Mapping[int, Mapping[str, Mapping[str, str]]]] = MappingProxyType(
    {
        1: {
            "sample": {"carbonate_reaction": "carbonate_class"},
            "result": {"batch": "lab_batch"},
        }
    }
)


def _from_1(record_type: str, fields: Fields) -> Fields:
    """Version 2 names the batch lab_batch, and says how strongly a sample reacts."""
    names = RENAMED[1].get(record_type, {})
    if names.keys().isdisjoint(fields):
        return fields
    lifted = {}
    for name, value in fields.items():
        new = names.get(name, name)
        # What has both names is no record of this version: it is left for judgement.
        if new == name or new in fields:
            lifted[name] = value
        else:
            lifted[new] = reaction(value) if new == "carbonate_class" else value
    return lifted


def _only_adds(_record_type: str, fields: Fields) -> Fields:
    """Leave fields as they are, where the next version knows more of them and no other."""
    return fields


def reaction(value: object) -> object:
    """Return the class of carbonate of a soil that only fizzes or does not."""
    if isinstance(value, bool):
        return "present" if value else "none"
    return value


#: From version v (the key) to v + 1. Version 3 adds what cores stand for, controls and a
#: bridge between procedures, version 4 which warnings of a record were explained, version 5
#: controls of laboratories, their limits, and where bags were sent, version 6 the field day:
#: usual layers, how points were drawn and positions found, what was skipped, custody of bags;
#: version 7 a project's own questions and their answers.
STEPS: Final[Mapping[int, Step]] = MappingProxyType(
    {1: _from_1, **dict.fromkeys(range(2, 7), _only_adds)}
)

#: Every version a laptop may speak.
PUBLISHED: Final = frozenset(range(1, SCHEMA_VERSION + 1))
_OLDEST: Final = min(PUBLISHED)
#: The steps from each version that change anything.
_LIFTS: Final = {
    version: [
        STEPS[v] for v in range(version, SCHEMA_VERSION) if STEPS[v] is not _only_adds
    ]
    for version in PUBLISHED
}


def up_cast(record_type: str, version: int, fields: Fields) -> Fields:
    """Lift the fields of a published version to the present one.

    Raises
    ------
    KeyError
        If the version was never published.
    """
    for lift in _LIFTS[version]:
        fields = lift(record_type, fields)
    return fields


def up_cast_row(record_type: str, fields: Mapping[str, Any]) -> Fields:
    """Lift the fields of a server's row, which does not say its version.

    A laptop may be newer than its server; what is lifted already stays as it is.
    """
    return up_cast(record_type, _OLDEST, dict(fields))


def up_cast_conflict(record_type: str, conflict: Mapping[str, Any]) -> Fields:
    """Lift the sides of a conflict as a server tells it."""
    lifted = dict(conflict)
    for side in ("base", "theirs", "ours"):
        if isinstance(conflict.get(side), Mapping):
            lifted[side] = up_cast_row(record_type, conflict[side])
    if isinstance(conflict.get("group"), str):
        lifted["group"] = present_name(record_type, conflict["group"])
    return lifted


def present_name(record_type: str, name: str) -> str:
    """Return the present name of a field or group that may have an older one."""
    for version in sorted(RENAMED):
        name = RENAMED[version].get(record_type, {}).get(name, name)
    return name


def former_names(record_type: str, name: str) -> list[str]:
    """Return the names that a field had in older versions."""
    olds = [old for names in RENAMED.values() for old in names.get(record_type, {})]
    return [old for old in olds if present_name(record_type, old) == name]
