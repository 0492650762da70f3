"""What the server asks of a database about new tokens for devices: a part of the port."""

from typing import Protocol


class Renewals(Protocol):
    """Devices that are to get another token; the old one counts until the new one was used."""

    def ask_renewal(self, device_id: str, code: str, now: str) -> None:
        """Note that a device is to get another token, by a code; a later code replaces it."""

    def device_to_renew(self, code: str) -> str | None:
        """Return the id of the device that a code gives another token."""

    def add_next_token(self, device_id: str, token_hash: str, now: str) -> None:
        """Save a token that a device may use from now on, beside the one it has."""

    def has_next_token(self, token_hash: str) -> bool:
        """Return whether a token was given to a device and was not used as yet."""

    def take_next_token(self, token_hash: str) -> None:
        """Make a token the only one of its device, which is to get none any more."""
