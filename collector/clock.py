"""The one door to time, fresh ids and randomness; passed as an argument."""

import time
from datetime import UTC, datetime

from schemas.ids import uuid7


class Clock:
    """Time and chance of this machine; tests pass one of their own."""

    def now(self) -> datetime:
        """Return the wall time in UTC."""
        return datetime.now(UTC)

    def local(self, moment: datetime) -> datetime:
        """Return a moment with this machine's offset; one without an offset is meant here."""
        return moment.astimezone()

    def now_ms(self) -> int:
        """Return the wall time in milliseconds since 1970, UTC."""
        return int(self.now().timestamp() * 1000)

    def stamp(self) -> str:
        """Return the wall time as RFC 3339 text in UTC, to the millisecond."""
        return self.now().isoformat(timespec="milliseconds")

    def new_id(self) -> str:
        """Return a fresh UUID version 7: an id no one else has."""
        return uuid7(self.now_ms(), self.random_bits(74))

    async def pause(self, seconds: float) -> None:
        """Wait, and let others work meanwhile."""
        import asyncio  # noqa: PLC0415 - 50 ms that commands without a network spare

        await asyncio.sleep(seconds)

    def monotonic_s(self) -> float:
        """Return seconds that never run backwards, for durations."""
        return time.monotonic()

    def random_bits(self, count: int) -> int:
        """Return that many unpredictable bits."""
        import secrets  # noqa: PLC0415 - 4 ms that who only looks spares

        return secrets.randbits(count)
