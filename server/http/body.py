"""Read a request body that may be hostile: bounded as it arrives, unpacked, in time and memory.

aiohttp's own reader passes a cut zstd body as empty, answers garbage with 500,
lets unknown encodings through and has no time bound; so its decompression is
switched off and this reader is used instead.
"""

import asyncio
import zlib
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import ClientPayloadError, web
from backports import zstd

from schemas import limits
from server.errors import busy, refuse

#: How long a request waits for its turn: a laptop waits for 90 s in silence.
_WAIT_S: Final = 30.0
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


class Arriving:
    """Bytes that are arriving: who finds no room is sent away, to come again."""

    def __init__(self, most: int) -> None:
        self.most, self.held = most, 0

    def take(self, size: int) -> None:
        """Take room for bytes that have come.

        Raises
        ------
        RequestError
            If there is none.
        """
        if self.held + size > self.most:
            raise busy("as many bytes are arriving as fit in memory")
        self.held += size

    def give(self, size: int) -> None:
        """Leave room to others."""
        self.held -= size

    @contextmanager
    def counting(self) -> Iterator["Counted"]:
        """Count what one request holds, until it is done with it."""
        counted = Counted(self)
        try:
            yield counted
        finally:
            counted.give_all()


@dataclass(slots=True)
class Counted:
    """What one request holds of a room."""

    room: Arriving
    size: int = 0

    def take(self, size: int) -> None:
        """Take room for more."""
        self.room.take(size)
        self.size += size

    def give_all(self) -> None:
        """Leave all of it to others."""
        self.room.give(self.size)
        self.size = 0


class Work:
    """Bytes that are worked on: who finds no room waits for it, in the order they came."""

    def __init__(self, most: int, wait_s: float = _WAIT_S) -> None:
        self.most, self.held = most, 0
        self._wait_s = wait_s
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def hold(self, size: int) -> AsyncIterator["Held"]:
        """Hold room for so many bytes.

        Raises
        ------
        RequestError
            If there was none in time.
        """
        size = min(size, self.most)
        await self._take(size)
        held = Held(self, size)
        try:
            yield held
        finally:
            held.shrink(0)

    async def _take(self, size: int) -> None:
        if not self._waiting and self.held + size <= self.most:
            self.held += size
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        place = (size, turn)
        self._waiting.append(place)
        try:
            async with asyncio.timeout(self._wait_s):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self.held -= size  # its turn came as it went away
            elif place in self._waiting:
                self._waiting.remove(place)
            self.go_on()
            if isinstance(error, TimeoutError):
                raise busy("too many requests wait for their turn") from None
            raise

    def go_on(self) -> None:
        """Admit those who fit now, in the order they came."""
        while self._waiting and self.held + self._waiting[0][0] <= self.most:
            size, turn = self._waiting.popleft()
            if not turn.done():
                self.held += size
                turn.set_result(None)


@dataclass(slots=True)
class Held:
    """Room that one request has."""

    room: Work
    size: int

    def shrink(self, size: int) -> None:
        """Leave to others what is not needed."""
        if size < self.size:
            self.room.held -= self.size - size
            self.size = size
            self.room.go_on()


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
