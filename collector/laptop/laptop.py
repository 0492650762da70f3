"""One opened laptop: its store, its clock and who works on it."""

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

from collector.clock import Clock
from collector.config import Home
from collector.laptop import settings
from collector.rules.log_heads import LogHead
from collector.rules.request import Batch
from collector.store.lock import held
from collector.store.port import Store, Timestamp
from collector.store.vault import SALT_BYTES, Vault
from schemas.version import NEWEST_PROTOCOL, PROTOCOL

_MIB: Final = 2**20


def _silent(_text: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Laptop:
    """What every flow needs; `tell` says at once why a person has to wait.

    `working` is who does this one command, where that is somebody else than usual.
    """

    home: Home
    store: Store
    clock: Clock
    vault: Vault
    tell: Callable[[str], None] = _silent
    working: str | None = None

    def sync_lock(self) -> AbstractContextManager[None]:
        """Keep other syncs of this laptop out for a while.

        Raises
        ------
        BusyError
            If another one runs and does not end within seconds.
        """
        return held(self.home.sync_lock, self.tell)

    @property
    def person(self) -> str | None:
        """Return the name that changes carry."""
        return self.working or self.store.setting(settings.PERSON)

    def salt(self) -> bytes:
        """Return fresh random bytes, for the key of one attached file."""
        return self.clock.random_bits(8 * SALT_BYTES).to_bytes(SALT_BYTES, "big")

    def timestamp(self) -> Timestamp:
        """Return the time a write is stamped with: the server's, as far as it is known."""
        offset_ms = int(self.store.setting(settings.CLOCK_OFFSET) or 0)
        return Timestamp(self.clock.now_ms() + offset_ms, self.clock.stamp())

    @property
    def protocol(self) -> int:
        """Return the newest protocol that both speak: the first, until the server says more."""
        said = self.store.setting(settings.PROTOCOL)
        return max(PROTOCOL, min(int(said or PROTOCOL), NEWEST_PROTOCOL))

    def batch_after(self, head: LogHead, lines: Sequence[bytes]) -> Batch:
        """Return lines that follow what is acknowledged of a log, as they are sent."""
        last_n = head.acked_n + len(lines)
        return Batch(lines, self.store.stood(head.acked_n, last_n, head.number))

    @property
    def free_mib(self) -> int:
        """Return how many MiB the disk of the laptop has left."""
        # Only a sync asks, and it takes others a millisecond to load.
        import shutil  # noqa: PLC0415

        return shutil.disk_usage(self.home.path).free // _MIB

    @property
    def late(self) -> tuple[str, int] | None:
        """Return the last verdict of those that were given anew: epoch and number."""
        text = self.store.setting(settings.LATE)
        if text is None:
            return None
        epoch, number = json.loads(text)
        return epoch, number
