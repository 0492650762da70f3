"""Connections: bounded in number, in time, and in what they may hold back.

aiohttp bounds neither how many there are nor how long the head of a request takes, nor
how long an answer is not read. Each connection is `waiting` while it has sent nothing
whole, and `busy` from the end of a head to the end of the answer. Where there are too many,
the one that has waited longest makes room: who speaks gets in.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from aiohttp import StreamReader, web

from schemas.problems import Problem
from server.config import Limits
from server.http.addresses import Networks, is_among, who
from server.http.problems import problem_response, raw_problem
from server.http.quiet import QuietLog

#: Bytes of one head: the longest request of ours has 2,000.
_HEAD_BYTES: Final = 16 * 1024
#: For how long an answer may find no reader.
_UNREAD_S: Final = 60.0
#: Files beside connections: the database, attached files, libraries.
_OTHER_FILES: Final = 200
#: What one connection may keep of a body that nobody reads as yet.
_READ_BYTES: Final = 16 * 1024
#: For how long a body is read and dropped after its request was refused.
_LINGER_S: Final = 2.0


@dataclass(slots=True)
class _Address:
    """The connections from one address."""

    count: int = 0
    waiting: "OrderedDict[Connection, None]" = field(default_factory=OrderedDict)


class Door:
    """Knows every connection, whom to let in and whom to send away."""

    def __init__(self, bounds: Limits, trusted: Networks, log: QuietLog) -> None:
        self.log = log
        self.count = 0
        #: Whether each connection ends with its answer.
        self.is_closing = False
        self._bounds, self._trusted = bounds, trusted
        self._waiting: OrderedDict[Connection, None] = OrderedDict()
        self._busy: set[Connection] = set()
        self._addresses: dict[str, _Address] = {}

    def enter(self, connection: "Connection") -> bool:
        """Admit a connection, where there is room or another one makes it."""
        address = self._addresses.setdefault(connection.address, _Address())
        own = self._bounds.connections_per_address
        is_full = address.count >= own and not is_among(
            connection.address, self._trusted
        )
        if is_full and not _send_away(address.waiting):
            return False
        if self.count >= self._bounds.connections and not _send_away(self._waiting):
            return False
        self.count += 1
        address = self._addresses.setdefault(connection.address, address)
        address.count += 1
        self.wait(connection)
        return True

    def wait(self, connection: "Connection") -> None:
        """Note that a connection waits for a request from now on."""
        connection.since_s = connection.now_s()
        self._busy.discard(connection)
        self._waiting[connection] = None
        self._addresses[connection.address].waiting[connection] = None

    def work(self, connection: "Connection") -> None:
        """Note that a connection has sent the head of a request."""
        self._busy.add(connection)
        self._waiting.pop(connection, None)
        self._addresses[connection.address].waiting.pop(connection, None)

    @property
    def is_busy(self) -> bool:
        """Return whether requests are under way."""
        return bool(self._busy)

    def leave(self, connection: "Connection") -> None:
        """Forget a connection that is gone."""
        self._busy.discard(connection)
        self._waiting.pop(connection, None)
        address = self._addresses[connection.address]
        address.waiting.pop(connection, None)
        address.count -= 1
        self.count -= 1
        if not address.count:
            del self._addresses[connection.address]

    def sweep(self, now_s: float) -> None:
        """End what takes too long, and tell what was counted."""
        for connection in list(self._waiting):
            most_s = (
                self._bounds.idle_seconds
                if connection.is_idle
                else self._bounds.head_seconds
            )
            if now_s - connection.since_s > most_s:
                self.note(
                    "connection ended", connection.address, "nothing came in time"
                )
                connection.end()
        for connection in list(self._busy):
            if connection.unread_s(now_s) > _UNREAD_S:
                self.note("connection ended", connection.address, "nobody reads")
                connection.cut()
        self.log.tell(now_s)

    def note(self, event: str, address: str, why: str) -> None:
        """Write what was done with a connection, or count it."""
        now_s = asyncio.get_running_loop().time()
        self.log.note(now_s, event, (address, why), address=address, why=why)


def _send_away(waiting: "OrderedDict[Connection, None]") -> bool:
    """End the connection that has waited longest; return whether there was one."""
    if not waiting:
        return False
    oldest, _ = waiting.popitem(last=False)
    oldest.end()
    return True


class Connection(web.RequestHandler):
    """One connection, as aiohttp serves it, within the bounds of its door.

    Of what it inherits `_loop` and `_request_count` are not public: the time, and how many
    whole heads came.
    """

    __slots__ = (
        "_begun",
        "_door",
        "_head_bytes",
        "_is_in",
        "_rest",
        "_unread",
        "address",
        "is_idle",
        "since_s",
    )

    def __init__(self, manager: web.Server, door: Door, **more: Any) -> None:  # noqa: ANN401
        super().__init__(manager, **more)
        self._door = door
        self._begun = self._head_bytes = 0
        self._is_in = False
        #: The body of a request that was answered before it had come.
        self._rest: StreamReader | None = None
        self._unread = (0, 0.0)
        self.address = ""
        #: Whether a request was answered and nothing of another one has come.
        self.is_idle = False
        self.since_s = 0.0

    def now_s(self) -> float:
        """Return the time of the event loop."""
        return self._loop.time()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Admit it, or send it away before it has said anything."""
        assert isinstance(transport, asyncio.Transport)
        peer = transport.get_extra_info("peername")
        self.address = who(peer[0]) if peer else ""
        if not self._door.enter(self):
            self._door.note("connection refused", self.address, "too many")
            transport.write(raw_problem(Problem("busy", detail="too many connections")))
            transport.close()
            return
        self._is_in = True
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget it."""
        if not self._is_in:
            return
        self._is_in = False
        self._door.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came; a head is bounded here, a body by who reads it."""
        if not self._is_in or self.transport is None:
            return
        is_head = self._is_head()
        if is_head and self.is_idle:
            self.is_idle, self.since_s = False, self.now_s()
        if is_head and self._head_bytes > _HEAD_BYTES:
            self._door.note("connection ended", self.address, "a head without end")
            self.end()
            return
        super().data_received(data)
        # The last piece of a body that was not waited for is of no head.
        is_still_head = is_head and self._is_head()
        self._head_bytes = self._head_bytes + len(data) if is_still_head else 0

    def _is_head(self) -> bool:
        """Return whether what comes now is of a head: no body is on its way."""
        if self._rest is not None and self._rest.is_eof():
            self._rest = None
        return self._rest is None and self._begun >= self._request_count

    def begin(self) -> None:
        """Note that a request is served."""
        self._door.work(self)

    async def finish_response(
        self,
        request: web.BaseRequest,
        resp: web.StreamResponse,
        start_time: float | None,
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer, and wait for the next request."""
        if self._door.is_closing:
            resp.force_close()
        try:
            return await super().finish_response(request, resp, start_time)
        finally:
            self._begun += 1
            self._rest = request.content
            self.is_idle = True
            if self._is_in:
                self._door.wait(self)

    def unread_s(self, now_s: float) -> float:
        """Return for how long nothing was read of what is to be sent."""
        size = 0 if self.transport is None else self._transport_size()
        if not size or size != self._unread[0]:
            self._unread = (size, now_s)
        return now_s - self._unread[1]

    def _transport_size(self) -> int:
        assert isinstance(self.transport, asyncio.Transport)
        return self.transport.get_write_buffer_size()

    def end(self) -> None:
        """Say that it took too long where something was begun, and close it."""
        if self.transport is not None and not self.is_idle:
            self.transport.write(
                raw_problem(Problem("too_slow", detail="no whole request came"))
            )
        self.force_close()

    def cut(self) -> None:
        """Close it without a word: nobody reads."""
        if self.transport is not None:
            self.transport.abort()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no HTTP, or a fault of the library, with a problem document."""
        del message
        problem = Problem("bad_request") if status < 500 else Problem("internal")
        why = type(exc).__name__ if exc is not None else str(status)
        self._door.note("request not understood", self.address, why)
        if request.writer.output_size > 0:
            raise ConnectionError("a part of an answer was sent")
        response = problem_response(problem, "")
        response.force_close()
        return response

    def log_exception(self, *args: Any, **kw: Any) -> None:  # noqa: ANN401
        """Write a fault of the library as one line."""
        error = kw.get("exc_info")
        why = f"{args[0]}: {type(error).__name__}" if args else type(error).__name__
        self._door.note("connection failed", self.address, why)


def factory(server: web.Server, door: Door, **more: Any) -> Callable[[], Connection]:  # noqa: ANN401
    """Return what makes the connections of a server."""
    loop = asyncio.get_running_loop()
    more |= {"read_bufsize": _READ_BYTES, "lingering_time": _LINGER_S}
    return lambda: Connection(server, door, loop=loop, **more)


def with_open_files(limits: Limits) -> Limits:
    """Return bounds that the system's own bound on open files allows; it is raised first."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return limits
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = limits.connections + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        return replace(limits, connections=min(limits.connections, most - _OTHER_FILES))
    return limits
