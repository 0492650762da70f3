"""The boards at the desk: what their pages show, and to whom."""

import asyncio
import re

import pytest

from server.desk.programme_map import programme_map
from tests.desk import ALL, add, browser, words
from tests.integration.test_boards import two_teams
from tests.integration.test_portfolio import A, record_plot, synced
from tests.processes import typed as typed_here

pytestmark = pytest.mark.slow


async def test_the_first_page_shows_what_each_plot_has_come_to(judged_server):
    await add(judged_server, "Ada", "manager")
    async with browser(judged_server, "Ada") as ada:
        status, page = await ada.get("/")
        assert status == 200
        said = words(page)
        assert "P1 HF 2010 - 2020" in said
        assert "not measured in two campaigns yet" in said
        assert "an illustration, no pass mark" in said
        assert "<title>P1: above</title>" in page
        _, page = await ada.get("/?verdict=above")
        assert 'scope="row">P1<' in page
        assert 'scope="row">P2<' not in page
        _, page = await ada.get("/?verdict=nonsense")
        assert 'scope="row">P2<' in page


@pytest.fixture
async def judged_server(server):
    """A server with two plots that were sampled twice, and one that was not."""
    laptop = await server.laptop("north")
    ring = [[2.0, 48.0], [2.02, 48.0], [2.02, 48.01], [2.0, 48.0]]
    boundary = {"type": "Polygon", "coordinates": [ring]}
    record_plot(laptop, "P1", A, geometry=boundary)
    record_plot(laptop, "P2", {"2010": A["2010"]})
    await synced(server, laptop)
    return server


async def test_who_may_see_no_places_gets_no_map(judged_server):
    await add(judged_server, "Vi", "viewer")
    async with browser(judged_server, "Vi") as viewer:
        _, page = await viewer.get("/")
        assert 'scope="row">P1<' in page
        assert "<svg" not in page


async def test_a_campaign_shows_its_late_points_and_names_to_those_who_may_see_them(
    server,
):
    north, south = await server.laptop("north"), await server.laptop("south")
    await two_teams(server, north, south)
    await add(server, "Ada", "manager")
    await add(server, "Vi", "viewer")
    async with browser(server, "Ada") as ada, browser(server, "Vi") as viewer:
        status, page = await ada.get("/desk/campaign?by=person&late=0")
        assert status == 200
        said = words(page)
        assert "Campaign 2026" in said
        assert re.search(r"Bo 2 2 2 visited", said), said
        assert "(Bo, south)" in said
        status, page = await viewer.get("/desk/campaign?by=person")
        assert status == 200
        said = words(page)
        assert "4: planned" in said
        assert not {"Bo", "south", "north"} & {*re.findall(r"\w+", said)}


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/?page=x", 422, "no number"),
        ("/?page=0", 422, "no page 0"),
        ("/?page=2", 422, "no page 2"),
        ("/?page=9999999999999", 422, "no number"),
        ("/desk/campaign?page=0", 422, "no page 0"),
        ("/desk/campaign?page=9", 422, "no page 9"),
        ("/desk/campaign?campaign=1999", 422, "campaign"),
        ("/desk/campaign?late=-1", 422, "no number"),
        ("/desk/campaign?late=%F0%9F%98%80", 422, "no number"),
        ("/desk/campaign?late=999999999", 200, "Campaign 2020"),
    ],
)
async def test_what_an_address_says_wrongly_is_told(judged_server, path, status, said):
    await add(judged_server, "Ada", "manager")
    async with browser(judged_server, "Ada") as ada:
        found, page = await ada.get(path)
        assert (found, said in words(page)) == (status, True), words(page)


async def test_a_project_is_chosen_before_its_campaign(server):
    await add(server, "Ada", "admin", where=ALL)
    async with browser(server, "Ada") as ada:
        _, page = await ada.get("/desk/campaign")
        assert "no campaign yet" in words(page)
        await typed(server, "project", "add", "--code", "X", "--title", "X")
        _, page = await ada.get("/desk/campaign")
        assert "Choose a project" in words(page)


async def typed(server, *said):
    return await asyncio.to_thread(typed_here, server.data.path, *said)


async def test_lists_go_on_page_after_page(server):
    laptop = await server.laptop("north")
    for number in range(51):
        plot = laptop.add("plot", {"code": f"P{number}"})
        laptop.add("point", {"plot_id": plot, "code": "1"})
    campaign = {"name": "2026 & on", "start_date": "2026-05-01", "purpose": "baseline"}
    laptop.add("campaign", campaign)
    await synced(server, laptop)
    await add(server, "Ada", "manager")
    async with browser(server, "Ada") as ada:
        for path in ("/", "/desk/campaign?late=7"):
            _, page = await ada.get(path)
            assert "Page 1 of 2" in words(page)
            (onward,) = re.findall(r'href="([^"]+)" rel="next"', page)
            _, page = await ada.get(onward.replace("&amp;", "&"))
            assert "Page 2 of 2" in words(page)
            assert 'scope="row">P50<' in page


def test_a_map_is_true_to_scale_and_holds_every_sign():
    said = {"west": 2.0, "south": 48.0, "east": 2.1, "north": 48.2}
    dots = [
        {"lon": lon, "lat": lat, "plots": 1, "verdicts": {"above": 1}}
        for lon in (2.0, 2.1)
        for lat in (48.0, 48.2)
    ]
    found = programme_map({**said, "dots": dots})
    (left, bottom), _, (right, _), (_, top) = (sign[:2] for sign in found.signs)
    assert (right - left) / (bottom - top) == pytest.approx(0.5 * 0.6678, rel=1e-3)
    for sign in found.signs:
        assert 0 < sign.x < found.width
        assert 0 < sign.y < found.height
    one = programme_map({**said, "east": 2.0, "north": 48.0, "dots": dots[:1]})
    assert one.signs[0].x == pytest.approx(one.width / 2)
