"""Read a request body that may be hostile: bounded before and after unpacking, and in time.

aiohttp's own reader passes a cut zstd body as empty, answers garbage with 500,
lets unknown encodings through and has no time bound; so its decompression is
switched off and this reader is used instead.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import ClientPayloadError, web
from backports import zstd

from schemas import limits
from server.errors import refuse
from server.http.rooms import Arriving, Counted, Work

#: What an answer takes at least while it is made, however small the request.
_ANSWER_BYTES: Final = limits.PAGE_BYTES
_WINDOW: Final[dict[int, int]] = {
    zstd.DecompressionParameter.window_log_max: limits.ZSTD_WINDOW_LOG
}


#: What makes the unpacker of an encoding; None where nothing is to be unpacked.
_UNPACKERS: Final[dict[str, Callable[[], Any] | None]] = {
    "": None,
    "identity": None,
    "gzip": lambda: zlib.decompressobj(wbits=31),
    "zstd": lambda: zstd.ZstdDecompressor(options=_WINDOW),
}


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large a body may be, as it arrives and unpacked, and how long it may take."""

    packed: int
    unpacked: int
    timeout_s: float


class Body:
    """An unpacked body, which is let go of when it is taken."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def take(self) -> bytes:
        """Return the bytes, once."""
        raw, self._raw = self._raw, b""
        return raw


@dataclass(slots=True)
class BodyRooms:
    """The memory that bodies may take: while they arrive, and while they are worked on."""

    arriving: Arriving
    work: Work

    @asynccontextmanager
    async def body(
        self, request: web.Request, bounds: Bounds | None = None
    ) -> AsyncIterator[Body]:
        """Read and unpack a body; what it takes counts until the request is answered.

        Raises
        ------
        RequestError
            408 too slow, 413 too large packed or unpacked, 415 unknown encoding,
            400 cut or garbled, 503 no room.
        """
        bounds = bounds or Bounds(
            limits.BODY_BYTES, limits.UNPACKED_BYTES, limits.BODY_TIMEOUT_S
        )
        encoding = _encoding_of(request)
        with self.arriving.counting() as counted:
            packed = await arrived(request, bounds, counted)
            async with self.work.hold(bounds.unpacked) as held:
                raw = await asyncio.to_thread(
                    _unpacked, encoding, packed, bounds.unpacked
                )
                del packed
                counted.give_all()
                held.shrink(max(len(raw), _ANSWER_BYTES))
                body = Body(raw)
                del raw
                yield body


async def arrived(request: web.Request, bounds: Bounds, counted: Counted) -> bytes:
    """Return a body as it is sent.

    Raises
    ------
    RequestError
        408 too slow, 413 too large, 400 cut, 503 no room.
    """
    data = bytearray()
    try:
        async with asyncio.timeout(bounds.timeout_s):
            await arrive(request, bounds.packed, counted, data)
    except TimeoutError:
        raise refuse("too_slow", f"more than {bounds.timeout_s:.0f} s") from None
    return bytes(data)


async def arrive(
    request: web.Request, most: int, counted: Counted, data: bytearray
) -> None:
    """Add what arrives of a body to `data`, so that what came before a cut is there.

    Raises
    ------
    RequestError
        413 too large, 400 cut, 503 no room.
    """
    if request.content_length is not None and request.content_length > most:
        raise refuse("too_large", f"{most} bytes fit")
    try:
        async for chunk in request.content.iter_chunked(64 * 1024):
            counted.take(len(chunk))
            data += chunk
            if len(data) > most:
                raise refuse("too_large", f"{most} bytes fit")
    except (ClientPayloadError, ConnectionError):
        raise refuse("cut_body", "the connection ended") from None


def _encoding_of(request: web.Request) -> str:
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in _UNPACKERS:
        raise refuse("unknown_encoding", encoding[:40])
    return encoding


def _unpacked(encoding: str, packed: bytes, most: int) -> bytes:
    make = _UNPACKERS[encoding]
    if make is None or not packed:
        return packed
    unpacker = make()
    try:
        raw: bytes = unpacker.decompress(packed, most + 1)
    except (zlib.error, zstd.ZstdError) as error:
        raise refuse("bad_encoding", str(error)[:100]) from None
    if unpacker.unused_data:
        raise refuse("bad_encoding", f"data after the end of the {encoding} stream")
    if len(raw) > most:
        raise refuse("too_large", f"{most} bytes fit unpacked")
    if not unpacker.eof:
        raise refuse("cut_body", "the compressed stream has no end")
    return raw
