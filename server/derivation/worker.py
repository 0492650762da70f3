"""A worker: derives what waits, with a store of its own, beside whoever else does so.

It claims jobs by lease, so that any number of workers may run, in one process or in many.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable
from typing import Final

import structlog

from server.clock import Clock
from server.config import DataDirectory
from server.data import open_store
from server.derivation.derive import Deriving, derive_here, derive_waiting, never

_LOG: Final = structlog.get_logger("permille")

#: How long jobs that nobody called for may wait.
_LOOK_EVERY_S: Final = 2.0
#: The same beside a parent, which looks itself and calls when it is calm.
_PARENT_LOOKS_S: Final = 60.0


async def derive_beside(
    data: DataDirectory,
    wake: asyncio.Event,
    is_over: Callable[[], bool] = never,
    look_every_s: float = _LOOK_EVERY_S,
    deriving: Deriving = derive_here,
) -> None:
    """Derive what waits when woken, and look by itself now and then, until it is over.

    What was claimed by then is derived and saved first. What fails is logged and tried
    again.
    """
    store, clock = open_store(data), Clock()
    try:
        while not is_over():
            try:
                await derive_waiting(store, clock, is_over=is_over, deriving=deriving)
            except Exception:  # noqa: BLE001 - logged; it is tried again
                _LOG.exception("release or derivation failed")
            # Not wait_for: on Python 3.11 it can swallow the cancellation at shutdown.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(look_every_s):
                    await wake.wait()
            wake.clear()
    finally:
        store.close()


async def derive_for_parent(data: DataDirectory) -> None:
    """Derive until standard input ends, which it does when the parent ends, however.

    Each byte that comes says that plots may wait. Ctrl-C is for the parent, which then
    closes the pipe; SIGTERM ends this process alone.
    """
    wake, over = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, _ignore)
    loop.add_signal_handler(signal.SIGTERM, _end, wake, over)
    listening = asyncio.create_task(_listen(wake, over))
    try:
        await derive_beside(data, wake, over.is_set, _PARENT_LOOKS_S)
    finally:
        listening.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await listening


async def _listen(wake: asyncio.Event, over: asyncio.Event) -> None:
    said = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    # A file object of its own: the transport closes it.
    pipe = os.fdopen(os.dup(sys.stdin.fileno()), "rb", buffering=0)
    try:
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(said), pipe)
        while await said.read(64):
            wake.set()
    finally:
        # Whoever cannot hear the parent must not outlive it.
        _end(wake, over)


def _end(wake: asyncio.Event, over: asyncio.Event) -> None:
    over.set()
    wake.set()


def _ignore() -> None:
    """Do nothing."""
