"""What a form of the desk sends, within bounds of memory and time."""

import asyncio
from collections.abc import Mapping
from typing import Final, NamedTuple

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from server.desk.frame import SentFile
from server.errors import RefusedError
from server.http.body import Work

#: One form with its files; every form that arrives takes its share of the room.
MOST_BYTES: Final = 16 * 2**20
#: What forms may take of the memory at once.
ROOM_BYTES: Final = 2 * MOST_BYTES
_TIME_S: Final = 120
#: A page of an inbox has a box for each of its rows.
_PARTS: Final = 2_000
_MIB: Final = 2**20

#: What the library raises for a form that is none; an encoding may be unknown.
_GARBLED: Final = (
    *(ValueError, AssertionError, RuntimeError, LookupError),
    *(HttpProcessingError, Warning),
)

FORMS: Final = web.AppKey("forms", Work)


class SentForm(NamedTuple):
    """What a form sent: texts and files by the names of its fields."""

    texts: Mapping[str, list[str]]
    files: Mapping[str, SentFile]


NOTHING_SENT: Final = SentForm({}, {})


def first_of(sent: SentForm, name: str) -> str:
    """Return what a form says first in a field; empty where it says nothing."""
    return next(iter(sent.texts.get(name, ())), "")


async def sent_by(request: web.Request) -> SentForm:
    """Return what a form sent.

    Raises
    ------
    RefusedError
        If it is too large, takes too long, or came damaged.
    """
    if request.method != "POST":
        return NOTHING_SENT
    size = request.content_length
    if size is None or size > MOST_BYTES:
        raise RefusedError(
            f"a form with its files has at most {MOST_BYTES // _MIB} MiB",
            [],
            "send fewer or smaller files; larger ones go by: permille-server lab import",
        )
    try:
        async with asyncio.timeout(_TIME_S), request.app[FORMS].hold(size):
            return await _read(request)
    except TimeoutError:
        raise RefusedError("the form took too long", [], "send it again") from None
    except _GARBLED:
        raise RefusedError("the form came damaged", [], "send it again") from None


async def _read(request: web.Request) -> SentForm:
    texts: dict[str, list[str]] = {}
    files: dict[str, SentFile] = {}
    if not request.content_type.startswith("multipart/"):
        found = await request.post()
        for name, value in found.items():
            texts.setdefault(name, []).append(str(value))
        return SentForm(texts, files)
    count = 0
    async for part in await request.multipart():
        count += 1
        if not isinstance(part, BodyPartReader) or count > _PARTS:
            raise ValueError("no form of the desk sends that")
        content = bytes(await part.read(decode=False))
        if part.filename is None:
            texts.setdefault(part.name or "", []).append(content.decode())
        # A browser sends a field of files that was left empty as a file without a name.
        elif part.filename:
            name = part.filename.replace("\\", "/").rpartition("/")[2]
            files[part.name or ""] = SentFile(name, content)
    return SentForm(texts, files)
