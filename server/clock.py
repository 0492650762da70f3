"""The one door to time, fresh ids and secrets; everything else takes it as an argument."""

import asyncio
import secrets
import time
from datetime import UTC, datetime

from schemas.ids import uuid7


class Clock:
    """Wall clock, id source and secret source of one process."""

    def now_ms(self) -> int:
        """Return the wall time in milliseconds since 1970, UTC."""
        return time.time_ns() // 1_000_000

    def stamp(self) -> str:
        """Return the wall time as RFC 3339 text in UTC, to the millisecond."""
        return iso(self.now_ms())

    def new_id(self) -> str:
        """Return a fresh UUID version 7: an id no one else has."""
        return uuid7(self.now_ms(), secrets.randbits(74))

    async def pause(self, seconds: float) -> None:
        """Wait, and let others work meanwhile."""
        await asyncio.sleep(seconds)

    def secret(self) -> str:
        """Return 256 random bits as text for a URL or header."""
        return secrets.token_urlsafe(32)

    def key(self) -> bytes:
        """Return 256 random bits for a secret key."""
        return secrets.token_bytes(32)

    def code(self) -> str:
        """Return 50 random bits as a code people can read out and type."""
        letters = "ABCDEFGHJKMNPQRSTVWXYZ0123456789"
        text = "".join(secrets.choice(letters) for _ in range(10))
        return f"{text[:5]}-{text[5:]}"


def iso(unix_ms: int) -> str:
    """Write milliseconds since 1970 as RFC 3339 text in UTC.

    Examples
    --------
    >>> iso(0)
    '1970-01-01T00:00:00.000Z'
    """
    moment = datetime.fromtimestamp(unix_ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
