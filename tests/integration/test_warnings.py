"""What laptops recorded is odd on the server, too, until somebody says why."""

import asyncio
import json

import pytest
from click.testing import CliRunner

from server.cli import main

SQUARE = [
    [2.35, 48.85],
    [2.3525, 48.85],
    [2.3525, 48.8516],
    [2.35, 48.8516],
    [2.35, 48.85],
]


@pytest.fixture
async def laptop(server):
    """A laptop that recorded a core of the wrong year, outside its plot, with two bags."""
    north = await server.laptop("north")
    boundary = {"type": "Polygon", "coordinates": [SQUARE]}
    plot = north.add("plot", {"code": "P1", "geometry": boundary})
    point = north.add("point", {"plot_id": plot, "code": "1"})
    days = {"start_date": "2026-05-01", "end_date": "2026-05-10"}
    campaign = north.add("campaign", {"name": "2026", "purpose": "baseline", **days})
    core = {"point_id": point, "campaign_id": campaign, "number": 1}
    place = {"lon": 48.851, "lat": 2.351, "sampled_at": "2016-05-04T09:00:00Z"}
    hole = north.add("core", core | place)
    bag = {"core_id": hole, "depth_top_cm": 0.0, "depth_bottom_cm": 40.0}
    north.add("sample", bag | {"sample_code": "0071"})
    north.add("sample", bag | {"sample_code": "71"})
    assert set((await north.sync()).outcomes) == {"accepted"}
    return north


async def typed(server, *words, code=0):
    """Type a command of an administrator; return what it printed."""
    given = ["--data", str(server.data.path), "warning", *words]
    done = await asyncio.to_thread(CliRunner().invoke, main, given)
    assert done.exit_code == code, done.output
    return done.output


async def told(server, *words):
    """Type a command of an administrator; return its JSON document."""
    return json.loads(await typed(server, *words, "--json"))


FOUND = {
    ("core", "P1/1/2026/1", "core_outside_campaign"),
    ("core", "P1/1/2026/1", "position_exchanged"),
    ("sample", "71", "layer_twice"),
    ("sample", "71", "looks_alike"),
}
LIST = ["list", "--project", "HF"]


def named(found):
    return {(one["type"], one["name"], one["code"]) for one in found}


async def test_the_server_lists_what_is_odd_by_name(server, laptop):
    assert named(await told(server, *LIST)) == FOUND


async def test_an_explanation_of_the_server_reaches_laptops(server, laptop):
    one = ["core", "P1/1/2026/1", "core_outside_campaign", "--project", "HF"]
    why = ["--why", "a core of the archive", "--person", "Bo"]
    assert (await told(server, "explain", *one, *why))["explained"] == 1
    left = FOUND - {("core", "P1/1/2026/1", "core_outside_campaign")}
    assert named(await told(server, *LIST)) == left
    (kept,) = [o for o in await told(server, *LIST, "--all") if o["explained"]]
    assert kept["explained"] == "a core of the archive (Bo)"
    rows = (await laptop.sync()).rows
    (core,) = [row["f"] for row in rows if row["t"] == "core"]
    assert core["explained"][0].endswith("a core of the archive (Bo)")


async def test_what_is_not_odd_cannot_be_explained(server, laptop):
    one = ["sample", "0071", "layer_gap", "--project", "HF", "--why", "so it is"]
    said = await typed(server, "explain", *one, code=4)
    assert "sample 0071 has no open warning layer_gap" in said


async def test_the_list_is_read_in_words(server, laptop):
    said = await typed(server, *LIST)
    assert "sample 71  [layer_twice]" in said
    assert "bag 0071 is 0 to 40 cm" in said
    assert said.endswith("4 warnings.\n")


async def test_a_project_whose_code_reads_like_another_is_opened_with_a_warning(server):
    given = [
        "--data",
        str(server.data.path),
        "project",
        "add",
        "--title",
        "x",
        "--json",
    ]
    for code, expected in (("hf", ["HF"]), ("HG", [])):
        done = await asyncio.to_thread(
            CliRunner().invoke, main, [*given, "--code", code]
        )
        assert json.loads(done.stdout)["looks_like"] == expected
