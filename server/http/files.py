"""/v1/blobs/{sha256}: attached files arrive in pieces and are read by their hash."""

import asyncio

from aiohttp import web

from schemas import limits
from schemas.attachments import is_digest
from server.errors import RequestError, refuse
from server.files import upload as flow
from server.files.upload import Piece, named_for, offset_headers
from server.http.body import Counted, arrive
from server.http.keys import BLOBS, PIECES, SPEAKERS, STORE
from server.http.sync import device_of
from server.store.values import AttachedFile

_OCTETS = "application/octet-stream"


async def head_blob(request: web.Request) -> web.Response:
    """Return how much of a file is here."""
    sha256, _ = await _named(request)
    state = request.app[BLOBS].files.state(sha256)
    if state is None:
        raise refuse("not_found", "nothing of it is here")
    return web.Response(headers=offset_headers(state))


async def patch_blob(request: web.Request) -> web.Response:
    """Put bytes at the end of a file; those that arrived before a cut count."""
    sha256, named = await _named(request)
    if request.content_type != _OCTETS:
        raise refuse("unknown_media_type", f"send {_OCTETS}")
    if "Content-Encoding" in request.headers:
        raise refuse("unknown_encoding", "a file is sent as it is")
    piece = Piece(
        sha256, _number(request, "Upload-Offset"), _number(request, "Upload-Length")
    )
    blobs = request.app[BLOBS]
    flow.check(blobs, piece, named)
    if blobs.files.state(sha256) is None:
        speakers = request.app[SPEAKERS]
        await speakers.count_file(request, request.app[STORE], piece.length)
    room = min(limits.BLOB_BODY_BYTES, piece.length - piece.offset)
    with request.app[PIECES].counting() as counted:
        data, cut = await _arrived(request, room, counted)
        if cut is not None and not data:
            raise cut
        state = await flow.append(request.app[STORE], blobs, piece, data, named)
    if cut is not None:
        raise cut
    return web.Response(status=204, headers=offset_headers(state))


async def get_blob(request: web.Request) -> web.FileResponse:
    """Return a whole file, or the range of it that is asked for."""
    sha256, _ = await _named(request)
    files = request.app[BLOBS].files
    state = files.state(sha256)
    if state is None or not state.complete:
        raise refuse("not_found", "the file is not here yet")
    # A browser must neither run it nor guess what it is.
    headers = {
        "Content-Type": _OCTETS,
        "Content-Disposition": "attachment",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private",
    }
    return web.FileResponse(files.path(sha256), headers=headers)


async def _named(request: web.Request) -> tuple[str, list[AttachedFile]]:
    """Return the file that is meant, for a device that may see it."""
    device = await device_of(request)
    sha256 = request.match_info["sha256"]
    if not is_digest(sha256):
        raise refuse("not_found", "64 hexadecimal digits, lower case")
    return sha256, await named_for(request.app[STORE], device, sha256)


def _number(request: web.Request, name: str) -> int:
    text = request.headers.get(name, "")
    # Not isdigit, which takes the digits of every script.
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise refuse("bad_header", f"{name}: a whole number")
    return int(text)


async def _arrived(
    request: web.Request, most: int, counted: Counted
) -> tuple[bytes, RequestError | None]:
    """Read a body; return what came of it, and why it ended early."""
    body = bytearray()
    try:
        async with asyncio.timeout(limits.BODY_TIMEOUT_S):
            await arrive(request, most, counted, body)
    except TimeoutError:
        return bytes(body), refuse("too_slow", f"{limits.BODY_TIMEOUT_S:.0f} s")
    except RequestError as error:
        if error.problem.code != "cut_body":
            raise
        return bytes(body), error
    return bytes(body), None
