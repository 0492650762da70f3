"""One file of map tiles: pictures by zoom, column and row, as MBTiles or PMTiles.

Rows count from the north, as in the addresses of tiles on the web.
"""

from pathlib import Path
from typing import Final, NamedTuple, Protocol

from collector.errors import RefusedError
from schemas.media import HEAD_BYTES, sniff

#: What a page draws under a plan.
PICTURES: Final = frozenset({"image/png", "image/jpeg", "image/webp"})
#: Zooms that exist: at 24 a pixel is a centimetre.
MOST_ZOOM: Final = 24
#: A picture of 1,024 pixels takes less.
TILE_BYTES: Final = 4 * 2**20

#: What to do about any other file.
WANTED: Final = "save the map as MBTiles or PMTiles of pictures (PNG, JPEG or WebP)"

#: Vectors come packed, or are named so.
_PACKED: Final = (b"\x1f\x8b", b"\x78\x9c", b"\x1a")
_VECTOR: Final = frozenset({"pbf", "mvt", "mlt"})


class TileFile(Protocol):
    """A file of tiles that is open; it is used from one thread."""

    least_zoom: int
    most_zoom: int
    credit: str

    def has(self, zoom: int, column: int, row: int) -> bool:
        """Return whether the file has a tile."""

    def read(self, zoom: int, column: int, row: int) -> bytes | None:
        """Return the picture of a tile; None where there is none, or it is damaged."""

    def close(self) -> None:
        """Close the file."""


class Tile(NamedTuple):
    """A picture and its media type."""

    data: bytes
    mime: str


def tile_of(file: TileFile, zoom: int, column: int, row: int) -> Tile | None:
    """Return a tile as a picture; None where there is none, or it is no picture."""
    if not (0 <= zoom <= MOST_ZOOM and column < 2**zoom and row < 2**zoom):
        return None
    data = file.read(zoom, column, row)
    mime = sniff(data[:HEAD_BYTES]) if data else None
    return Tile(data, mime) if data and mime in PICTURES else None


def is_picture(data: bytes) -> bool:
    """Return whether the content of a tile is a picture that a page draws."""
    return sniff(data[:HEAD_BYTES]) in PICTURES


def refuse_content(path: Path, first: bytes, said: str = "") -> RefusedError:
    """Return the error of a file whose tiles are no pictures; `said` is what it calls them.

    >>> refuse_content(Path("a.mbtiles"), b"", "pbf").text
    'the tiles of a.mbtiles are vectors, which the page does not draw'
    """
    is_vector = first.startswith(_PACKED) or said in _VECTOR
    what = "vectors" if is_vector else f"of another kind{said and f' ({said})'}"
    return RefusedError(
        f"the tiles of {path.name} are {what}, which the page does not draw", WANTED
    )


def refuse_damaged(path: Path, why: str) -> RefusedError:
    """Return the error of a file that cannot be read."""
    return RefusedError(
        f"the map {path.name} cannot be used: {why}", "copy it again, or make it anew"
    )
