"""Published schema versions and the pure steps from each to the next.

A version is frozen by the golden files of fixtures/wire/v<version>. A laptop may
push any published version for ever; the server lifts each change to the present
one before it judges it, and keeps the raw line.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from schemas.version import SCHEMA_VERSION

Fields = dict[str, Any]
Step = Callable[[str, Fields], Fields]

#: From version v (the key) to v + 1.
STEPS: Final[Mapping[int, Step]] = MappingProxyType({})

#: Every version a laptop may speak.
PUBLISHED: Final = frozenset(range(1, SCHEMA_VERSION + 1))


def up_cast(record_type: str, version: int, fields: Fields) -> Fields:
    """Lift the fields of a published version to the present one.

    Raises
    ------
    KeyError
        If the version was never published.
    """
    if version not in PUBLISHED:
        raise KeyError(version)
    for step in range(version, SCHEMA_VERSION):
        fields = STEPS[step](record_type, fields)
    return fields
