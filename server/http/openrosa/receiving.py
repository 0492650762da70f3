"""What a phone sends: a form and its files as parts of one body, bounded as they arrive.

The XML is held in memory, which is counted; files go to the disk as they come, without a
name, so that a cut or a kill leaves nothing of them. The library reads the parts; that a
body says its length bounds what it may read.
"""

import asyncio
import errno
import hashlib
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from aiohttp import BodyPartReader, ClientPayloadError, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from schemas import limits
from schemas.media import HEAD_BYTES, sniff
from schemas.one_line import one_line
from server.errors import refuse
from server.files.upload import Blobs
from server.http.body import Counted
from server.http.keys import BLOBS, BODIES

_FORM: Final = "xml_submission_file"
#: Collect says so of all requests of a form but the last; names of files say it, too.
_MORE: Final = "*isIncomplete*"
_PIECE: Final = 64 * 1024
#: What the library raises for parts that are none.
_GARBLED: Final = (
    *(ValueError, AssertionError, RuntimeError, LookupError),
    *(HttpProcessingError, Warning),
)


@dataclass(frozen=True, slots=True)
class ArrivedFile:
    """A file that came whole; `content` stands at its beginning."""

    name: str
    sha256: str
    size: int
    mime: str
    content: BinaryIO


@dataclass(slots=True)
class Arrival:
    """The parts of one body."""

    xml: bytes = b""
    files: list[ArrivedFile] = field(default_factory=list)


@asynccontextmanager
async def arrival(request: web.Request) -> AsyncIterator[Arrival]:
    """Read a form with its files; what they take counts until the request is answered.

    Raises
    ------
    RequestError
        400 that is no form, or was cut; 408 too slow; 411 of no length; 413 too large;
        503 no room in memory, 507 none on the disk.
    """
    _check_head(request)
    with ExitStack() as held:
        counted = held.enter_context(request.app[BODIES].arriving.counting())
        try:
            async with asyncio.timeout(limits.SUBMISSION_TIMEOUT_S):
                found = await _read(request, held, counted)
        except TimeoutError:
            raise refuse(
                "too_slow", f"more than {limits.SUBMISSION_TIMEOUT_S:.0f} s"
            ) from None
        except (ClientPayloadError, ConnectionError):
            raise refuse("cut_body", "the connection ended") from None
        except _GARBLED as error:
            raise refuse("bad_form", f"its parts: {str(error)[:100]}") from None
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise refuse("disk_full") from None
        if not found.xml:
            raise refuse("bad_form", f"it has no part {_FORM}")
        yield found


def _check_head(request: web.Request) -> None:
    if request.content_type != "multipart/form-data":
        raise refuse("bad_form", "it is sent as multipart/form-data")
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise refuse("bad_form", "it is sent as it is, not packed")
    if request.content_length is None:
        raise refuse("no_length")
    if request.content_length > limits.SUBMISSION_BYTES:
        raise refuse("form_too_large", f"{limits.SUBMISSION_BYTES} bytes fit at once")


async def _read(request: web.Request, held: ExitStack, counted: Counted) -> Arrival:
    blobs, found = request.app[BLOBS], Arrival()
    reader = MultipartReader(request.headers, request.content)
    count = 0
    while (part := await reader.next()) is not None:
        count += 1
        if count > limits.SUBMISSION_FILES:
            raise refuse("form_too_large", f"{limits.SUBMISSION_FILES} parts fit")
        if not isinstance(part, BodyPartReader):
            raise refuse("bad_form", "a part of it has parts itself")
        if part.name == _FORM:
            if found.xml:
                raise refuse("bad_form", f"it has two parts {_FORM}")
            found.xml = await _form(part, counted)
        elif part.name != _MORE:
            found.files.append(await _file(part, blobs, held))
        else:
            await part.release()
    # A body that breaks off behind its last part is cut all the same.
    async for _ in request.content.iter_chunked(_PIECE):
        pass
    return found


async def _form(part: BodyPartReader, counted: Counted) -> bytes:
    data = bytearray()
    while piece := await part.read_chunk(_PIECE):
        counted.take(len(piece))
        data += piece
        if len(data) > limits.FORM_BYTES:
            raise refuse("form_too_large", f"the form: {limits.FORM_BYTES} bytes fit")
    return bytes(data)


async def _file(part: BodyPartReader, blobs: Blobs, held: ExitStack) -> ArrivedFile:
    name = _name(part)
    if not blobs.has_room():
        raise refuse("disk_full")
    content = held.enter_context(blobs.files.nameless())
    hashed, size, head = hashlib.sha256(), 0, b""
    while piece := await part.read_chunk(_PIECE):
        size += len(piece)
        if size > limits.ATTACHMENT_BYTES:
            most = limits.ATTACHMENT_BYTES
            raise refuse("form_too_large", f"{name}: {most} bytes fit")
        head = head if len(head) >= HEAD_BYTES else head + bytes(piece[:HEAD_BYTES])
        hashed.update(piece)
        await asyncio.to_thread(content.write, piece)
    content.seek(0)
    return ArrivedFile(name, hashed.hexdigest(), size, sniff(head) or "", content)


def _name(part: BodyPartReader) -> str:
    """Return what the form calls a file; it is never the name of one on the disk."""
    try:
        return one_line(part.filename or part.name or "", limits.NAME_CHARS)
    except ValueError as error:
        raise refuse("bad_form", f"the name of a file: {error}") from None
