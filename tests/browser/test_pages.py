"""Each page of a laptop can be read by all, at any size, and asks nobody else."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from collector.laptop import settings
from collector.tiles.mercator import world_spot
from schemas.speech.languages import LANGUAGES
from tests.browser.conftest import Looking, page_of
from tests.faults.homes import Laptop
from tests.processes import PERMILLE, run
from tests.tile_files import picture, write_mbtiles

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

PAGES = (
    "/",
    "/core",
    "/plan",
    "/plan?zoom=2&at=HF/1",
    "/plot",
    "/plot?code=HF",
    "/answers?of=plot&name=HF",
    "/bags",
    "/sync",
    "/stocks",
    "/help",
)


#: A question of each kind that a field looks otherwise for.
FORM = """
| survey |
| | type | name | label | hint | relevant |
| | note | hello | Look around | | |
| | decimal | slope | Slope, % | of ten metres | |
| | select_multiple signs | signs | What is seen? | | ${slope} > 2 |
| | select_one signs | worst | The worst of it | | |
| | date | ploughed | Last ploughed | | |
| | acknowledge | sure | Sure? | | |
| choices |
| | list_name | name | label |
| | signs | crust | Crust |
| | signs | rills | Rills |
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A laptop with a plot, a point, a campaign and a core with bags."""
    path = tmp_path_factory.mktemp("home") / "laptop"
    form = path.with_name("form.md")
    form.write_text(FORM, "utf-8")
    for words in (
        ("init", "--name", "lap", "--person", "Zoë Ümit"),
        ("project", "add", "--code", "P", "--title", "<b>Valley</b>"),
        ("plot", "add", "--code", "HF", "--note", "<script>alert(1)</script>"),
        (
            "point",
            "add",
            "--plot",
            "HF",
            "--code",
            "1",
            "--lon",
            "2.35",
            "--lat",
            "48.8",
        ),
        (
            "campaign",
            "add",
            "--name",
            "2026",
            "--start-date",
            "2026-05-01",
            "--purpose",
            "baseline",
        ),
        ("questions", "add", form, "--write"),
        ("questions", "add", form, "--for", "plot", "--write"),
    ):
        run([*PERMILLE, "--home", path], *words, check=0)
    tell_more(path, tmp_path_factory.mktemp("files"))
    return path


def tell_more(home, folder):
    """Record a boundary, a practice, a photo, and a core that is odd; remember a map."""
    boundary, photo = folder / "hf.txt", folder / "hole.png"
    boundary.write_text("2.349 48.799\n2.351 48.799\n2.351 48.801")
    photo.write_bytes(picture("brown"))
    zoom, (x, y) = 16, (int(part * 2**16) for part in world_spot((2.35, 48.8), 0.0))
    tiles = write_mbtiles(folder / "map.mbtiles", {(zoom, x, y): picture()})
    done = ("--family", "agroforestry", "--what", "hedges", "--from-date", "2020-05-01")
    for words in (
        ("plot", "edit", "HF", "--geometry", boundary),
        ("practice", "add", "--plot", "HF", *done),
        ("attach", "HF", photo, "--type", "plot"),
        ("core", "add", "HF/1", "10=A1:261", "--campaign", "2026"),
    ):
        run([*PERMILLE, "--home", home], *words, check=0)
    store = Laptop(home, init=False).store()
    store.set_settings({settings.TILES: str(tiles)})
    store.close()


@pytest.fixture(scope="module")
def address(home):
    with page_of(home) as found:
        yield found


@pytest.fixture(scope="module")
def looking(chromium, address):
    """A tab that is signed in."""
    found = Looking(chromium, viewport={"width": 1024, "height": 600})
    found.tab.goto(address)
    yield found
    found.close()


def unfold(tab):
    """Open what a page shows when it is asked for."""
    tab.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")


def test_each_form_of_a_plot_is_reached_and_opened_by_keyboard(looking, address):
    tab = looking.tab
    tab.goto(address.partition("/open")[0] + "/plot?code=HF")
    reached = set()
    for _ in range(80):
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement.tagName") == "SUMMARY":
            tab.keyboard.press("Enter")
        reached.add(tab.evaluate("document.activeElement.name || ''"))
    assert {"why", "what", "from_date", "text", "file", "files", "of"} <= reached


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_no_fault_that_axe_finds(looking, address, path):
    base = address.partition("/open")[0]
    assert looking.tab.goto(base + path).status == 200
    unfold(looking.tab)
    found = Axe().run(looking.tab)
    assert found.violations_count == 0, found.generate_report()
    assert not looking.complaints
    assert not looking.went_elsewhere()


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("width", [390, 512, 1024])
def test_a_page_needs_no_scrolling_sideways(looking, address, path, width):
    base = address.partition("/open")[0]
    looking.tab.set_viewport_size({"width": width, "height": 600})
    looking.tab.goto(base + path)
    unfold(looking.tab)
    wide = looking.tab.evaluate("document.documentElement.scrollWidth")
    assert wide <= width


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
def test_no_language_is_wider_than_a_phone(looking, address, code):
    base = address.partition("/open")[0]
    looking.tab.set_viewport_size({"width": 390, "height": 844})
    looking.tab.goto(base)
    looking.tab.select_option("#language", code)
    looking.tab.wait_for_selector(f"html[lang={code}]")
    for path in PAGES:
        looking.tab.goto(base + path)
        unfold(looking.tab)
        assert looking.tab.evaluate("document.documentElement.scrollWidth") <= 390
    looking.tab.goto(base)
    looking.tab.select_option("#language", "en")
    looking.tab.wait_for_selector("html[lang=en]")


def test_the_address_opens_once_and_leaves_the_bar(looking, chromium, address):
    base = address.partition("/open")[0]
    assert "token" not in looking.tab.url
    other = Looking(chromium)
    assert other.tab.goto(address).status == 403
    assert other.tab.goto(base + "/sync").status == 403
    other.close()
