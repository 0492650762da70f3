"""What an import is to add: new records, and fields of records that are here."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Addition(NamedTuple):
    """A record to add, or fields of a record that is here."""

    record_type: str
    record_id: str | None  # None for a new one
    fields: Mapping[str, Any]
