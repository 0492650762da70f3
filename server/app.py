"""The service: the parts put together, started and stopped."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import structlog
from aiohttp import web

from schemas.durable_files import keep_private
from server.access.limits import limits_of
from server.clock import Clock
from server.config import DataDirectory, Limits
from server.custody.review import rejudge_once, release_waiting
from server.data import open_store, sole_server
from server.derivation.derive import derive_waiting
from server.errors import StorageError
from server.files.upload import Blobs
from server.http.addresses import Networks, host_of
from server.http.body import Arriving, BodyRooms, Work
from server.http.connections import Door, factory, with_open_files
from server.http.guards import CLOCK, DOOR, guard, trim_headers
from server.http.keys import (
    BLOBS,
    BODIES,
    ENROLMENTS,
    PIECES,
    REPAIRS,
    SPEAKERS,
    STORE,
    WAKE,
)
from server.http.quiet import QuietLog
from server.http.routes import add_routes
from server.http.speakers import Speakers
from server.operations.copy_detection import notice_copy, renew
from server.store.port import Store

_LOG: Final = structlog.get_logger("permille")

#: How long changes made by another process, such as the command line, may wait.
_LOOK_EVERY_S: Final = 2.0

_USUAL: Final = Limits()
_MIB: Final = 1024 * 1024
_SWEEP_S: Final = 1.0
#: Connections that the system keeps until they are taken.
_BACKLOG: Final = 512

#: Threads that unpack, read and write bodies: more of them keep more memory and, beside
#: the one interpreter, do no more.
_THREADS: Final = 2

#: How long requests that are under way may take at shutdown; a cut one is sent again.
_LAST_REQUESTS_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Listening:
    """Where to listen, and whose word on where a request came from is taken."""

    host: str
    port: int
    trusted: Networks = ()


def build_app(
    store: Store,
    blobs: Blobs,
    clock: Clock,
    limits: Limits = _USUAL,
    trusted: Networks = (),
) -> web.Application:
    """Put the application together."""
    app = web.Application(middlewares=[guard])
    app[STORE], app[CLOCK], app[WAKE] = store, clock, asyncio.Event()
    app[BLOBS] = blobs
    app[SPEAKERS] = Speakers(limits, trusted)
    app[DOOR] = Door(limits, trusted, QuietLog(_LOG.warning))
    room = limits.body_mib * _MIB
    app[BODIES] = BodyRooms(Arriving(room), Work(room // 2))
    app[ENROLMENTS] = BodyRooms(Arriving(_MIB), Work(_MIB))
    app[PIECES] = Arriving(room)
    app[REPAIRS] = Work(1)
    add_routes(app)
    app.on_response_prepare.append(trim_headers)
    app.cleanup_ctx.append(_derivation)
    app.cleanup_ctx.append(_sweeping)
    return app


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


async def _derivation(app: web.Application) -> AsyncIterator[None]:
    task = asyncio.create_task(_derive_for_ever(app))
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _derive_for_ever(app: web.Application) -> None:
    wake = app[WAKE]
    while True:
        try:
            await release_waiting(app[STORE], app[CLOCK])
            await derive_waiting(app[STORE], app[CLOCK])
        except Exception:  # noqa: BLE001 - logged; it is tried again
            _LOG.exception("release or derivation failed")
        # Not wait_for: on Python 3.11 it can swallow the cancellation at shutdown.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_EVERY_S):
                await wake.wait()
        wake.clear()


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
) -> None:
    """Serve until told to stop; say the address once it is bound."""
    with sole_server(data):
        await asyncio.to_thread(keep_private, data.path, deep=True)
        store, clock = open_store(data), Clock()
        await notice_copy(store, data.mark, clock)
        await _rejudge(store, clock)
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS))
        limits = with_open_files(await store.read(limits_of))
        app = build_app(store, Blobs(data.blobs), clock, limits, listening.trusted)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_LAST_REQUESTS_S)
        await runner.setup()
        try:
            async with _listening(runner, app[DOOR], listening) as bound:
                ready(f"http://{host_of(bound[0])}:{bound[1]}")
                await stop.wait()
        finally:
            await runner.cleanup()
            # A disk that fails now has been spoken of; the marks of the start stand.
            with contextlib.suppress(StorageError, OSError):
                await renew(store, data.mark, clock)
            store.close()


@contextlib.asynccontextmanager
async def _listening(
    runner: web.AppRunner, door: Door, at: Listening
) -> AsyncIterator[tuple[str, int]]:
    """Take connections at an address; return the one that was bound."""
    assert runner.server is not None
    # Our own body reader unpacks (server.http.body says why).
    connections = factory(runner.server, door, auto_decompress=False, access_log=None)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(connections, at.host, at.port, backlog=_BACKLOG)
    try:
        yield server.sockets[0].getsockname()[:2]
    finally:
        server.close()
