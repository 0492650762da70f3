"""MBTiles 1.3: tiles in a SQLite file, whose rows count from the south."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from collector.errors import StoreError
from collector.store import driver
from collector.tiles.tile_file import (
    MOST_ZOOM,
    TILE_BYTES,
    is_picture,
    refuse_content,
    refuse_damaged,
)

_ONE: Final = "zoom_level = ? AND tile_column = ? AND tile_row = ?"


class MBTilesFile:
    """A file of MBTiles, open for reading."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = driver.read_only(path)
        try:
            self._look()
        except BaseException:
            self.close()
            raise

    def has(self, zoom: int, column: int, row: int) -> bool:
        """Return whether the file has a tile."""
        found = f"SELECT 1 FROM tiles WHERE {_ONE} LIMIT 1"  # noqa: S608 - no value in it
        return bool(self._asked(found, zoom, column, 2**zoom - 1 - row))

    def read(self, zoom: int, column: int, row: int) -> bytes | None:
        """Return the picture of a tile; None where there is none."""
        asked = f"SELECT tile_data FROM tiles WHERE {_ONE} AND length(tile_data) <= ?"  # noqa: S608 - no value in it
        found = self._asked(asked, zoom, column, 2**zoom - 1 - row, TILE_BYTES)
        return found[0] if found and isinstance(found[0], bytes) else None

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _look(self) -> None:
        """Read what the file says of itself, and one tile."""
        try:
            with driver.translated():
                self._read_head()
        except StoreError as error:
            raise refuse_damaged(self._path, _why(error)) from None

    def _read_head(self) -> None:
        said = dict(self._rows("SELECT name, value FROM metadata LIMIT 1000"))
        ends = self._rows("SELECT min(zoom_level), max(zoom_level) FROM tiles")[0]
        if not all(isinstance(end, int) and 0 <= end <= MOST_ZOOM for end in ends):
            why = "it has no tiles" if ends[0] is None else "its zooms are no numbers"
            raise refuse_damaged(self._path, why)
        self.least_zoom, self.most_zoom = ends
        self.credit = str(said.get("attribution") or said.get("name") or "")[:200]
        (first,) = self._rows("SELECT tile_data FROM tiles LIMIT 1")[0]
        if not isinstance(first, bytes) or not is_picture(first):
            head = first[:4] if isinstance(first, bytes) else b""
            raise refuse_content(
                self._path, head, str(said.get("format") or "").lower()
            )

    def _rows(self, statement: str) -> Sequence[Any]:
        return list(self._connection.execute(statement))

    def _asked(self, statement: str, *values: int) -> Any:  # noqa: ANN401 - a row of a stranger's table
        """Return the first row; None for a page of the file that is damaged, too."""
        try:
            with driver.translated():
                return self._connection.execute(statement, values).fetchone()
        except StoreError:
            return None


def _why(error: StoreError) -> str:
    if error.code == "unreadable":
        return "it is damaged"
    return "it has no tables of MBTiles"
