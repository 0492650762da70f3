"""A day at the desk in a real browser: boards, a bulk decision, a laboratory's table, a year page."""

import asyncio
import re
from types import SimpleNamespace

import pytest
from axe_playwright_python.sync_playwright import Axe

from server.config import DataDirectory
from tests.browser.conftest import Looking
from tests.browser.test_desk import HOSTILE, link_to
from tests.conftest import running_with_project
from tests.desk import ALL, add
from tests.integration.test_laptop_sync import Served
from tests.processes import server_process, typed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PLOTS, POINTS = 200, 10
TABLE = "Probe;Corg %;Charge\nA;1,52;B7\nB;1,41;B7\n"
WIDTHS = (1024, 390)


async def record_season(data):
    """Record a campaign of 2,000 points, contested plots with hostile notes, two bags."""
    async with running_with_project(data) as server:
        await add(server, "Ada", "admin", where=ALL)
        north, south = await server.laptop("north"), await server.laptop("south")
        plots = [north.add("plot", plot_of(number)) for number in range(PLOTS)]
        points = [
            north.add("point", {"plot_id": plot, "code": str(code)})
            for plot in plots
            for code in range(1, POINTS + 1)
        ]
        start = {"name": "2026", "start_date": "2026-05-01", "purpose": "baseline"}
        campaign = north.add("campaign", start)
        core = {"point_id": points[0], "campaign_id": campaign, "number": 1}
        hole = north.add("core", core | {"sampled_at": "2026-05-04T09:00:00Z"})
        for depth, code in enumerate("AB"):
            depths = {
                "depth_top_cm": 20.0 * depth,
                "depth_bottom_cm": 20.0 * depth + 20,
            }
            north.add("sample", {"core_id": hole, "sample_code": code, **depths})
        await send(north)
        for laptop, area in ((north, 2.0), (south, 3.0)):
            for plot, text in zip(plots, HOSTILE, strict=True):
                said = {"area_ha": area, "note": f"{text} {area}"}
                laptop.draft("plot", plot, said, u=text[:60])
            await send(laptop)
        await server.derived()


def plot_of(number):
    place = {"code": f"P{number + 1}", "area_ha": 1.0, "land_use": "cropland"}
    lon, lat = 2.0 + number % 20 * 0.01, 48.0 + number // 20 * 0.01
    ring = [[lon, lat], [lon + 0.005, lat], [lon, lat + 0.005], [lon, lat]]
    return place | {"geometry": {"type": "Polygon", "coordinates": [ring]}}


async def send(laptop):
    while laptop.acked < len(laptop.lines):
        await laptop.sync()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    data = DataDirectory(tmp_path_factory.mktemp("desk") / "server")
    asyncio.run(record_season(data))
    run_by = ("--organisation", "ORG", "--organisation-name", HOSTILE[0])
    typed(data.path, "project", "add", "--code", "OF", "--title", "x", *run_by)
    with server_process(data.path) as url:
        yield Served(data.path, url)


@pytest.fixture(scope="module")
def ada(served, chromium):
    """A tab in which Ada signed in, and what she looks at."""
    found = Looking(chromium, viewport={"width": 1024, "height": 700})
    found.tab.goto(link_to(served))
    found.tab.get_by_role("button", name="Sign in").click()
    found.tab.wait_for_url(f"{served.url}/")
    yield SimpleNamespace(looking=found, tab=found.tab, url=served.url)
    assert found.complaints == []
    assert found.went_elsewhere() == []
    found.close()


def check_page(ada):
    """Hold that a page is for all, at any size, and does nothing that it was not made for."""
    found = Axe().run(ada.tab)
    assert found.violations_count == 0, found.generate_report()
    for width in WIDTHS:
        ada.tab.set_viewport_size({"width": width, "height": 700})
        assert ada.tab.evaluate("document.documentElement.scrollWidth") <= width
    ada.tab.set_viewport_size({"width": 1024, "height": 700})
    assert ada.looking.complaints == []


def test_a_campaign_of_2000_points_is_seen_page_by_page(ada):
    ada.tab.goto(f"{ada.url}/desk/campaign?project=HF")
    said = ada.tab.inner_text("main")
    assert "1,999" in said or "1999" in said
    check_page(ada)
    ada.tab.goto(f"{ada.url}/desk/campaign?project=HF&page=4")
    assert re.search(r"P\d+", ada.tab.inner_text("main"))


def test_the_programme_shows_a_map(ada):
    ada.tab.goto(f"{ada.url}/")
    assert ada.tab.locator("main svg").count() == 1
    check_page(ada)


def test_two_hundred_hostile_notes_are_decided_on_in_bulk_and_taken_back(ada):
    tab = ada.tab
    tab.goto(f"{ada.url}/desk/inbox?kind=conflict")
    assert "200 things wait" in tab.inner_text("main")
    assert tab.locator("main script, main img, main iframe").count() == 0
    check_page(ada)
    tab.select_option("#choice", "keep")
    tab.fill("#reason", "north was there")
    tab.get_by_role("button", name=re.compile("rows listed")).click()
    tab.wait_for_selector("text=/rows decided/")
    check_page(ada)
    tab.get_by_label(re.compile("Take it back")).fill("too early")
    tab.get_by_role("button", name="Take back").click()
    tab.wait_for_selector("text=/Taken back/")
    tab.goto(f"{ada.url}/desk/inbox?kind=conflict")
    assert "200 things wait" in tab.inner_text("main")


def test_a_table_of_a_laboratory_is_taken_in_and_taken_back(ada, tmp_path):
    tab, table = ada.tab, tmp_path / "lab.csv"
    table.write_text(TABLE, "utf-8")
    tab.goto(f"{ada.url}/desk/lab?project=HF")
    check_page(ada)
    tab.set_input_files("input[type=file]", table)
    tab.locator("#lab").fill("LAS")
    tab.get_by_text("What the table leaves open").click()
    tab.get_by_label(re.compile("[Mm]ethod")).fill("soc=dry_combustion")
    tab.get_by_role("button", name="Look at it").click()
    tab.get_by_role("button", name=re.compile("Take in 2 values")).click()
    tab.wait_for_selector("text=/2 values kept/")
    check_page(ada)
    tab.locator("#reason").fill("the wrong table")
    tab.get_by_role("button", name="Take back").click()
    tab.wait_for_selector("text=/Taken back/")


def test_the_year_page_is_shown_and_handed_out(ada):
    tab = ada.tab
    tab.goto(f"{ada.url}/desk/year?organisation=ORG&year=2026")
    assert "2026" in tab.inner_text("main")
    check_page(ada)
    with tab.expect_download() as waiting:
        tab.get_by_role("link", name="PDF").click()
    assert waiting.value.suggested_filename.endswith(".pdf")
