"""Take the pictures of docs/page.md: each page of a laptop, wide and on a phone.

    python docs/screenshots.py

Needs playwright and the Chromium of the system; a laptop is made for it, and removed.
"""

import io
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw
from playwright.sync_api import Page, sync_playwright

from collector.tiles.mercator import world_spot
from tests.tile_files import write_mbtiles

PICTURES: Final = Path(__file__).parent / "pictures" / "page"
PAGES: Final = {
    "today": "/",
    "core": "/core?point=HF/2",
    "plan": "/plan",
    "plan-map": "/plan?zoom=1&at=HF/2",
    "plot": "/plot?code=HF",
    "photos": "/plot?code=HF#photos",
    "bags": "/bags?q=OLD",
    "sync": "/sync",
    "stocks": "/stocks",
    "help": "/help",
}
SIZES: Final = {"wide": (1024, 600), "phone": (390, 844)}
FIELDS: Final = {"HF": (2.350, 48.850), "LF": (2.353, 48.8505)}
SIDE: Final = 0.002


def main() -> None:
    """Make a laptop in the middle of a day, and take the pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, _page_of(_laptop(folder)) as address:
        base = address.partition("/open")[0]
        with sync_playwright() as driver:
            chromium = driver.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            tab = chromium.new_page()
            tab.goto(address)
            for size, (width, height) in SIZES.items():
                tab.set_viewport_size({"width": width, "height": height})
                for name, path in PAGES.items():
                    tab.goto(base + path)
                    # Photos that are not seen are not asked for.
                    tab.wait_for_load_state("networkidle")
                    take(tab, PICTURES / f"{name}-{size}.png")
            chromium.close()


def take(tab: Page, path: Path) -> None:
    """Save a picture of what a tab shows, with few colours."""
    tab.screenshot(path=path)
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(64)
    small.save(path, optimize=True)


Say = Callable[..., None]


def _laptop(folder: str) -> Path:
    home = Path(folder) / "laptop"

    def say(*words: str) -> None:
        command = [sys.executable, "-m", "collector", "--home", str(home), *words]
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL)

    say("init", "--name", "lap-1", "--person", "Ada Diallo")
    template = ("--layer-depths-cm", "10 20 30 50", "--usual-tool", "probe")
    project = ("--code", "VALLEY", "--title", "Soil carbon of the valley")
    say("project", "add", *project, *template, "--usual-diameter-mm", "50")
    for name, (lon, lat) in FIELDS.items():
        boundary = Path(folder) / f"{name}.geojson"
        boundary.write_text(_square(lon, lat), "utf-8")
        land = ("--land-use", "cropland", "--geometry", str(boundary))
        say("plot", "add", "--code", name, *land)
        for n in range(4):
            place = (lon + SIDE * (0.2 + 0.2 * n), lat + SIDE * (0.2 + n * 0.37 % 0.7))
            where = ("--lon", f"{place[0]:.6f}", "--lat", f"{place[1]:.6f}")
            say("point", "add", "--plot", name, "--code", str(n + 1), *where)
    say(
        "practice",
        "add",
        *("--plot", "HF", "--family", "agroforestry"),
        *("--what", "hedges"),
    )
    _sample_before(say)
    now = ("--name", "2026", "--start-date", "today", "--purpose", "resampling")
    say("campaign", "add", *now)
    _tell_of_land(Path(folder), say)
    say("core", "add", "HF/1", "K7F-0421-1:261", "K7F-0422-X:262", "K7F-0423-R:270")
    say("skip", "add", "LF/4", "--because", "flooded")
    return home


def _sample_before(say: Say) -> None:
    old = ("--name", "2016", "--start-date", "2016-05-01", "--end-date", "2016-05-31")
    say("campaign", "add", *old, "--purpose", "baseline")
    visit = ("--plot", "HF", "--point", "2", "--campaign", "2016")
    say("core", "add", *visit, "--sampled-at", "2016-05-03")
    for n, (density, soc) in enumerate(((1.21, 1.62), (1.33, 1.18), (1.41, 0.84))):
        code, depth = f"OLD-{n}", (str(10 * n), str(10 * n + 10))
        reach = ("--depth-top-cm", depth[0], "--depth-bottom-cm", depth[1])
        weight = ("--bulk-density-g-cm3", str(density))
        kind = ("--bulk-density-definition", "fine_earth_only")
        say("sample", "add", *visit, "--sample-code", code, *reach, *weight, *kind)
        reading = ("--value", str(soc), "--unit", "pct", "--method", "dry_combustion")
        say("result", "add", "--sample", code, "--analyte", "soc", *reading)


def _tell_of_land(folder: Path, say: Say) -> None:
    """Attach two photos, as drawn here, and say what was done and what is odd."""
    say(
        "practice",
        "add",
        *("--plot", "HF", "--family", "regenerative"),
        *("--what", "compost, 10 t/ha", "--from-date", "2019-10-01"),
    )
    for number, (name, colour) in enumerate(
        {"hole.jpg": "#6b4a2f", "edge.jpg": "#5d7f3a"}.items()
    ):
        picture = Image.effect_noise((640, 480), 60).convert("RGB")
        picture = Image.blend(picture, Image.new("RGB", picture.size, colour), 0.6)
        exif = Image.Exif()
        exif[0x8769] = {0x9003: f"2026:05:04 10:3{number}:00", 0x9011: "+02:00"}
        exif[0x8825] = {1: "N", 2: (48, 51, 3.0), 3: "E", 4: (2, 21, 2.0 + number)}
        picture.save(folder / name, exif=exif)
        say("attach", "HF", str(folder / name), "--type", "plot")


def _tiles(path: Path) -> Path:
    """Write a map of fields around the plots, each of a colour."""
    colours = ("#cfd8a8", "#b7c98d", "#d9cfa4", "#a9bd86", "#c8b98a")
    tiles = {}
    for zoom in range(13, 18):
        left, top = (int(part * 2**zoom) for part in world_spot(FIELDS["HF"], 0.0))
        for x in range(left - 4, left + 9):
            for y in range(top - 6, top + 7):
                tile = Image.new("RGB", (256, 256), colours[(x * 3 + y * 5) % 5])
                ImageDraw.Draw(tile).line((0, 255, 255, 255), "#8d9b6a", 2)
                made = io.BytesIO()
                tile.save(made, "PNG")
                tiles[zoom, x, y] = made.getvalue()
    return write_mbtiles(path, tiles, name="Fields of the valley")


def _square(lon: float, lat: float) -> str:
    east, north = lon + SIDE, lat + SIDE
    ring = [[lon, lat], [east, lat], [east, north], [lon, north], [lon, lat]]
    return f'{{"type": "Polygon", "coordinates": [{ring}]}}'


@contextmanager
def _page_of(home: Path) -> Iterator[str]:
    tiles = _tiles(home.parent / "valley.mbtiles")
    ui = ("ui", "--no-browser", "--tiles", str(tiles))
    command = ["-m", "collector", "--home", str(home), *ui]
    with subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found is not None, "the page says its address"
        try:
            yield found[0]
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
