"""Several processes that serve one address: started, started again, ended together.

The parent binds the address and serves nobody; its children take connections from the
one queue of that socket. What only one process is to do is done by the one that leads
(`Store.leads`).
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from prometheus_client.multiprocess import mark_process_dead

from server.config import DATABASE_VARIABLE, DataDirectory
from server.http.addresses import host_of
from server.http.metrics import FOLDER_VARIABLE

_LOG: Final = structlog.get_logger("permille")
#: Before a process that ended by itself is started again.
_PAUSE_S: Final = 2.0
#: Connections that wait to be taken.
_BACKLOG: Final = 1_024


@dataclass(frozen=True, slots=True)
class _Shared:
    """What all the processes have: the data, the bound socket, the folder of their counts."""

    data: DataDirectory
    descriptor: int
    counts: str


async def serve_by_workers(
    data: DataDirectory,
    at: tuple[str, int],
    count: int,
    options: Sequence[str],
    ready: Callable[[str], None],
    stop: asyncio.Event,
) -> None:
    """Keep so many processes that serve a host and port until told to stop.

    `options` are those of `permille-server run` that each of them is given. The address
    is said once all of them serve.
    """
    with (
        socket.create_server(at, backlog=_BACKLOG, family=_family_of(at[0])) as bound,
        tempfile.TemporaryDirectory(prefix="permille-counts-") as counts,
    ):
        shared = _Shared(data, bound.fileno(), counts)
        waiting = [asyncio.Event() for _ in range(count)]
        async with asyncio.TaskGroup() as group:
            for number, is_ready in enumerate(waiting):
                own = ("--socket", str(shared.descriptor), "--worker", str(number))
                kept = _kept(shared, (*own, *options), is_ready, stop)
                group.create_task(kept)
            await asyncio.gather(*(each.wait() for each in waiting))
            if not stop.is_set():
                host, port = bound.getsockname()[:2]
                ready(f"http://{host_of(host)}:{port}")
            await stop.wait()
            # Who connects from now on is refused at once.
            bound.close()


def _family_of(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


async def _kept(
    shared: _Shared,
    words: Sequence[str],
    is_ready: asyncio.Event,
    stop: asyncio.Event,
) -> None:
    """Run a process, and another one when it ends, until told to stop."""
    while not stop.is_set():
        process = await _started(shared, words)
        ending = asyncio.create_task(_end_when(stop, process))
        assert process.stdout is not None
        if await process.stdout.readline():
            is_ready.set()
        code = await process.wait()
        ending.cancel()
        # It leads no more; what it counted stays counted.
        mark_process_dead(process.pid, shared.counts)  # type: ignore[no-untyped-call] # it has no types
        if not stop.is_set():
            _LOG.error("a serving process ended", code=code)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PAUSE_S):
                    await stop.wait()
    # Nobody waits for one that could not be started.
    is_ready.set()


async def _started(shared: _Shared, words: Sequence[str]) -> Process:
    # The modules that this process has, wherever the other one would look for them.
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        DATABASE_VARIABLE: shared.data.address or "",
        FOLDER_VARIABLE: shared.counts,
    }
    command = ("-P", "-m", "server", "--data", str(shared.data.path), "run", *words)
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        stdout=PIPE,
        pass_fds=[shared.descriptor],
        env=environment,
    )


async def _end_when(stop: asyncio.Event, process: Process) -> None:
    await stop.wait()
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
