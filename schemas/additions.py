"""What an import is to add: new records, and fields of records that are here."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from schemas.records import TYPES


class Addition(NamedTuple):
    """A record to add, or fields of a record that is here."""

    record_type: str
    record_id: str | None  # None for a new one
    fields: Mapping[str, Any]


def referring(one: Addition, minted: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of an addition with the ids that its new neighbours were given."""
    names = TYPES[one.record_type].references
    return {
        name: minted.get(value, value) if name in names else value
        for name, value in one.fields.items()
    }
