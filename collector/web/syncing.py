"""A sync that was begun on the page: one at a time, beside what is typed meanwhile."""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from collector.errors import PermilleError
from collector.laptop.laptop import Laptop
from collector.sync import session
from collector.sync.tally import SyncReport
from collector.web.page import Refusal, refusal_of
from collector.web.work import LaptopThread


@dataclass(frozen=True, slots=True)
class SyncState:
    """Where the last sync of the page stands."""

    is_running: bool = False
    left: int = 0
    received: int = 0
    report: SyncReport | None = None
    refusal: Refusal | None = None

    def as_data(self) -> dict[str, Any]:
        """Return what the page asks for while it waits."""
        return {
            "is_running": self.is_running,
            "left": self.left,
            "received": self.received,
        }


class Syncing:
    """Runs the syncs of the page in a thread of their own."""

    def __init__(self, laptop: LaptopThread) -> None:
        self._laptop = laptop
        self._task: asyncio.Task[None] | None = None
        self.state = SyncState()

    def start(self) -> None:
        """Begin a sync, unless one runs."""
        if self._task is None or self._task.done():
            self.state = SyncState(is_running=True)
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End with what is there; a sync may be cut anywhere and repeated."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        try:
            report = await self._laptop.aside(self._sync)
            self.state = SyncState(report=report)
        except PermilleError as error:
            self.state = SyncState(refusal=refusal_of(error))

    def _sync(self, laptop: Laptop) -> SyncReport:
        return asyncio.run(session.sync(laptop, self._note))

    def _note(self, left: int, received: int) -> None:
        self.state = SyncState(is_running=True, left=left, received=received)


SYNCING: Final[web.AppKey[Syncing]] = web.AppKey("syncing", Syncing)
