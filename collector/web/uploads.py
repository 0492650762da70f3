"""What a form sends, its files held in memory: a photo never lies on the disk unencrypted."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from collector.errors import RefusedError
from schemas import limits

#: Texts of one form: a boundary of 3,000 positions takes 150,000 bytes.
_TEXT_BYTES: Final = 2**20
#: The files of one form together: as much as a small laptop holds in memory.
_FILES_BYTES: Final = 4 * limits.ATTACHMENT_BYTES
#: Parts of one form; no page has half as many fields.
_PARTS: Final = 200
_CHUNK_BYTES: Final = 2**16
_MIB: Final = 2**20

#: A file of a form: its name and its content.
FormFile = tuple[str, bytes]


class SentForm(NamedTuple):
    """What a form sent: texts, and files, by the names of its fields."""

    texts: Mapping[str, str]
    files: Mapping[str, list[FormFile]]


NOTHING_SENT: Final = SentForm({}, {})


async def sent_by(request: web.Request) -> SentForm:
    """Return what a form sent.

    Raises
    ------
    RefusedError
        If a file is too large, or the form came damaged.
    """
    if request.method != "POST":
        return NOTHING_SENT
    if not request.content_type.startswith("multipart/"):
        found = await request.post()
        return SentForm({name: str(value) for name, value in found.items()}, {})
    try:
        return await _parts(request)
    except (ValueError, AssertionError, HttpProcessingError, RuntimeError):
        raise RefusedError(
            "the form came damaged", "go back and send it again", code="damaged_form"
        ) from None


async def _parts(request: web.Request) -> SentForm:
    texts: dict[str, str] = {}
    files: dict[str, list[FormFile]] = {}
    left, count = _FILES_BYTES, 0
    too_large: RefusedError | None = None
    async for part in await request.multipart():
        count += 1
        if not isinstance(part, BodyPartReader) or count > _PARTS:
            raise ValueError("no form of this page sends that")
        name = part.name or ""
        if part.filename is None:
            data, size = await _content(part, _TEXT_BYTES)
            if size > _TEXT_BYTES:
                too_large = too_large or _too_large(name, size, _TEXT_BYTES)
            texts[name] = data.decode("utf-8")
            continue
        most = min(left, limits.ATTACHMENT_BYTES)
        data, size = await _content(part, most)
        if size > most:
            too_large = too_large or _too_large(part.filename, size, most)
        # A browser sends a field of files that was left empty as a file without a name.
        elif part.filename:
            files.setdefault(name, []).append((_plain(part.filename), data))
            left -= size
    # Raised when all was read: a browser that still sends shows no answer.
    if too_large is not None:
        raise too_large
    return SentForm(texts, files)


async def _content(part: BodyPartReader, most: int) -> tuple[bytes, int]:
    """Read a part to its end; return its beginning up to `most` bytes, and its size."""
    kept, size = bytearray(), 0
    while chunk := await part.read_chunk(_CHUNK_BYTES):
        size += len(chunk)
        if size <= most:
            kept += chunk
    return bytes(kept) if size <= most else b"", size


def _too_large(name: str, size: int, most: int) -> RefusedError:
    return RefusedError(
        f"{name} has {size / _MIB:.1f} MiB; {most / _MIB:.0f} are taken here",
        "make the picture or scan smaller, or send fewer files at once",
        code="too_large",
    )


def _plain(name: str) -> str:
    """Return the name of a file without the folders that some browsers send."""
    return name.replace("\\", "/").rpartition("/")[2]
