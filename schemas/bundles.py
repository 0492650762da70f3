"""A bundle: request bodies, or their answers, in one signed file that travels on a stick.

One zstd frame: a first line of JSON that says what it is, how many parts follow, their
SHA-256 and who signed; then each part after its length on a line of its own. A file is
read whole or not at all.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from schemas import limits
from schemas.messages import MessageError, encode, parse_object

_ZSTD: Final = b"\x28\xb5\x2f\xfd"  # how each frame begins
#: What laptops export, and what a server answers.
REQUESTS: Final = "permille bundle 1"
ANSWERS: Final = "permille bundle answers 1"

#: The first line without these is what is signed.
_UNSIGNED: Final = frozenset({"sig"})


class BundleError(ValueError):
    """The file is no bundle of this kind, or is damaged or cut."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What the first line says, and the parts."""

    head: Mapping[str, Any]
    parts: Sequence[bytes]

    @property
    def signed(self) -> bytes:
        """Return the text that the signature is of."""
        return _signed(self.head)

    @property
    def signature(self) -> str:
        """Return the signature."""
        return str(self.head.get("sig", ""))


def may_be_one(first: bytes) -> bool:
    """Return whether a file may be a bundle by its first bytes; an empty one may."""
    return not first or first.startswith(_ZSTD)


def write(
    head: Mapping[str, Any], parts: Sequence[bytes], sign: Callable[[bytes], str]
) -> bytes:
    """Write a bundle; `head` says its format."""
    from backports import zstd  # noqa: PLC0415 - only bundles need it here

    body = b"".join(b"%d\n%b" % (len(part), part) for part in parts)
    digest = hashlib.sha256(body).hexdigest()
    first = {**head, "count": len(parts), "sha256": digest}
    first["sig"] = sign(_signed(first))
    checked: dict[int, int] = {zstd.CompressionParameter.checksum_flag: 1}
    return zstd.compress(encode(first) + b"\n" + body, options=checked)


def read(packed: bytes, form: str) -> Bundle:
    """Read a whole bundle; who signed it is for the caller to ask.

    Raises
    ------
    BundleError
        If it is none, of another kind, too large, damaged or cut.
    """
    first, _, body = _unpacked(packed).partition(b"\n")
    try:
        head = parse_object(first)
        _signed(head)
    except (MessageError, ValueError, TypeError):
        raise BundleError("it is no bundle") from None
    if head.get("format") != form:
        raise BundleError(f"it is {str(head.get('format'))[:60]!r}, not {form!r}")
    if hashlib.sha256(body).hexdigest() != head.get("sha256"):
        raise BundleError("it is damaged: its parts are not those that were written")
    parts = list(_parts(body))
    if len(parts) != head.get("count"):
        raise BundleError(f"{len(parts)} parts instead of {head.get('count')}")
    return Bundle(head, parts)


def _unpacked(packed: bytes) -> bytes:
    from backports import zstd  # noqa: PLC0415

    project_id = zstd.ZstdDecompressor()
    try:
        found = project_id.decompress(packed, limits.BUNDLE_BYTES + 1)
    except zstd.ZstdError as error:
        raise BundleError(f"it is damaged, or no bundle: {error}") from None
    if len(found) > limits.BUNDLE_BYTES:
        raise BundleError(f"more than {limits.BUNDLE_BYTES} bytes unpacked")
    if not project_id.eof or project_id.unused_data:
        raise BundleError("it was cut, or something was written behind it")
    return found


def _parts(body: bytes) -> list[bytes]:
    found: list[bytes] = []
    at = 0
    while at < len(body):
        end = body.find(b"\n", at, at + 20)
        length = body[at:end]
        if end < 0 or not length.isdigit():
            raise BundleError("a part has no length")
        at = end + 1 + int(length)
        found.append(body[end + 1 : at])
    return found


def _signed(head: Mapping[str, Any]) -> bytes:
    said = {key: value for key, value in head.items() if key not in _UNSIGNED}
    return b"permille bundle\n" + encode(said)
