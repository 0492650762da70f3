"""Files of map tiles for tests: one colour for each tile, as MBTiles and PMTiles."""

import io

from PIL import Image
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from collector.store.plain import plain_database


def picture(colour="green", kind="PNG"):
    """Return a tile of one colour."""
    made = io.BytesIO()
    Image.new("RGB", (256, 256), colour).save(made, kind)
    return made.getvalue()


def write_mbtiles(path, tiles, **said):
    """Write tiles by zoom, column and row from the north."""
    with plain_database(path) as database:
        database["metadata"].insert_all(
            [{"name": name, "value": value} for name, value in said.items()]
            or [{"name": "name", "value": "Valley"}]
        )
        database["tiles"].create(
            {"zoom_level": int, "tile_column": int, "tile_row": int, "tile_data": bytes}
        )
        database["tiles"].insert_all(
            {
                "zoom_level": z,
                "tile_column": x,
                "tile_row": 2**z - 1 - y,
                "tile_data": data,
            }
            for (z, x, y), data in tiles.items()
        )
    return path


def write_pmtiles(path, tiles, kind=TileType.PNG):
    """Write tiles by zoom, column and row from the north."""
    with path.open("wb") as file:
        writer = Writer(file)
        for place in sorted(tiles, key=lambda place: zxy_to_tileid(*place)):
            writer.write_tile(zxy_to_tileid(*place), tiles[place])
        zooms = [z for z, _, _ in tiles]
        header = {
            "tile_type": kind,
            "tile_compression": Compression.NONE,
            "min_zoom": min(zooms),
            "max_zoom": max(zooms),
            "min_lon_e7": -1_800_000_000,
            "min_lat_e7": -850_000_000,
            "max_lon_e7": 1_800_000_000,
            "max_lat_e7": 850_000_000,
            "center_zoom": 0,
            "center_lon_e7": 0,
            "center_lat_e7": 0,
        }
        writer.finalize(header, {"attribution": "Survey of the valley"})
    return path
