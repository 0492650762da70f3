"""The service: the parts put together, started and stopped."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import structlog
from aiohttp import web

from schemas.durable_files import keep_private
from server.access.limits import limits_of
from server.access.read_tokens import has_readers
from server.clock import Clock
from server.config import DataDirectory, Limits
from server.custody.review import rejudge_once, release_waiting
from server.data import open_read_copy, open_store, sole_server
from server.derivation.process import keep_worker
from server.desk.answer import add_desk
from server.errors import StorageError
from server.files.upload import Blobs
from server.http.addresses import Networks, host_of
from server.http.body import Arriving, BodyRooms, Work
from server.http.connections import Door, factory, with_open_files
from server.http.full_disk import FullDisk
from server.http.guards import CLOCK, DOOR, guard, trim_headers
from server.http.keys import (
    BLOBS,
    BODIES,
    DERIVE,
    ENROLMENTS,
    FULL_DISK,
    METRICS,
    PIECES,
    READ_COPY,
    READS,
    REPAIRS,
    SPEAKERS,
    STOPPING,
    STORE,
    WAKE,
)
from server.http.metrics import Metrics
from server.http.quiet import QuietLog
from server.http.routes import add_routes
from server.http.speakers import Speakers
from server.operations.copy_detection import (
    COPIED,
    notice_copy,
    notice_move,
    renew,
)
from server.reading.follow import Follower
from server.reading.port import ReadCopy
from server.store.port import Store, Transaction
from server.webhooks.telling import tell_for_ever

_LOG: Final = structlog.get_logger("permille")

#: How long changes made by another process, such as the command line, may wait.
_LOOK_EVERY_S: Final = 2.0

_USUAL: Final = Limits()
#: Derives in a data directory whenever the event is set, until it is cancelled.
Deriving = Callable[[DataDirectory, asyncio.Event], Coroutine[Any, Any, None]]
_MIB: Final = 1024 * 1024
_SWEEP_S: Final = 1.0
#: Connections that the system keeps until they are taken.
_BACKLOG: Final = 512

#: Threads that unpack, read and write bodies: more of them keep more memory and, beside
#: the one interpreter, do no more.
_THREADS: Final = 2

#: Pages that are read at once: each may take some MiB.
_READS: Final = 4

#: How long requests that are under way may take at shutdown; a cut one is sent again.
_LAST_REQUESTS_S: Final = 5.0
#: How long one may take to end that is cut.
_CUT_S: Final = 1.0
_LOOK_WHETHER_BUSY_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Listening:
    """Where to listen, and whose word on where a request came from is taken.

    `bound` is a socket that several processes take connections of.
    """

    host: str
    port: int
    trusted: Networks = ()
    bound: socket.socket | None = None


def build_app(
    store: Store,
    blobs: Blobs,
    clock: Clock,
    copy: ReadCopy,
    limits: Limits = _USUAL,
    trusted: Networks = (),
) -> web.Application:
    """Put the application together."""
    app = web.Application(middlewares=[guard])
    app[STORE], app[CLOCK] = store, clock
    app[WAKE], app[DERIVE] = asyncio.Event(), asyncio.Event()
    app[BLOBS], app[METRICS] = blobs, Metrics()
    app[STOPPING], app[FULL_DISK] = asyncio.Event(), FullDisk()
    app[SPEAKERS] = Speakers(limits, trusted)
    app[DOOR] = Door(limits, trusted, QuietLog(_LOG.warning))
    room = limits.body_mib * _MIB
    app[BODIES] = BodyRooms(Arriving(room), Work(room // 2))
    app[ENROLMENTS] = BodyRooms(Arriving(_MIB), Work(_MIB))
    app[PIECES] = Arriving(room)
    app[REPAIRS] = Work(1)
    app[READ_COPY], app[READS] = Follower(store, copy), Work(_READS)
    add_routes(app)
    add_desk(app)
    app.on_response_prepare.append(trim_headers)
    app.cleanup_ctx.append(_releasing)
    app.cleanup_ctx.append(_sweeping)
    app.cleanup_ctx.append(_following)
    app.cleanup_ctx.append(_telling)
    return app


async def _following(app: web.Application) -> AsyncIterator[None]:
    """Keep the copy that readers read up to what comes in, where there are readers."""

    async def follow() -> None:
        is_checked = False
        while True:
            try:
                now = app[CLOCK].stamp()
                if await app[STORE].read(partial(has_readers, now=now)):
                    await app[READ_COPY].catch_up()
                    if not is_checked:
                        await app[READ_COPY].copy.check()
                        is_checked = True
            except Exception:  # noqa: BLE001 - logged; it is tried again
                _LOG.exception("the read copy could not be written")
            await app[CLOCK].pause(_LOOK_EVERY_S)

    task = asyncio.create_task(follow())
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    await app[READ_COPY].stop()


async def _telling(app: web.Application) -> AsyncIterator[None]:
    """Tell webhooks what happens, beside all else: who receives holds nothing up."""
    task = asyncio.create_task(tell_for_ever(app[STORE], app[CLOCK]))
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _sweeping(app: web.Application) -> AsyncIterator[None]:
    """End connections that take too long, once a second."""

    async def sweep() -> None:
        while True:
            app[DOOR].sweep(asyncio.get_running_loop().time())
            await app[CLOCK].pause(_SWEEP_S)

    task = asyncio.create_task(sweep())
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _releasing(app: web.Application) -> AsyncIterator[None]:
    """Release what waits for records that have come, and call for the derivation."""
    task = asyncio.create_task(_release_for_ever(app))
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _release_for_ever(app: web.Application) -> None:
    wake, is_woken = app[WAKE], False
    while True:
        try:
            # Where several processes serve, one of them does this for all.
            leads = await app[STORE].leads()
            app[METRICS].note_lead(leads=leads)
            if leads:
                await _look_after(app, is_woken=is_woken)
        except Exception:  # noqa: BLE001 - logged; it is tried again
            _LOG.exception("release or derivation failed")
            app[METRICS].note_lead(leads=False)
        # Not wait_for: on Python 3.11 it can swallow the cancellation at shutdown.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_EVERY_S):
                await wake.wait()
        is_woken = wake.is_set()
        wake.clear()


async def _look_after(app: web.Application, *, is_woken: bool) -> None:
    """Notice another timeline, release what may follow, call for the derivation."""
    if await notice_move(app[STORE], app[CLOCK]):
        _LOG.warning("a new epoch begins", reason=COPIED)
    await release_waiting(app[STORE], app[CLOCK])
    # What was pushed is of plots; what commands did is looked for.
    if is_woken or await app[STORE].read(_is_waiting):
        app[DERIVE].set()


def _is_waiting(tx: Transaction) -> bool:
    """Return whether plots wait to be derived."""
    return tx.is_waiting()


@contextlib.asynccontextmanager
async def _deriving(running: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Derive beside what is served."""
    task = asyncio.create_task(running)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _rejudge(store: Store, clock: Clock) -> None:
    """Return what an older program kept back another chance, once."""
    done = await rejudge_once(store, clock)
    if done is not None and done.tried:
        _LOG.info("judged again", tried=done.tried, settled=done.settled)


