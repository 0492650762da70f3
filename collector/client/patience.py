"""Try again after a wait, and give up after a few failures in a row."""

from collections.abc import Iterator

from collector.client.retry import delays
from collector.clock import Clock
from collector.errors import UnreachableError


class Patience:
    """Waits after each failure: a little, or for as long as a busy server asks."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._chance = clock.random_bits(16) / 2**16
        self._waits: Iterator[float] | None = None

    def renew(self) -> None:
        """Begin to count anew."""
        self._waits = None

    async def wait(self, error: UnreachableError) -> None:
        """Wait before the next try.

        Raises
        ------
        UnreachableError
            The last one, when it was tried often enough.
        """
        if self._waits is None:
            self._waits = delays(error.retry_after_s, self._chance)
        wait = next(self._waits, None)
        if wait is None:
            raise error
        await self._clock.pause(wait)
