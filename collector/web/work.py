"""The laptop's own thread: pages take turns there, as commands do."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from typing import Final, TypeVar

from aiohttp import web

from collector.laptop.laptop import Laptop

T = TypeVar("T")
#: Opens the laptop, in the thread that then works with it.
OpenLaptop = Callable[[], AbstractContextManager[Laptop]]


class LaptopThread:
    """One thread that holds the laptop open; SQLite wants each connection in one."""

    def __init__(self, open_laptop: OpenLaptop) -> None:
        self.open_laptop = open_laptop
        self._thread = ThreadPoolExecutor(1, "laptop")
        self._held = ExitStack()
        self._laptop: Laptop | None = None

    async def run(self, work: Callable[[Laptop], T]) -> T:
        """Do some work with the laptop, after what others asked for before."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: work(self._opened()))

    async def aside(self, work: Callable[[Laptop], T]) -> T:
        """Do long work with a connection of its own, beside the pages."""

        def opened() -> T:
            with self.open_laptop() as laptop:
                return work(laptop)

        return await asyncio.to_thread(opened)

    async def close(self) -> None:
        """Close the laptop, in its thread."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._held.close)
        self._thread.shutdown()

    def _opened(self) -> Laptop:
        if self._laptop is None:
            self._laptop = self._held.enter_context(self.open_laptop())
        return self._laptop


LAPTOP: Final[web.AppKey[LaptopThread]] = web.AppKey("laptop", LaptopThread)
