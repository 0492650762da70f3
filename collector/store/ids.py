"""Ids of records and changes, which are kept as 16 bytes, within SQL."""

from typing import Final

#: An id as the bytes that are kept; null where it is none.
ID: Final = "unhex(?, '-')"
#: The ids of a JSON array as those bytes, as the right side of IN.
IDS: Final = "(SELECT unhex(value, '-') FROM json_each(?))"

_PARTS: Final = ((1, 4), (5, 2), (7, 2), (9, 2), (11, 6))
#: The text of bytes that are kept, with a place for the column.
ID_TEXT: Final = "lower({})".format(
    " || '-' || ".join(f"hex(substr({{0}}, {at}, {size}))" for at, size in _PARTS)
)
