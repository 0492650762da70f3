"""Each page of a laptop can be read by all, at any size, and asks nobody else."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import Looking, page_of
from tests.processes import PERMILLE, run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

PAGES = (
    "/",
    "/core",
    "/plan",
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
    return path


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


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_no_fault_that_axe_finds(looking, address, path):
    base = address.partition("/open")[0]
    assert looking.tab.goto(base + path).status == 200
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
    wide = looking.tab.evaluate("document.documentElement.scrollWidth")
    assert wide <= width


def test_the_address_opens_once_and_leaves_the_bar(looking, chromium, address):
    base = address.partition("/open")[0]
    assert "token" not in looking.tab.url
    other = Looking(chromium)
    assert other.tab.goto(address).status == 403
    assert other.tab.goto(base + "/sync").status == 403
    other.close()
