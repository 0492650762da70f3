"""A proxy on loopback that counts bytes and requests, and may be a slow and lossy link."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from benchmarks.peers.heads import RequestCounter
from benchmarks.peers.link import Line, Link, Stream

_PIECE: Final = 65_536
_PATIENCE_S: Final = 10
#: A direction is closed so long after its last bytes.
_AFTER_S: Final = 1e-3


@dataclass(slots=True)
class Traffic:
    """What passed: payload bytes of TCP, and heads of requests."""

    connections: int = 0
    requests: int = 0
    bytes_up: int = 0
    bytes_down: int = 0

    def as_data(self) -> dict[str, int]:
        """Return the JSON object."""
        return {
            "connections": self.connections,
            "requests": self.requests,
            "bytes_up": self.bytes_up,
            "bytes_down": self.bytes_down,
        }


@dataclass(slots=True)
class Proxy:
    """A listening proxy; `proxy_before` starts one."""

    target: tuple[str, int]
    link: Link | None
    url: str = ""
    traffic: Traffic = field(default_factory=Traffic)
    _up: Line | None = None
    _down: Line | None = None

    def __post_init__(self) -> None:
        if self.link is not None:
            self._up, self._down = Line(self.link), Line(self.link)

    async def handle(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Carry one connection to its end."""
        self.traffic.connections += 1
        # Whoever goes away has what it wanted, and what is cancelled is over.
        with suppress(OSError, asyncio.CancelledError):
            far_reader, far_writer = await asyncio.open_connection(*self.target)
            try:
                await asyncio.gather(
                    self._carry_up(reader, far_writer),
                    self._carry_down(far_reader, writer),
                )
            finally:
                far_writer.close()
        writer.close()

    async def _carry_up(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        heads = RequestCounter()
        stream = _opened(self._up)
        while piece := await reader.read(_PIECE):
            heads.feed(piece)
            self.traffic.bytes_up += len(piece)
            self.traffic.requests += heads.requests
            heads.requests = 0
            await _send(piece, writer, stream)
        await _end(writer, stream)

    async def _carry_down(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        # Whoever answers has been sent something: the connection is open.
        stream = Stream(self._down, 0.0) if self._down is not None else None
        while piece := await reader.read(_PIECE):
            self.traffic.bytes_down += len(piece)
            await _send(piece, writer, stream)
        await _end(writer, stream)


def _opened(line: Line | None) -> Stream | None:
    """Begin a connection; its first bytes wait for the handshake."""
    if line is None:
        return None
    return Stream(line, line.opened_s(asyncio.get_running_loop().time()))


async def _send(
    piece: bytes, writer: asyncio.StreamWriter, stream: Stream | None
) -> None:
    """Hand a piece over, at once or when the link brings each segment."""
    if stream is None:
        writer.write(piece)
        await writer.drain()
        return
    loop, start = asyncio.get_running_loop(), 0
    for at_s, size in stream.arrivals(loop.time(), len(piece)):
        loop.call_at(at_s, writer.write, piece[start : start + size])
        start += size


async def _end(writer: asyncio.StreamWriter, stream: Stream | None) -> None:
    """Close this direction after all that is on its way."""
    if stream is not None:
        loop = asyncio.get_running_loop()
        there: asyncio.Future[None] = loop.create_future()
        loop.call_at(stream.last_s + _AFTER_S, _wake, there)
        await there
    writer.write_eof()


def _wake(waiting: asyncio.Future[None]) -> None:
    """Say that it is time, unless nobody waits any more."""
    if not waiting.done():
        waiting.set_result(None)


@contextmanager
def proxy_before(url: str, link: Link | None = None) -> Iterator[Proxy]:
    """Run a proxy before a server, in a thread of its own."""
    found = urlsplit(url)
    assert found.hostname is not None, url
    assert found.port is not None, url
    proxy = Proxy((found.hostname, found.port), link)
    loop = asyncio.new_event_loop()
    listening = asyncio.start_server(proxy.handle, "127.0.0.1", 0)
    server = loop.run_until_complete(listening)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    thread = threading.Thread(target=loop.run_forever, name="proxy")
    thread.start()
    try:
        yield proxy
    finally:
        asyncio.run_coroutine_threadsafe(_close(server), loop).result(_PATIENCE_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _close(server: asyncio.Server) -> None:
    """Stop listening, and end what is still open."""
    server.close()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    # Closing a transport takes another turn of the loop.
    await asyncio.sleep(0)  # noqa: TID251 - a turn of the loop, no time
