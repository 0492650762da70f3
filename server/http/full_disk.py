"""Whether the disk of the database was found to be full of late."""

import asyncio
from typing import Final

#: As long as laptops are to go elsewhere; whoever comes then finds whether there is room.
_COUNTS_FOR_S: Final = 30.0


class FullDisk:
    """Remembers when writing failed for want of room: PostgreSQL tells it to nobody before."""

    def __init__(self) -> None:
        self._until_s = 0.0

    def note(self) -> None:
        """Note that something could not be written for want of room."""
        self._until_s = asyncio.get_running_loop().time() + _COUNTS_FOR_S

    def was_met(self) -> bool:
        """Return whether that was of late."""
        return asyncio.get_running_loop().time() < self._until_s
