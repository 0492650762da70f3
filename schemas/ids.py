"""Names of things: fresh ids and ids that two laptops find independently."""

import re
import unicodedata
import uuid
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from schemas import limits

#: A UUID in canonical lower-case form.
ID: Final = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def uuid7(unix_ms: int, random_bits: int) -> str:
    """Return a UUID version 7 (RFC 9562) from a time and 74 random bits.

    Examples
    --------
    >>> uuid7(0x017F22E279B0, 0x330C0000000000000000 & ((1 << 74) - 1))[:14]
    '017f22e2-79b0-'
    """
    rand_a = (random_bits >> 62) & 0xFFF
    rand_b = random_bits & ((1 << 62) - 1)
    value = (unix_ms & ((1 << 48) - 1)) << 80
    value |= 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b
    return str(uuid.UUID(int=value))


def join_key(parts: Iterable[object]) -> str:
    """Return the values of a natural key as one text that can be indexed."""
    return "\x1f".join(map(str, parts))


def natural_id(project_id: str, record_type: str, key: Sequence[object]) -> str:
    """Return the id of the record with this natural key: the same on every laptop.

    Two laptops that record the same plot, campaign or bag without a network
    mint the same id, so their records meet and merge instead of doubling.
    """
    name = join_key([record_type, *key])
    # One accented letter has several spellings; they are one name.
    return uuid5(_namespace(project_id), unicodedata.normalize("NFC", name))


def uuid5(namespace: bytes, name: str) -> str:
    """Return a UUID version 5 (RFC 9562) of a name.

    Examples
    --------
    >>> uuid5(uuid.NAMESPACE_DNS.bytes, "www.example.com")
    '2ed6657d-e927-568b-95e1-2665a8aea6a2'
    """
    import hashlib  # noqa: PLC0415 - who only looks names nothing

    said = hashlib.sha1(namespace + name.encode(), usedforsecurity=False).hexdigest()
    variant = "89ab"[int(said[16], 16) & 3]
    return (
        f"{said[:8]}-{said[8:12]}-5{said[13:16]}-{variant}{said[17:20]}-{said[20:32]}"
    )


@lru_cache(maxsize=limits.PROJECTS)
def _namespace(project_id: str) -> bytes:
    return uuid.UUID(project_id).bytes


def is_id(text: object) -> bool:
    """Return whether a value is a UUID in canonical lower-case form.

    Examples
    --------
    >>> is_id("0190a000-0000-7000-8000-000000000001"), is_id("0190A000"), is_id(7)
    (True, False, False)
    """
    return isinstance(text, str) and ID.fullmatch(text) is not None


#: A shorter start of an id is more likely a mistyped name.
START_CHARS: Final = 4
_START: Final = re.compile(f"[0-9a-f][0-9a-f-]{{{START_CHARS - 1},35}}")


def is_start(text: str) -> bool:
    """Return whether a text may be the start of an id.

    Examples
    --------
    >>> is_start("0190"), is_start("019"), is_start("HF")
    (True, False, False)
    """
    return _START.fullmatch(text) is not None


def starts(ids: Iterable[str]) -> dict[str, str]:
    """Return for each id its start, 8 characters or as many as no two of them share.

    Examples
    --------
    >>> starts(["0190a000-0001-7000", "0190a000-0002-7000", "0190b000-0001-7000"])
    ... # doctest: +NORMALIZE_WHITESPACE
    {'0190a000-0001-7000': '0190a000-0001', '0190a000-0002-7000': '0190a000-0002',
     '0190b000-0001-7000': '0190b000-0001'}
    """
    known = list(dict.fromkeys(ids))
    longest = max(map(len, known), default=0)
    length = next(
        (
            n
            for n in range(8, longest)
            if len({name[:n] for name in known}) == len(known)
        ),
        longest,
    )
    return {name: name[:length] for name in known}
