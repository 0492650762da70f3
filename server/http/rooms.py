"""How much of what is sent may be in memory at once, and how much is worked on at once."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Final

from server.errors import busy

#: How long a request waits for its turn: a laptop waits for 90 s in silence.
_WAIT_S: Final = 30.0


class Arriving:
    """Bytes that are arriving: who finds no room is sent away, to come again."""

    def __init__(self, most: int) -> None:
        self.most, self.held = most, 0

    def take(self, size: int) -> None:
        """Take room for bytes that have come.

        Raises
        ------
        RequestError
            If there is none.
        """
        if self.held + size > self.most:
            raise busy("as many bytes are arriving as fit in memory")
        self.held += size

    def give(self, size: int) -> None:
        """Leave room to others."""
        self.held -= size

    @contextmanager
    def counting(self) -> Iterator["Counted"]:
        """Count what one request holds, until it is done with it."""
        counted = Counted(self)
        try:
            yield counted
        finally:
            counted.give_all()


@dataclass(slots=True)
class Counted:
    """What one request holds of a room."""

    room: Arriving
    size: int = 0

    def take(self, size: int) -> None:
        """Take room for more."""
        self.room.take(size)
        self.size += size

    def give_all(self) -> None:
        """Leave all of it to others."""
        self.room.give(self.size)
        self.size = 0


class Work:
    """Bytes that are worked on: who finds no room waits for it, in the order they came."""

    def __init__(self, most: int, wait_s: float = _WAIT_S) -> None:
        self.most, self.held = most, 0
        self._wait_s = wait_s
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def hold(self, size: int) -> AsyncIterator["Held"]:
        """Hold room for so many bytes.

        Raises
        ------
        RequestError
            If there was none in time.
        """
        size = min(size, self.most)
        await self._take(size)
        held = Held(self, size)
        try:
            yield held
        finally:
            held.shrink(0)

    async def _take(self, size: int) -> None:
        if not self._waiting and self.held + size <= self.most:
            self.held += size
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        place = (size, turn)
        self._waiting.append(place)
        try:
            async with asyncio.timeout(self._wait_s):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self.held -= size  # its turn came as it went away
            elif place in self._waiting:
                self._waiting.remove(place)
            self.go_on()
            if isinstance(error, TimeoutError):
                raise busy("too many requests wait for their turn") from None
            raise

    def go_on(self) -> None:
        """Admit those who fit now, in the order they came."""
        while self._waiting and self.held + self._waiting[0][0] <= self.most:
            size, turn = self._waiting.popleft()
            if not turn.done():
                self.held += size
                turn.set_result(None)


@dataclass(slots=True)
class Held:
    """Room that one request has."""

    room: Work
    size: int

    def shrink(self, size: int) -> None:
        """Leave to others what is not needed."""
        if size < self.size:
            self.room.held -= self.size - size
            self.size = size
            self.room.go_on()
