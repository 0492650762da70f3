"""Digests of a project: a count and a sum that grow with each live row and open conflict.

Two sides that show the same values and the same open conflicts have the same digest;
where they differ, 256 buckets tell which records to send again.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import orjson

from schemas.records import DERIVED

#: Records are put into buckets by the last two hexadecimal digits of their id.
BUCKETS: Final = tuple(f"{number:02x}" for number in range(256))
_MASK: Final = (1 << 64) - 1
#: Fractions that small are spelled in two ways, and numbers that large not at all.
_LEAST: Final = 1e-4
_MOST: Final = 1e15
# For what orjson writes otherwise; made once: making an encoder costs more than a row.
_encode: Final = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":")
).encode

#: A record's id, and the hash of something that it shows.
Item = tuple[str, int]


class Digest(NamedTuple):
    """How many items, and the sum of their 64-bit hashes."""

    items: int = 0
    total: int = 0

    def plus(self, item_hash: int) -> "Digest":
        """Return the digest with one item more."""
        return Digest(self.items + 1, (self.total + item_hash) & _MASK)

    def minus(self, item_hash: int) -> "Digest":
        """Return the digest without one of its items."""
        return Digest(self.items - 1, (self.total - item_hash) & _MASK)

    def joined(self, other: "Digest") -> "Digest":
        """Return the digest with what was added and taken away elsewhere."""
        return Digest(self.items + other.items, (self.total + other.total) & _MASK)

    def without(self, other: "Digest") -> "Digest":
        """Return the digest without items that were among its own."""
        return Digest(self.items - other.items, (self.total - other.total) & _MASK)

    def as_data(self) -> list[int | str]:
        """Return the JSON form."""
        return [self.items, f"{self.total:016x}"]


def row_hash(
    record_type: str, record_id: str, seq: int, fields: Mapping[str, Any]
) -> int:
    """Return the 64-bit hash of a live row: its id, its number and what it shows.

    The field `digest` of a derived row covers all that it says.

    Examples
    --------
    >>> one = row_hash("sample", "a", 1, {"depth_top_cm": 10.0, "note": None})
    >>> one == row_hash("sample", "a", 1, {"depth_top_cm": 10})
    True
    """
    if record_type in DERIVED:
        fields = {"digest": fields.get("digest")}
    return _hash(b"%b:%d:%b" % (record_id.encode(), seq, _canonical(fields)))


def conflict_hash(record_id: str, conflict_id: str) -> int:
    """Return the 64-bit hash of an open conflict of a record."""
    return _hash(f"{record_id}:{conflict_id}".encode())


def digest_of(items: Iterable[Item]) -> Digest:
    """Return the digest of items."""
    count = total = 0
    for _, item_hash in items:
        count += 1
        total += item_hash
    return Digest(count, total & _MASK)


def bucket(record_id: str) -> str:
    """Return the bucket of a record."""
    return record_id[-2:]


def buckets_of(items: Iterable[Item]) -> dict[str, Digest]:
    """Return the digest of each bucket that has an item."""
    found: dict[str, Digest] = {}
    for record_id, item_hash in items:
        name = bucket(record_id)
        found[name] = found.get(name, Digest()).plus(item_hash)
    return found


def _canonical(fields: Mapping[str, Any]) -> bytes:
    """Return the one text of these fields: keys in order, no blanks, 14.0 as 14."""
    plain: dict[str, Any] = {}
    is_usual = True
    for name, value in fields.items():
        kind = type(value)
        if kind is str:
            plain[name] = value
        elif kind is float:
            if value.is_integer():
                is_usual = is_usual and -_MOST < value < _MOST
                plain[name] = int(value)
            else:
                is_usual = is_usual and abs(value) > _LEAST
                plain[name] = value
        elif value is not None:
            is_usual = is_usual and kind is bool
            plain[name] = _plain(value)
    if is_usual:
        return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)
    return _encode(plain).encode()


def _plain(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    kind = type(value)
    if kind is float:
        return int(value) if value.is_integer() else value
    if kind is list:
        return [_plain(item) for item in value]
    if kind is dict:
        return {name: _plain(item) for name, item in value.items()}
    return value


def _hash(text: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")
