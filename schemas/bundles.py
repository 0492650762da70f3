"""A bundle: request bodies, or their answers, in one signed file that travels on a stick.

One zstd frame: a first line of JSON that says what it is, how many parts follow, their
SHA-256 and who signed; then each part after its length on a line of its own. A file is
read whole or not at all.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from schemas import limits
from schemas.messages import MessageError, encode, parse_object

_ZSTD: Final = b"\x28\xb5\x2f\xfd"  # how each frame begins
#: What laptops export, and what a server answers.
REQUESTS: Final = "permille bundle 1"
ANSWERS: Final = "permille bundle answers 1"

_HEAD_BYTES: Final = 16 * 1024
_LENGTH_BYTES: Final = 20  # more digits than any length has
_PIECE_BYTES: Final = 64 * 1024
#: The first line without these is what is signed.
_UNSIGNED: Final = frozenset({"sig"})


class BundleError(ValueError):
    """The file is no bundle of this kind, or is damaged or cut."""


class Parts:
    """The parts of a packed bundle, unpacked one by one each time they are gone through."""

    def __init__(self, packed: bytes, head: Mapping[str, Any]) -> None:
        self._packed, self._head = packed, head

    def __iter__(self) -> Iterator[bytes]:
        """Yield each part.

        Raises
        ------
        BundleError
            If they are not whole, or not those that the first line speaks of.
        """
        stream = _Stream(self._packed)
        stream.line(_HEAD_BYTES)
        stream.digest = hashlib.sha256()
        count = 0
        while (length := stream.line(_LENGTH_BYTES)) is not None:
            if not length.isdigit() or int(length) > limits.ANSWER_BYTES:
                raise BundleError("a part has no length, or is too large")
            yield stream.take(int(length))
            count += 1
        if stream.digest.hexdigest() != self._head.get("sha256"):
            raise BundleError(
                "it is damaged: its parts are not those that were written"
            )
        if count != self._head.get("count"):
            raise BundleError(f"{count} parts instead of {self._head.get('count')}")


@dataclass(frozen=True, slots=True)
class Bundle:
    """What the first line says, and the parts."""

    head: Mapping[str, Any]
    parts: Iterable[bytes]

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


def packed_in(file: Path) -> bytes:
    """Return the bytes of a file, where it may be a bundle by its size.

    Raises
    ------
    BundleError
        If it is larger than any.
    """
    with file.open("rb") as there:
        packed = there.read(limits.BUNDLE_BYTES + 1)
    if len(packed) > limits.BUNDLE_BYTES:
        raise BundleError(f"it is larger than {limits.BUNDLE_BYTES} bytes")
    return packed


def look(packed: bytes, form: str) -> Bundle:
    """Unpack the first line alone, so that it can be asked who signed a bundle.

    Raises
    ------
    BundleError
        If it is none, of another kind, or too large.
    """
    try:
        head = parse_object(_Stream(packed).line(_HEAD_BYTES) or b"")
        _signed(head)
    except (MessageError, ValueError, TypeError) as error:
        said = f": {error}" if isinstance(error, BundleError) else ""
        raise BundleError(f"it is no bundle{said}") from None
    if head.get("format") != form:
        raise BundleError(f"it is {str(head.get('format'))[:60]!r}, not {form!r}")
    return Bundle(head, Parts(packed, head))


def read(packed: bytes, form: str) -> Bundle:
    """Read a whole bundle, one part at a time; who signed it is for the caller to ask.

    Raises
    ------
    BundleError
        If it is none, of another kind, too large, damaged or cut.
    """
    bundle = look(packed, form)
    for _ in bundle.parts:
        pass
    return bundle


class _Stream:
    """What a frame unpacks to, piece by piece."""

    def __init__(self, packed: bytes) -> None:
        self.digest = hashlib.sha256()
        self._pieces = _pieces(packed)
        self._here = b""

    def line(self, most: int) -> bytes | None:
        """Return the next line without its end; None where nothing is left."""
        while b"\n" not in self._here[:most]:
            if len(self._here) >= most:
                raise BundleError("a line is too long")
            piece = next(self._pieces, None)
            if piece is None:
                self._refuse_rest()
                return None
            self._here += piece
        found, _, self._here = self._here.partition(b"\n")
        self.digest.update(found + b"\n")
        return found

    def take(self, length: int) -> bytes:
        """Return so many bytes."""
        pieces, missing = [self._here], length - len(self._here)
        while missing > 0:
            piece = next(self._pieces, None)
            if piece is None:
                raise BundleError("a part was cut")
            pieces.append(piece)
            missing -= len(piece)
        whole = b"".join(pieces)
        found, self._here = whole[:length], whole[length:]
        self.digest.update(found)
        return found

    def _refuse_rest(self) -> None:
        if self._here:
            raise BundleError("something was written behind its parts")


def _pieces(packed: bytes) -> Iterator[bytes]:
    """Unpack one frame, of bounded window, in pieces of bounded size."""
    from backports import zstd  # noqa: PLC0415

    window: dict[int, int] = {
        zstd.DecompressionParameter.window_log_max: limits.ZSTD_WINDOW_LOG
    }
    unpacker = zstd.ZstdDecompressor(options=window)
    at = size = 0
    while not unpacker.eof:
        data = packed[at : at + _PIECE_BYTES] if unpacker.needs_input else b""
        if unpacker.needs_input and not data:
            raise BundleError("it was cut")
        at += len(data)
        try:
            piece = unpacker.decompress(data, _PIECE_BYTES)
        except zstd.ZstdError as error:
            raise BundleError(f"it is damaged, or no bundle: {error}") from None
        size += len(piece)
        if size > limits.BUNDLE_BYTES:
            raise BundleError(f"more than {limits.BUNDLE_BYTES} bytes unpacked")
        yield piece
    if unpacker.unused_data or at < len(packed):
        raise BundleError("something was written behind it")


def _signed(head: Mapping[str, Any]) -> bytes:
    said = {key: value for key, value in head.items() if key not in _UNSIGNED}
    return b"permille bundle\n" + encode(said)
