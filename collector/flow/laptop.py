"""One opened laptop: its store, its clock and who works on it."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

from collector.clock import Clock
from collector.config import Home
from collector.store.lock import held
from collector.store.port import Store, Timestamp
from collector.store.vault import SALT_BYTES, Vault

# The settings of a laptop, as named in its database.
NAME: Final = "name"
PERSON: Final = "person"
SERVER: Final = "server"
SERVER_NAME: Final = "server_name"
TOKEN: Final = "token"  # noqa: S105 - the name of a setting
INSECURE: Final = "insecure"
DEVICE: Final = "device"
LAST_SYNC: Final = "last_sync_at"
LAST_CHECK: Final = "last_check_at"
SIGNING_KEY: Final = "signing_key"
SERVER_KEY: Final = "server_key"
LATE: Final = "late"
CLOCK_OFFSET: Final = "clock_offset_ms"
PLACE: Final = "place"
COPY: Final = "copy"

#: What a setting that is on says.
YES: Final = "yes"


def _silent(_text: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Laptop:
    """What every flow needs; `tell` says at once why a person has to wait."""

    home: Home
    store: Store
    clock: Clock
    vault: Vault
    tell: Callable[[str], None] = _silent

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
        return self.store.setting(PERSON)

    def salt(self) -> bytes:
        """Return fresh random bytes, for the key of one attached file."""
        return self.clock.random_bits(8 * SALT_BYTES).to_bytes(SALT_BYTES, "big")

    def timestamp(self) -> Timestamp:
        """Return the time a write is stamped with: the server's, as far as it is known."""
        offset_ms = int(self.store.setting(CLOCK_OFFSET) or 0)
        return Timestamp(self.clock.wall_ms() + offset_ms, self.clock.stamp())

    @property
    def late(self) -> tuple[str, int] | None:
        """Return the last verdict of those that were given anew: epoch and number."""
        text = self.store.setting(LATE)
        if text is None:
            return None
        epoch, number = json.loads(text)
        return epoch, number
