"""The hash chain of a log: hash_n = SHA-256(hash_{n-1} || raw line bytes)."""

import hashlib
from typing import Final

#: The hash before the first change of a log.
START: Final = b"\0" * 32


def link(previous: bytes, raw_line: bytes) -> bytes:
    """Give the hash of a log after one more raw line (without its newline).

    Examples
    --------
    >>> link(START, b"{}").hex()[:16]
    'fb1634c4e6cd4b1f'
    """
    assert len(previous) == len(START), "a hash of another length shifts the line"
    return hashlib.sha256(previous + raw_line).digest()
