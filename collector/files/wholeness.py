"""Whether a photo or scan is whole: cut files and tails of zeros open in no viewer later.

A card that was pulled out too early leaves the beginning of a file, often filled up with
zeros to its size.
"""

import io
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Final

#: Fewer zeros in a row are padding of a camera.
_ZEROS: Final = 16 * 1024
#: A PDF ends within its last bytes.
_PDF_END: Final = 2_048
#: The boxes that hold a HEIC picture.
_HEIC_BOXES: Final = frozenset({b"ftyp", b"meta", b"mdat"})


def doubts(data: bytes, mime: str) -> list[str]:
    """Return in words what is missing of a file; nothing for a whole one.

    >>> doubts(b"%PDF-1.7 ...", "application/pdf")
    ['it is not whole: the end of the PDF is missing']
    """
    found = _CHECKS[mime](data)
    if found is None and bytes(_ZEROS) in data.rstrip(b"\0"):
        found = "a part of it holds zeros only"
    return [] if found is None else [f"it is not whole: {found}"]


def _jpeg(data: bytes) -> str | None:
    # Costs 50 ms; wanted only when a file is attached.
    from PIL import Image  # noqa: PLC0415

    if _ends_in_zeros(data, b"\xff\xd9"):
        return "it ends in zeros"
    with warnings.catch_warnings():
        # An eighth of each side is unpacked: a large picture is no danger.
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
                image.draft("L", (image.width // 8, image.height // 8))
                image.load()
        except Exception:  # noqa: BLE001 - a library meets a stranger's bytes
            return "the picture is cut or damaged"
    return None


def _png(data: bytes) -> str | None:
    last = b""
    for name, is_right in _chunks(data):
        if not is_right:
            return "the picture is cut or damaged"
        last = name
        if name == b"IEND":
            return None
    return "the picture is cut" if last else "it is a signature only"


def _chunks(data: bytes) -> Iterator[tuple[bytes, bool]]:
    """Yield the name of each chunk, and whether its checksum is right."""
    at = 8
    while at < len(data):
        head = data[at : at + 8]
        if len(head) < 8:
            yield head, False
            return
        length, name = struct.unpack(">I4s", head)
        body = data[at + 4 : at + 8 + length]
        checksum = data[at + 8 + length : at + 12 + length]
        yield name, checksum == zlib.crc32(body).to_bytes(4, "big")
        at += 12 + length


def _webp(data: bytes) -> str | None:
    size = int.from_bytes(data[4:8], "little") + 8
    if len(data) < size or len(data) <= 12:
        return f"it has {len(data)} of {size} bytes"
    return "it ends in zeros" if _ends_in_zeros(data[:size], b"") else None


def _heic(data: bytes) -> str | None:
    names, at = set(), 0
    while at + 8 <= len(data):
        size, name = struct.unpack(">I4s", data[at : at + 8])
        if size == 1 and at + 16 <= len(data):
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        names.add(name)
        if size == 0:  # to the end
            at = len(data)
            break
        if size < 8:
            return "the picture is damaged"
        at += size
    if at > len(data) or not names >= _HEIC_BOXES:
        return "the picture is cut"
    return "it ends in zeros" if _ends_in_zeros(data, b"") else None


def _pdf(data: bytes) -> str | None:
    if _ends_in_zeros(data, b"%%EOF") and b"%%EOF" not in data[-_PDF_END:]:
        return "it ends in zeros"
    is_whole = b"%%EOF" in data.rstrip(b"\0")[-_PDF_END:]
    return None if is_whole else "the end of the PDF is missing"


def _ends_in_zeros(data: bytes, end: bytes) -> bool:
    """Return whether zeros follow where neither the picture nor its maker ends."""
    body = data.rstrip(b"\0")
    return len(data) - len(body) >= 64 and (not end or not body.endswith(end))


_CHECKS: Final[Mapping[str, Callable[[bytes], str | None]]] = {
    "image/jpeg": _jpeg,
    "image/png": _png,
    "image/webp": _webp,
    "image/heic": _heic,
    "application/pdf": _pdf,
}
