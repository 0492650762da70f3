"""Digests of a stream's rows: a count and a sum that grow with each row.

Two sides that hold the same rows have the same digest; where they differ, 256
buckets tell which rows to send again.
"""

import hashlib
from collections.abc import Iterable
from typing import Final, NamedTuple

#: Rows are put into buckets by the last two hexadecimal digits of their id.
BUCKETS: Final = tuple(f"{number:02x}" for number in range(256))
_MASK: Final = (1 << 64) - 1


class Digest(NamedTuple):
    """How many live rows, and the sum of their 64-bit hashes."""

    rows: int = 0
    total: int = 0

    def plus(self, record: str, seq: int) -> "Digest":
        """Give the digest with one row more."""
        return Digest(self.rows + 1, (self.total + row_hash(record, seq)) & _MASK)

    def minus(self, record: str, seq: int) -> "Digest":
        """Give the digest without one of its rows."""
        return Digest(self.rows - 1, (self.total - row_hash(record, seq)) & _MASK)

    def joined(self, other: "Digest") -> "Digest":
        """Give the digest with what was added and taken away elsewhere."""
        return Digest(self.rows + other.rows, (self.total + other.total) & _MASK)

    def without(self, other: "Digest") -> "Digest":
        """Give the digest without rows that were among its own."""
        return Digest(self.rows - other.rows, (self.total - other.total) & _MASK)

    def as_data(self) -> list[int | str]:
        """Give the JSON form."""
        return [self.rows, f"{self.total:016x}"]


def row_hash(record: str, seq: int) -> int:
    """Give the 64-bit hash of one row: its id and its number in the stream.

    Examples
    --------
    >>> Digest().plus("a", 1).plus("b", 2) == Digest().plus("b", 2).plus("a", 1)
    True
    """
    name = f"{record}:{seq}".encode()
    return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "big")


def digest_of(rows: Iterable[tuple[str, int]]) -> Digest:
    """Give the digest of rows: pairs of id and number."""
    count = total = 0
    for record, seq in rows:
        count += 1
        total += row_hash(record, seq)
    return Digest(count, total & _MASK)


def bucket(record: str) -> str:
    """Give the bucket of a row."""
    return record[-2:]


def buckets_of(rows: Iterable[tuple[str, int]]) -> dict[str, Digest]:
    """Give the digest of each bucket that has a row."""
    found: dict[str, list[tuple[str, int]]] = {}
    for record, seq in rows:
        found.setdefault(bucket(record), []).append((record, seq))
    return {name: digest_of(own) for name, own in found.items()}
