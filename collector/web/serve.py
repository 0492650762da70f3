"""Serve the page of a laptop until somebody stops it; one for each home."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from aiohttp import web

from collector.clock import Clock
from collector.config import Home
from collector.errors import BusyError, RefusedError
from collector.web.app import build_app
from collector.web.door import DOOR
from collector.web.work import LaptopThread, OpenLaptop

HOST: Final = "127.0.0.1"
#: How long requests under way may take at the end.
_LAST_S: Final = 3.0


async def serve(
    clock: Clock,
    open_laptop: OpenLaptop,
    port: int,
    ready: Callable[[str], None],
) -> None:
    """Serve the page; `ready` is given the address that opens it once.

    Raises
    ------
    BusyError
        If the page of this home is open already.
    RefusedError
        If the port is taken.
    """
    laptop = LaptopThread(open_laptop)
    app = build_app(laptop, clock)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_LAST_S)
    await runner.setup()
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows raises KeyboardInterrupt instead
            loop.add_signal_handler(number, over.set)
    try:
        site = web.TCPSite(runner, HOST, port)
        try:
            await site.start()
        except OSError as error:
            raise RefusedError(
                f"port {port} is taken: {error.strerror or error}",
                "leave --port out: a free one is chosen",
            ) from None
        bound = runner.addresses[0][1]
        app[DOOR].open_at(bound)
        ready(f"http://{HOST}:{bound}/open?token={app[DOOR].new_token()}")
        await over.wait()
    finally:
        await runner.cleanup()


def only_one(home: Home) -> Any:  # noqa: ANN401 - a lock, which types itself
    """Return the lock that the page of a home holds.

    Raises
    ------
    BusyError
        If another page of this home is open.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 - as collector.store.lock

    lock = FileLock(home.path / "ui.lock", mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise BusyError(
            "the page of this laptop is open already",
            "go on in its browser window; or stop it there with Ctrl-C, and type it again",
        ) from None
    return lock
