"""A bad network: a TCP proxy on loopback that does to each connection what it is told.

It knows nothing of HTTP. What happens to a connection is a `Treatment`; a rule gives
one for each connection, by its number. `Proxy.bytes_up` counts what laptops sent and
what left for the server, `bytes_down` what came back.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

PIECE = 4096


@dataclass(frozen=True)
class Treatment:
    """What happens to one connection; nothing, unless said otherwise."""

    #: End it after so many bytes towards the server, or towards the laptop.
    up_bytes: int | None = None
    down_bytes: int | None = None
    #: "close" sends FIN both ways, "reset" RST both ways, "half" only closes the
    #: direction that is cut, "stall" lets nothing pass for `stall_s`, then resets.
    how: str = "close"
    stall_s: float = 0.0
    #: How fast bytes pass, each way.
    bits_s: float | None = None
    #: Send everything the laptop sent to the server once more, afterwards.
    again: bool = False
    #: Show the laptop a reset, and deliver what it sent after a later connection.
    late: bool = False


PLAIN = Treatment()


@dataclass
class Proxy:
    """A listening proxy; `serve_proxy` starts one."""

    target: tuple[str, int]
    rule: Callable[[int], Treatment]
    url: str = ""
    connections: int = 0
    treated: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    #: A link that ends every connection whenever so many bytes have passed.
    cut_every_bytes: int | None = None
    cuts: int = 0
    #: Requests that wait to be delivered late.
    kept: list[bytes] = field(default_factory=list)
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def handle(self, reader, writer):
        number, self.connections = self.connections, self.connections + 1
        treatment = self.rule(number)
        self.treated += treatment != PLAIN
        # Cancelled when the test ends: nobody is left to tell.
        with suppress(OSError, asyncio.CancelledError):
            if treatment.late:
                await self._keep_for_later(reader, writer)
            else:
                await self._pass(reader, writer, treatment)
        writer.close()

    async def _pass(self, reader, writer, treatment):
        far_reader, far_writer = await asyncio.open_connection(*self.target)
        ends = (writer, far_writer)
        self._open |= set(ends)
        sent = bytearray()
        try:
            await asyncio.gather(
                self._pump(reader, far_writer, ends, treatment, sent),
                self._pump(far_reader, writer, ends, treatment, None),
            )
        finally:
            self._open -= set(ends)
            far_writer.close()
        if treatment.again:
            await self._deliver(bytes(sent))
        while self.kept:
            await self._deliver(self.kept.pop())

    async def _pump(self, reader, writer, ends, treatment, sent):
        """Carry one direction to its end, or to where it is cut."""
        left = treatment.down_bytes if sent is None else treatment.up_bytes
        while piece := await reader.read(PIECE):
            if left is not None and len(piece) >= left:
                await self._carry(piece[:left], writer, sent)
                await _end(treatment, writer, ends)
                return
            left = None if left is None else left - len(piece)
            if treatment.bits_s:
                await asyncio.sleep(len(piece) * 8 / treatment.bits_s)
            await self._carry(piece, writer, sent)
        writer.write_eof()

    async def _carry(self, piece, writer, sent):
        if sent is None:
            self.bytes_down += len(piece)
        else:
            self.bytes_up += len(piece)
            sent += piece
        self._cut_when_due(len(piece))
        writer.write(piece)
        await writer.drain()

    def _cut_when_due(self, size):
        if self.cut_every_bytes is None:
            return
        passed = self.bytes_up + self.bytes_down
        if passed // self.cut_every_bytes > (passed - size) // self.cut_every_bytes:
            self.cuts += 1
            for writer in self._open:
                _reset(writer)

    async def _keep_for_later(self, reader, writer):
        """Take a whole request as TCP shows it: until the laptop falls silent."""
        sent = bytearray()
        with suppress(TimeoutError):
            while piece := await asyncio.wait_for(reader.read(PIECE), 0.3):
                sent += piece
        self.bytes_up += len(sent)
        self.kept.append(bytes(sent))
        _reset(writer)

    async def _deliver(self, request):
        """Send kept bytes to the server; nobody waits for the answer."""
        reader, writer = await asyncio.open_connection(*self.target)
        try:
            writer.write(request)
            await writer.drain()
            while await asyncio.wait_for(reader.read(PIECE), 0.5):
                pass
        except (OSError, TimeoutError):
            pass
        finally:
            writer.close()


async def _end(treatment, writer, ends):
    match treatment.how:
        case "half":
            writer.write_eof()
            return
        case "stall":
            await asyncio.sleep(treatment.stall_s)
            close = _reset
        case "reset":
            close = _reset
        case "close":
            close = asyncio.StreamWriter.close
    for end in ends:
        close(end)


def _reset(writer):
    """Send RST instead of FIN: the system forgets what was not delivered."""
    sock = writer.get_extra_info("socket")
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@contextmanager
def serve_proxy(url, rule=lambda _: PLAIN, cut_every_bytes=None):
    """Run a proxy before a server, in a thread of its own; return it."""
    found = urlsplit(url)
    proxy = Proxy((found.hostname, found.port), rule, cut_every_bytes=cut_every_bytes)
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(proxy.handle, "127.0.0.1", 0))
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    thread = threading.Thread(target=loop.run_forever, name="proxy")
    thread.start()
    try:
        yield proxy
    finally:
        asyncio.run_coroutine_threadsafe(_close(server), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _close(server):
    """Stop listening, and end what is still open."""
    server.close()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    # Closing a transport takes another turn of the loop.
    await asyncio.sleep(0)