async def serve(
    data: DataDirectory,
    listening: Listening,
    ready: Callable[[str], None],
    stop: asyncio.Event,
    deriving: Deriving = keep_worker,
) -> None:
    """Serve until told to stop; say the address once it is bound.

    `deriving` says where plots are derived: in a process of its own.
    """
    with sole_server(data):
        await asyncio.to_thread(keep_private, data.path, deep=True)
        store, clock = open_store(data), Clock()
        if listening.bound is None:
            await notice_copy(store, data.mark, clock)
        await _rejudge(store, clock)
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS))
        limits = with_open_files(await store.read(limits_of))
        blobs, copy = Blobs(data.blobs), open_read_copy(data)
        app = build_app(store, blobs, clock, copy, limits, listening.trusted)
        app[STOPPING] = stop
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_CUT_S)
        await runner.setup()
        try:
            async with (
                _deriving(deriving(data, app[DERIVE])),
                _listening(runner, app[DOOR], listening) as bound,
            ):
                ready(f"http://{host_of(bound[0])}:{bound[1]}")
                await stop.wait()
                app[DOOR].is_closing = True
            await _finish_requests(app)
        finally:
            await runner.cleanup()
            # A disk that fails now has been spoken of; the marks of the start stand.
            with contextlib.suppress(StorageError, OSError):
                if listening.bound is None:
                    await renew(store, data.mark, clock)
            store.close()


async def _finish_requests(app: web.Application) -> None:
    """Wait for the requests under way: the library drops what still comes of a body."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LAST_REQUESTS_S):
            while app[DOOR].is_busy:
                await app[CLOCK].pause(_LOOK_WHETHER_BUSY_S)


@contextlib.asynccontextmanager
async def _listening(
    runner: web.AppRunner, door: Door, at: Listening
) -> AsyncIterator[tuple[str, int]]:
    """Take connections at an address; return the one that was bound."""
    assert runner.server is not None
    # Our own body reader unpacks (server.http.body says why).
    connections = factory(runner.server, door, auto_decompress=False, access_log=None)
    loop = asyncio.get_running_loop()
    where: dict[str, Any] = (
        {"host": at.host, "port": at.port} if at.bound is None else {"sock": at.bound}
    )
    server = await loop.create_server(connections, **where, backlog=_BACKLOG)
    try:
        yield server.sockets[0].getsockname()[:2]
    finally:
        server.close()
