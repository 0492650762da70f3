"""Workers that derive what waits, on any host: called while plots wait, ended together."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Final

from server.config import DataDirectory
from server.data import open_store
from server.derivation.derive import LEASE_MS, Progress
from server.derivation.garbage import collecting_seldom
from server.derivation.process import keep_worker
from server.derivation.scheduler import Scheduler
from server.derivation.worker import derive_beside
from server.store.port import Store

#: Derives in a data directory whenever the first event is set, until the second one is;
#: what it has begun by then it saves.
Worker = Callable[
    [DataDirectory, asyncio.Event, asyncio.Event], Coroutine[Any, Any, None]
]

#: How often it is looked whether plots wait.
_LOOK_EVERY_S: Final = 1.0


async def derive_by_processes(
    data: DataDirectory,
    count: int,
    stop: asyncio.Event,
    tell: Progress,
    *,
    once: bool = False,
) -> None:
    """Derive what waits in so many processes until told to stop, or until nothing waits.

    How many plots wait is told now and then.
    """
    await _derive_by([_in_process] * count, data, stop, tell, once=once)


async def derive_by_scheduler(
    data: DataDirectory,
    scheduler: Scheduler,
    stop: asyncio.Event,
    tell: Progress,
    *,
    once: bool = False,
) -> None:
    """Derive what waits on a cluster, as many batches at once as it has threads.

    Raises
    ------
    ServerError
        If the cluster fails.
    """
    worker = partial(_on_cluster, scheduler)
    with collecting_seldom():
        await _derive_by([worker] * scheduler.threads, data, stop, tell, once=once)
    if scheduler.failure is not None:
        raise scheduler.failure


async def _derive_by(
    workers: Sequence[Worker],
    data: DataDirectory,
    stop: asyncio.Event,
    tell: Progress,
    *,
    once: bool,
) -> None:
    store = open_store(data)
    over, wakes = asyncio.Event(), [asyncio.Event() for _ in workers]
    tasks = [
        asyncio.create_task(worker(data, wake, over))
        for worker, wake in zip(workers, wakes, strict=True)
    ]
    with contextlib.closing(store):
        try:
            while not stop.is_set() and not any(task.done() for task in tasks):
                if not await _call(store, wakes, tell) and once:
                    break
                # Not wait_for: on Python 3.11 it can swallow the cancellation.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_EVERY_S):
                        await stop.wait()
        finally:
            for event in (over, *wakes):
                event.set()
            await asyncio.gather(*tasks)
        await _call(store, (), tell)


async def _call(store: Store, wakes: Sequence[asyncio.Event], tell: Progress) -> int:
    """Call the workers if plots wait; return how many do."""
    waiting = await store.read(lambda tx: tx.count_waiting())
    tell(waiting)
    for wake in wakes if waiting else ():
        wake.set()
    return waiting


async def _in_process(
    data: DataDirectory, wake: asyncio.Event, over: asyncio.Event
) -> None:
    kept = asyncio.create_task(
        keep_worker(data, wake, LEASE_MS / 1000, waits_for_calm=False)
    )
    await over.wait()
    kept.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await kept


async def _on_cluster(
    scheduler: Scheduler, data: DataDirectory, wake: asyncio.Event, over: asyncio.Event
) -> None:
    def is_over() -> bool:
        return over.is_set() or scheduler.failure is not None

    await derive_beside(data, wake, is_over, deriving=scheduler.derive)
