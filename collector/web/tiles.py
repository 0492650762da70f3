"""The map under the plan: the file that the laptop remembers, and its tiles by address."""

from pathlib import Path
from typing import Final

from aiohttp import web

from collector.errors import RefusedError
from collector.laptop import settings
from collector.laptop.laptop import Laptop
from collector.tiles.opening import open_tiles
from collector.tiles.tile_file import Tile, TileFile, tile_of
from collector.web.work import LAPTOP


class Tiles:
    """The file of tiles of this page; `refusal` says why there is none to be seen."""

    def __init__(self) -> None:
        self._path = ""
        self._file: TileFile | None = None
        self.refusal: RefusedError | None = None

    def of(self, laptop: Laptop) -> TileFile | None:
        """Return the file that the laptop remembers, opened once."""
        path = laptop.store.setting(settings.TILES) or ""
        if path != self._path:
            self.close()
            self._path, self.refusal = path, None
            try:
                self._file = open_tiles(Path(path)) if path else None
            except RefusedError as error:
                self.refusal = error
        return self._file

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
        self._file, self._path = None, ""


async def tile(request: web.Request) -> web.StreamResponse:
    """Answer with one tile."""
    zoom, column, row = (int(request.match_info[name]) for name in ("z", "x", "y"))

    def read(laptop: Laptop) -> Tile | None:
        file = request.app[TILES].of(laptop)
        return tile_of(file, zoom, column, row) if file else None

    found = await request.app[LAPTOP].run(read)
    if found is None:
        return web.Response(status=404, text="There is no such tile.")
    return web.Response(body=found.data, content_type=found.mime)


def remember(laptop: Laptop, path: Path) -> None:
    """Lay a file of tiles under the plan from now on.

    Raises
    ------
    RefusedError
        If it cannot be used; the one of before stays.
    """
    open_tiles(path).close()
    laptop.store.set_settings({settings.TILES: str(path.resolve())})


def forget(laptop: Laptop) -> None:
    """Draw the plan without a map from now on."""
    laptop.store.set_settings({settings.TILES: None})


TILES: Final[web.AppKey[Tiles]] = web.AppKey("tiles", Tiles)
