"""The laptop's database as every part of the store reads it."""

from collections.abc import Mapping
from typing import Any, Final

from collector.store import driver

# Not REPLACE: the index stays as it is.
_SET: Final = (
    "INSERT INTO meta (key, value) VALUES (?, ?)"
    " ON CONFLICT (key) DO UPDATE SET value = excluded.value"
)


class Database:
    """One connection, and the settings."""

    _db: driver.Connection

    def _read(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with driver.translated():
            rows: list[tuple[Any, ...]] = self._db.execute(sql, values).fetchall()
        return rows

    def setting(self, key: str) -> str | None:
        """Return one setting."""
        rows = self._read("SELECT value FROM meta WHERE key = ?", key)
        return rows[0][0] if rows else None

    def set_settings(self, values: Mapping[str, str | None]) -> None:
        """Write settings; None removes one."""
        with driver.transaction(self._db):
            for key, value in values.items():
                self._set(key, value)

    def _set(self, key: str, value: str | None) -> None:
        if value is None:
            self._db.execute("DELETE FROM meta WHERE key = ?", (key,))
        else:
            self._db.execute(_SET, (key, value))
