"""The hash chain of a log: hash_n = SHA-256(hash_{n-1} || raw line bytes)."""

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
    import hashlib  # noqa: PLC0415 - 3 ms that who only looks spares

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
    digits = digest.hex()
    variant = "89ab"[int(digits[16], 16) & 3]
    return (
        f"{digits[:8]}-{digits[8:12]}-8{digits[13:16]}"
        f"-{variant}{digits[17:20]}-{digits[20:32]}"
    )
