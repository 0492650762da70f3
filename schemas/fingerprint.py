"""Fingerprints of keys: short enough to be read out, the same on laptops and server."""

import base64
from typing import Final

#: Letters and digits that are not taken for each other (Crockford's base 32).
_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
#: 80 bits: nobody finds another key with the same ones.
_BITS: Final = 80
_GROUP: Final = 4


def fingerprint(public_key: str) -> str:
    """Return the first 80 bits of the SHA-256 of a key, in four groups of four letters.

    Parameters
    ----------
    public_key
        32 bytes in base64, as messages have it.

    Raises
    ------
    ValueError
        If the text is not base64.

    Examples
    --------
    >>> fingerprint("A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=")
    'AS3N-N9TM-CD3M-R0M5'
    """
    import hashlib  # noqa: PLC0415 - 3 ms that who only looks spares

    digest = hashlib.sha256(base64.b64decode(public_key, validate=True)).digest()
    letters = letters_of(digest, _BITS // 5)
    groups = range(0, len(letters), _GROUP)
    return "-".join("".join(letters[at : at + _GROUP]) for at in groups)


def letters_of(digest: bytes, count: int) -> str:
    """Return the first bits of a digest as letters, five bits each.

    Examples
    --------
    >>> letters_of(bytes([255, 0, 0]), 4)
    'ZW00'
    """
    number = int.from_bytes(digest, "big") >> (8 * len(digest) - 5 * count)
    return "".join(_LETTERS[(number >> 5 * at) & 31] for at in reversed(range(count)))
