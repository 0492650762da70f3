"""PMTiles 3: tiles in one file with directories, read by the library pmtiles."""

import mmap
from pathlib import Path

from collector.errors import RefusedError
from collector.tiles.tile_file import (
    MOST_ZOOM,
    TILE_BYTES,
    is_picture,
    refuse_content,
    refuse_damaged,
)


class PMTilesFile:
    """A file of PMTiles, open for reading."""

    def __init__(self, path: Path) -> None:
        from pmtiles.reader import Reader  # noqa: PLC0415 - for who has such a file

        self._path = path
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._reader = Reader(self._bytes)
        try:
            self._look()
        except BaseException:
            self.close()
            raise

    def has(self, zoom: int, column: int, row: int) -> bool:
        """Return whether the file has a tile."""
        return self.read(zoom, column, row) is not None

    def read(self, zoom: int, column: int, row: int) -> bytes | None:
        """Return the picture of a tile; None where there is none, or it is damaged."""
        try:
            found = self._reader.get(zoom, column, row)
        except Exception:  # noqa: BLE001 - a library meets a stranger's bytes
            return None
        return bytes(found) if found and len(found) <= TILE_BYTES else None

    def close(self) -> None:
        """Close the file."""
        self._map.close()

    def _look(self) -> None:
        try:
            self._read_head()
        except RefusedError:
            raise
        except Exception:  # noqa: BLE001 - a library meets a stranger's bytes
            raise refuse_damaged(self._path, "it is damaged") from None

    def _read_head(self) -> None:
        from pmtiles.reader import traverse  # noqa: PLC0415 - see above
        from pmtiles.tile import Compression, TileType  # noqa: PLC0415 - see above

        head = self._reader.header()
        self.least_zoom, self.most_zoom = head["min_zoom"], head["max_zoom"]
        if not 0 <= self.least_zoom <= self.most_zoom <= MOST_ZOOM:
            raise refuse_damaged(self._path, "its zooms are no numbers")
        if head["tile_type"] not in {TileType.PNG, TileType.JPEG, TileType.WEBP}:
            raise refuse_content(self._path, b"", head["tile_type"].name.lower())
        if head["internal_compression"] is not Compression.GZIP:
            why = f"its directories are packed by {head['internal_compression'].name}"
            raise refuse_damaged(self._path, f"{why}, and only gzip is read")
        said = self._reader.metadata()
        self.credit = str(said.get("attribution") or said.get("name") or "")[:200]
        every = traverse(self._bytes, head, head["root_offset"], head["root_length"])
        _, first = next(every, (None, b""))
        if not first:
            raise refuse_damaged(self._path, "it has no tiles")
        if not is_picture(bytes(first)):
            raise refuse_content(self._path, bytes(first[:4]))

    def _bytes(self, offset: int, length: int) -> bytes:
        return self._map[offset : offset + length]
