"""New tokens for devices: SQLite."""

from typing import Final

from server.store.driver import Connection

#: Answers of which one may still arrive; more are not under way.
_KEPT: Final = 100
_ITS_DEVICE: Final = "(SELECT device_id FROM next_token WHERE token_hash = ?)"


class RenewalTables:
    """The part of a transaction that knows which devices are to get another token."""

    connection: Connection

    def ask_renewal(self, device_id: str, code: str, now: str) -> None:
        """Note that a device is to get another token, by a code; a later code replaces it."""
        self.connection.execute(
            "INSERT INTO renewal (device_id, code, asked_at) VALUES (?, ?, ?)"
            " ON CONFLICT (device_id) DO UPDATE SET code = excluded.code,"
            " asked_at = excluded.asked_at",
            (device_id, code, now),
        )

    def device_to_renew(self, code: str) -> str | None:
        """Return the id of the device that a code gives another token."""
        row = self.connection.execute(
            "SELECT device_id FROM renewal WHERE code = ?", (code,)
        ).fetchone()
        return str(row[0]) if row else None

    def add_next_token(self, device_id: str, token_hash: str, now: str) -> None:
        """Save a token that a device may use from now on, beside the one it has."""
        self.connection.execute(
            "INSERT INTO next_token (token_hash, device_id, made_at) VALUES (?, ?, ?)",
            (token_hash, device_id, now),
        )
        self.connection.execute(
            "DELETE FROM next_token WHERE device_id = ? AND token_hash NOT IN ("
            " SELECT token_hash FROM next_token WHERE device_id = ?"
            " ORDER BY made_at DESC, token_hash LIMIT ?)",
            (device_id, device_id, _KEPT),
        )

    def has_next_token(self, token_hash: str) -> bool:
        """Return whether a token was given to a device and was not used as yet."""
        row = self.connection.execute(
            "SELECT 1 FROM next_token WHERE token_hash = ?", (token_hash,)
        ).fetchone()
        return row is not None

    def take_next_token(self, token_hash: str) -> None:
        """Make a token the only one of its device, which is to get none any more."""
        self.connection.execute(
            f"UPDATE device SET token_hash = ? WHERE device_id = {_ITS_DEVICE}",  # noqa: S608 - a constant
            (token_hash, token_hash),
        )
        self.connection.execute(
            f"DELETE FROM renewal WHERE device_id = {_ITS_DEVICE}",  # noqa: S608 - a constant
            (token_hash,),
        )
        self.connection.execute(
            f"DELETE FROM next_token WHERE device_id = {_ITS_DEVICE}",  # noqa: S608 - a constant
            (token_hash,),
        )
