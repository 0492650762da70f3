"""One opened laptop: its store, its clock and who works on it."""

from dataclasses import dataclass
from typing import Final

from collector.clock import Clock
from collector.config import Home
from collector.store.port import Moment, Store
from collector.store.vault import SALT_BYTES, Vault

# The settings of a laptop, as named in its database.
LOG: Final = "log_id"
NAME: Final = "name"
PERSON: Final = "person"
SERVER: Final = "server"
SERVER_NAME: Final = "server_name"
TOKEN: Final = "token"  # noqa: S105 - the name of a setting
DEVICE: Final = "device"
LAST_SYNC: Final = "last_sync_at"


@dataclass(frozen=True, slots=True)
class Laptop:
    """What every flow needs."""

    home: Home
    store: Store
    clock: Clock
    vault: Vault

    @property
    def person(self) -> str | None:
        """Give the name that changes carry."""
        return self.store.setting(PERSON)

    def salt(self) -> bytes:
        """Give fresh random bytes, for the key of one attached file."""
        return self.clock.random_bits(8 * SALT_BYTES).to_bytes(SALT_BYTES, "big")

    def moment(self) -> Moment:
        """Give the time a write is stamped with."""
        return Moment(self.clock.wall_ms(), self.clock.stamp())
