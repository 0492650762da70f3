"""The server's own key and device: it signs receipts, and writes what admins record."""

from typing import Final

from server.store.port import Transaction
from server.store.values import Device

#: The settings of the server that name them.
SIGNING_KEY: Final = "signing_key"
OWN_DEVICE: Final = "own_device"


def server_key(tx: Transaction) -> bytes:
    """Return the secret key that receipts are signed with."""
    key = tx.setting(SIGNING_KEY)
    assert key is not None, "a server is made with its key"
    return bytes.fromhex(key)


def own_device(tx: Transaction) -> Device:
    """Return the device that stands for the server itself; it sees every project."""
    return next(device for device in tx.devices() if device.is_server)
