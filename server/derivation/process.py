"""The process that derives beside a serving one, so that no sync waits for it.

Started when the first plots wait, and again when it ends by itself; it ends with the
process that started it, however that one ends.
"""

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog

from server.clock import Clock
from server.config import DATABASE_VARIABLE, DataDirectory

#: Waits after a waking until it is to be handed on, and clears it.
Calm = Callable[[asyncio.Event], Coroutine[Any, Any, None]]

_LOG: Final = structlog.get_logger("permille")

#: How long nothing has come when what waits is derived, and how long it waits at most.
_CALM_S: Final = 1.5
_AT_MOST_S: Final = 30.0
#: Before a worker that ended is started again.
_PAUSE_S: Final = 5.0
#: How long the plots under way may take where a server stops.
_LAST_PLOTS_S: Final = 5.0


async def keep_worker(
    data: DataDirectory,
    wake: asyncio.Event,
    last_plots_s: float = _LAST_PLOTS_S,
    *,
    waits_for_calm: bool = True,
) -> None:
    """Run a worker from the first waking on, until cancelled; hand each waking to it.

    The plots under way may take so long then; what is cut is derived later. Whoever wakes
    it again and again while plots wait does not wait for calm.
    """
    clock = Clock()
    calm = _calm if waits_for_calm else _at_once
    while True:
        await wake.wait()
        await calm(wake)
        try:
            async with _worker(data, last_plots_s) as process:
                await _hand_on(wake, process, calm)
            _LOG.error("the derivation ended", code=process.returncode)
        except OSError as error:
            _LOG.error("the derivation could not be started", error=str(error))
        await clock.pause(_PAUSE_S)
        wake.set()


@asynccontextmanager
async def _worker(data: DataDirectory, last_plots_s: float) -> AsyncIterator[Process]:
    """Start a worker; end it after the plots that it has begun."""
    command = ("-P", "-m", "server", "--data", str(data.path), "derivation-worker")
    # The modules that this process has, wherever the worker would look for them.
    paths = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    if data.address is not None:
        # It may say a password, and arguments can be read by all.
        paths[DATABASE_VARIABLE] = data.address
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdin=PIPE, stdout=DEVNULL, env=paths
    )
    try:
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(last_plots_s):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _hand_on(wake: asyncio.Event, process: Process, calm: Calm) -> None:
    """Write a byte to a worker at each waking, until it ends."""
    ended = asyncio.create_task(process.wait())
    try:
        while not ended.done():
            woken = asyncio.create_task(wake.wait())
            try:
                await asyncio.wait((ended, woken), return_when=asyncio.FIRST_COMPLETED)
            finally:
                woken.cancel()
            if wake.is_set():
                await calm(wake)
                _write(process)
    finally:
        ended.cancel()


async def _at_once(wake: asyncio.Event) -> None:
    wake.clear()


async def _calm(wake: asyncio.Event) -> None:
    """Wait until nothing more came for a moment, or for as long as plots may wait.

    A laptop that pushes weeks of work touches the same plots with each request: they are
    derived once, after the last of them.
    """
    loop = asyncio.get_running_loop()
    latest_s = loop.time() + _AT_MOST_S
    while loop.time() < latest_s:
        wake.clear()
        # Not wait_for: on Python 3.11 it can swallow the cancellation at shutdown.
        try:
            async with asyncio.timeout(_CALM_S):
                await wake.wait()
        except TimeoutError:
            return
    wake.clear()


def _write(process: Process) -> None:
    """Write a byte, unless one waits to be read: that one wakes as well."""
    pipe = process.stdin
    assert pipe is not None
    if not pipe.transport.get_write_buffer_size():
        with contextlib.suppress(ConnectionError):
            pipe.write(b"\n")
