"""The hash chain of a log: hash_n = SHA-256(hash_{n-1} || raw line bytes)."""

import hashlib
import uuid
from typing import Final

#: The hash before the first change of a log.
START: Final = b"\0" * 32


def link(previous: bytes, raw_line: bytes) -> bytes:
    """Return the hash of a log after one more raw line (without its newline).

    Examples
    --------
    >>> link(START, b"{}").hex()[:16]
    'fb1634c4e6cd4b1f'
    """
    assert len(previous) == len(START), "a hash of another length shifts the line"
    return hashlib.sha256(previous + raw_line).digest()


def change_id(digest: bytes) -> str:
    """Return the id of the change that a log has this hash after: UUID version 8.

    It covers the whole log up to the change, so two different changes never share it.

    Examples
    --------
    >>> change_id(link(START, b"{}"))
    'fb1634c4-e6cd-8b1f-9afe-3ce2d6ef080f'
    """
    bits = int.from_bytes(digest[:16], "big")
    bits = bits & ~(0xF << 76) | 0x8 << 76
    bits = bits & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=bits))
