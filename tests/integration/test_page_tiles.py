"""A map under the plan: tiles of a file, where they lie, and files that are none."""

import math
import re

import pytest
from pmtiles.tile import TileType

from collector.laptop import settings
from collector.store.plain import plain_database
from tests.faults.homes import Laptop
from tests.tile_files import picture, write_mbtiles, write_pmtiles
from tests.visiting import visiting

LON, LAT = 2.35, 48.85


def tile_at(zoom, lon=LON, lat=LAT):
    """Return the tile of a place, by the formula of the wiki of OpenStreetMap."""
    across = 2**zoom
    x = int((lon + 180.0) / 360.0 * across)
    up = math.asinh(math.tan(math.radians(lat)))
    return zoom, x, int((1.0 - up / math.pi) / 2.0 * across)


def around(zoom):
    """Return the tiles around the field, of a colour for each."""
    _, x, y = tile_at(zoom)
    return {(zoom, x + dx, y + dy): picture() for dx in (-1, 0, 1) for dy in (-1, 0, 1)}


TILES = {place: data for zoom in (14, 15, 16) for place, data in around(zoom).items()}


@pytest.fixture
def laptop(tmp_path):
    """A laptop with two points, and a campaign."""
    found = Laptop(tmp_path / "lap")
    found("project", "add", "--code", "P", "--title", "Valley")
    found("plot", "add", "--code", "HF")
    for code, off in (("1", 0.0), ("2", 0.004)):
        place = ("--lon", LON + off, "--lat", LAT)
        found("point", "add", "--plot", "HF", "--code", code, *place)
    begun = ("--name", "now", "--start-date", "2020-01-01", "--purpose", "baseline")
    found("campaign", "add", *begun)
    return found


def remembered(laptop, path):
    """Lay a file under the plan as `permille ui --tiles` does."""
    store = laptop.store()
    store.set_settings({settings.TILES: str(path)})
    store.close()


FORMS = {
    "mbtiles": lambda folder: write_mbtiles(folder / "v.mbtiles", TILES),
    "pmtiles": lambda folder: write_pmtiles(folder / "v.pmtiles", TILES),
}


@pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)
async def test_tiles_lie_under_the_plan_where_they_belong(laptop, tmp_path, make):
    remembered(laptop, make(tmp_path))
    async with visiting(laptop) as visitor:
        page = await visitor.get("/plan")
        found = {
            place: tuple(map(float, spot))
            for *spot, place in (
                (x, y, side, tuple(map(int, where.split("/"))))
                for where, x, y, side in re.findall(
                    r'<image href="/tiles/([^"]+)" x="([^"]+)" y="([^"]+)" width="([^"]+)"',
                    page,
                )
            )
        }
        assert found
        assert set(found) <= set(TILES)
        zoom = next(iter(found))[0]
        x, y, side = found[tile_at(zoom)]
        sign = re.search(
            r'class="sign next" transform="translate\(([\d.]+) ([\d.]+)', page
        )
        # Where in its tile the first point lies, computed once more.
        east = ((LON + 180.0) / 360.0 * 2**zoom) % 1.0
        assert x + east * side == pytest.approx(float(sign[1]), abs=0.2)
        assert y < float(sign[2]) < y + side
        where = "/".join(map(str, tile_at(zoom)))
        async with visitor.session.get(f"{visitor.base}/tiles/{where}") as answer:
            assert answer.headers["Content-Type"] == "image/png"
            assert await answer.read() == picture()
        for none in ("3/1/1", "16/0/0", "30/1/1", "16/99999999/0"):
            await visitor.get(f"/tiles/{none}", status=404)


