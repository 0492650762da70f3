"""Open a file of tiles, of whichever kind it is."""

from pathlib import Path
from typing import Final

from collector.errors import RefusedError
from collector.tiles.tile_file import WANTED, TileFile
from schemas.gis.extra import how_to_install, is_installed
from schemas.media import HEAD_BYTES, sniff

_SQLITE: Final = b"SQLite format 3\0"
_PMTILES: Final = b"PMTiles"
_GEOTIFF: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def open_tiles(path: Path) -> TileFile:
    """Open a file of tiles, and look at one of them.

    Raises
    ------
    RefusedError
        If it is missing, damaged, or no file of pictures.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise RefusedError(
            f"the map {path} cannot be read: {error.strerror or error}",
            "name a file that is there, or go without: permille ui --no-tiles",
        ) from None
    return _opened(path, head)


def _opened(path: Path, head: bytes) -> TileFile:
    # Each is wanted for its own kind of file alone.
    if head.startswith(_SQLITE):
        from collector.tiles.mbtiles import MBTilesFile  # noqa: PLC0415

        return MBTilesFile(path)
    if head.startswith(_PMTILES):
        from collector.tiles.pmtiles_file import PMTilesFile  # noqa: PLC0415

        if not is_installed("pmtiles"):
            raise RefusedError(
                f"{path.name} needs more than is installed: pmtiles is missing",
                how_to_install("ui"),
                code="extra_missing",
            )
        return PMTilesFile(path)
    raise RefusedError(f"{path.name} is no file of map tiles{_meant(head)}", WANTED)


def _meant(head: bytes) -> str:
    """Return what a file is instead, where that is known."""
    if head.startswith(_GEOTIFF):
        return ": it is a TIFF; gdal_translate -of MBTILES makes tiles of it"
    if not head:
        return ": it is empty"
    mime = sniff(head)
    return f": it is {mime}" if mime else ""
