"""The service: the parts put together, started and stopped."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Final

import structlog
from aiohttp import web

from server.clock import Clock
from server.config import DataDirectory
from server.custody.review import rejudge_once, release_waiting
from server.data import open_store, sole_server
from server.derivation.derive import derive_waiting
from server.errors import StorageError
from server.files.upload import Blobs
from server.http.guards import CLOCK, guard, trim_headers
from server.http.keys import BLOBS, STORE, WAKE
from server.http.routes import add_routes
from server.operations.copy_detection import notice_copy, renew
from server.store.port import Store

_LOG: Final = structlog.get_logger("permille")

#: How long changes made by another process, such as the command line, may wait.
_LOOK_EVERY_S: Final = 2.0

#: How long requests that are under way may take at shutdown; a cut one is sent again.
_LAST_REQUESTS_S: Final = 5.0


def build_app(store: Store, blobs: Blobs, clock: Clock) -> web.Application:
    """Put the application together."""
    app = web.Application(middlewares=[guard])
    app[STORE], app[CLOCK], app[WAKE] = store, clock, asyncio.Event()
    app[BLOBS] = blobs
    add_routes(app)
    app.on_response_prepare.append(trim_headers)
    app.cleanup_ctx.append(_derivation)
    return app


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
    host: str,
    port: int,
    ready: Callable[[str], None],
    stop: asyncio.Event,
) -> None:
    """Serve until told to stop; say the address once it is bound."""
    with sole_server(data):
        store, clock = open_store(data), Clock()
        await notice_copy(store, data.mark, clock)
        await _rejudge(store, clock)
        app = build_app(store, Blobs(data.blobs), clock)
        # Our own body reader unpacks (server.http.body says why).
        runner = web.AppRunner(
            app,
            auto_decompress=False,
            access_log=None,
            shutdown_timeout=_LAST_REQUESTS_S,
        )
        await runner.setup()
        try:
            site = web.TCPSite(runner, host, port)
            await site.start()
            bound = runner.addresses[0]
            ready(f"http://{bound[0]}:{bound[1]}")
            await stop.wait()
        finally:
            await runner.cleanup()
            # A disk that fails now has been spoken of; the marks of the start stand.
            with contextlib.suppress(StorageError, OSError):
                await renew(store, data.mark, clock)
            store.close()