async def test_the_map_goes_closer_and_farther_and_to_the_next_point_by_links(
    laptop, tmp_path
):
    remembered(laptop, write_mbtiles(tmp_path / "v.mbtiles", TILES))
    async with visiting(laptop) as visitor:
        page = await visitor.get("/plan")
        scales = [int(re.search(r">(\d+) m</text>", page)[1])]
        for link in ("closer", "closer"):
            page = await visitor.get(href(page, link))
            scales.append(int(re.search(r">(\d+) m</text>", page)[1]))
        assert scales == sorted(scales, reverse=True)
        assert len(set(scales)) == 3
        assert "around HF/1" in page
        page = await visitor.get(href(page, "next point"))
        assert "around HF/2" in page
        page = await visitor.get(href(page, "next point"))
        assert "around HF/1" in page
        page = await visitor.get(href(page, "all of it"))
        assert "around" not in page
        for _ in range(20):
            if not href(page, "farther"):
                break
            page = await visitor.get(href(page, "farther"))
        assert "does not reach here" in page
        for odd in ("zoom=x", "zoom=999", "zoom=-999", "zoom=1&at=none", "zoom=²"):
            assert "<svg" in await visitor.get(f"/plan?{odd}")


def href(page, words):
    """Return where a link of the map leads."""
    found = re.search(rf'href="([^"#]+)#map">[^<]*{words}</a>', page)
    return found[1].replace("&amp;", "&") if found else ""


def vector(folder):
    return write_mbtiles(
        folder / "v.mbtiles", {(0, 0, 0): b"\x1f\x8bpbf"}, format="pbf"
    )


def foreign(folder):
    with plain_database(folder / "other.mbtiles") as database:
        database["notes"].insert({"text": "x"})
    return folder / "other.mbtiles"


def cut(folder):
    path = write_mbtiles(folder / "v.mbtiles", TILES)
    path.write_bytes(path.read_bytes()[:3000])
    return path


def cut_pmtiles(folder):
    path = write_pmtiles(folder / "v.pmtiles", TILES)
    path.write_bytes(path.read_bytes()[:140])
    return path


def brotli(folder):
    path = write_pmtiles(folder / "v.pmtiles", TILES)
    data = bytearray(path.read_bytes())
    data[97] = 3  # the byte of the compression of directories, by its specification
    path.write_bytes(data)
    return path


def said(folder, name, content):
    (folder / name).write_bytes(content)
    return folder / name


WRONG = {
    "vector": (vector, "vectors"),
    "vector pmtiles": (
        lambda f: write_pmtiles(f / "v.pmtiles", {(0, 0, 0): b"pbf"}, TileType.MVT),
        "vectors",
    ),
    "avif": (
        lambda f: write_pmtiles(f / "v.pmtiles", {(0, 0, 0): b"avif"}, TileType.AVIF),
        "of another kind (avif)",
    ),
    "texts": (
        lambda f: write_mbtiles(f / "v.mbtiles", {(0, 0, 0): b"hello"}),
        "another",
    ),
    "brotli": (brotli, "only gzip is read"),
    "empty mbtiles": (lambda f: write_mbtiles(f / "v.mbtiles", {}), "no tiles"),
    "foreign": (foreign, "no tables of MBTiles"),
    "cut": (cut, "damaged"),
    "cut pmtiles": (cut_pmtiles, "damaged"),
    "photo": (lambda f: said(f, "a.jpg", picture(kind="JPEG")), "it is image/jpeg"),
    "tiff": (lambda f: said(f, "a.tif", b"II*\0" + bytes(20)), "gdal_translate"),
    "empty": (lambda f: said(f, "a.mbtiles", b""), "it is empty"),
    "text": (lambda f: said(f, "a.mbtiles", b"hello"), "no file of map tiles"),
    "missing": (lambda f: f / "none.mbtiles", "cannot be read"),
    "folder": (lambda f: f, "cannot be read"),
}


@pytest.mark.parametrize(("make", "words"), WRONG.values(), ids=WRONG)
async def test_a_file_that_is_no_map_is_said_and_the_plan_stays(
    laptop, tmp_path, make, words
):
    folder = tmp_path / "maps"
    folder.mkdir()
    path = make(folder)
    done = laptop.run("ui", "--tiles", path, "--no-browser")
    assert done.returncode == 4
    assert words in " ".join(done.stderr.split())
    remembered(laptop, path)
    async with visiting(laptop) as visitor:
        page = await visitor.get("/plan")
        assert words in page
        assert 'class="sign next"' in page
        assert "<image" not in page


def test_a_map_is_chosen_or_none(laptop):
    done = laptop.run("ui", "--tiles", "x", "--no-tiles")
    assert done.returncode == 2
    assert "exclude each other" in done.stderr
