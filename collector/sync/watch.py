"""Sync when the server can be reached: once, or again and again."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Final

from collector.errors import BusyError, UnreachableError
from collector.laptop.laptop import Laptop
from collector.sync.session import Progress, SyncOptions, sync
from collector.sync.tally import SyncReport

#: The first wait for a server that is away, and the longest.
_FIRST_S: Final = 2.0
_LONGEST_S: Final = 300.0
#: How often the laptop looks whether something was recorded here.
_LOOK_EVERY_S: Final = 2.0
#: How often it asks the server for news.
_ASK_EVERY_S: Final = 60.0

#: Told before each wait: why, and for how many seconds.
Waiting = Callable[[str, float], None]


def waits() -> Iterator[float]:
    """Return growing waits, each twice the one before.

    Examples
    --------
    >>> from itertools import islice
    >>> list(islice(waits(), 9))[-2:]
    [256.0, 300.0]
    """
    wait = _FIRST_S
    while True:
        yield wait
        wait = min(2 * wait, _LONGEST_S)


async def until_reached(
    laptop: Laptop, progress: Progress, options: SyncOptions, tell: Waiting
) -> SyncReport:
    """Sync once, however long the server is away.

    Raises
    ------
    RefusedError
        If the server refuses this laptop: waiting would not help.
    """
    for wait in waits():
        try:
            return await sync(laptop, progress, options)
        except (UnreachableError, BusyError) as error:
            tell(str(error), wait)
            await laptop.clock.pause(wait)
    raise AssertionError("waits never end")


async def watch(
    laptop: Laptop,
    progress: Progress,
    options: SyncOptions,
    after: Callable[[SyncReport], Awaitable[object]],
    tell: Waiting,
) -> None:
    """Sync whenever something was recorded here, and every minute, until stopped.

    `after` is awaited after each sync, for what follows the records.

    Raises
    ------
    RefusedError
        If the server refuses this laptop: going on would not help.
    """
    pauses = waits()
    while True:
        try:
            await after(await sync(laptop, progress, options))
        except (UnreachableError, BusyError) as error:
            wait = next(pauses)
            tell(str(error), wait)
            await laptop.clock.pause(wait)
            continue
        pauses = waits()
        await _until_news(laptop)


async def _until_news(laptop: Laptop) -> None:
    for _ in range(int(_ASK_EVERY_S / _LOOK_EVERY_S)):
        if laptop.store.count_unacknowledged():
            return
        await laptop.clock.pause(_LOOK_EVERY_S)
