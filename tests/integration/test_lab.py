"""A laboratory's table on the server: written as changes that laptops hear of."""

import asyncio
import json

import pytest
from click.testing import CliRunner

from server.cli import main

TABLE = "Probe;Corg %\nA;1,52\nB;1,41\nA;1,55\nZ;1,3\n"


@pytest.fixture
async def north(server):
    """A laptop that recorded two bags."""
    laptop = await server.laptop("north")
    plot = laptop.add("plot", {"code": "P1"})
    point = laptop.add("point", {"plot_id": plot, "code": "1"})
    start = {"name": "2026", "start_date": "2026-05-01", "purpose": "baseline"}
    campaign = laptop.add("campaign", start)
    core = {"point_id": point, "campaign_id": campaign, "number": 1}
    hole = laptop.add("core", core | {"sampled_at": "2026-05-04T09:00:00Z"})
    for n, code in enumerate("AB"):
        depths = {"depth_top_cm": 20.0 * n, "depth_bottom_cm": 20.0 * n + 20}
        laptop.add("sample", {"core_id": hole, "sample_code": code, **depths})
    assert set((await laptop.sync()).outcomes) == {"accepted"}
    return laptop


async def imported(server, tmp_path, text, *more, code=0):
    path = tmp_path / "lab.csv"
    path.write_text(text, "utf-8")
    given = [
        "--data",
        str(server.data.path),
        "lab",
        "import",
        str(path),
        "--lab",
        "LAS",
    ]
    given += ["--project", "HF", "--json", "--person", "Bo", *more]
    done = await asyncio.to_thread(CliRunner().invoke, main, given)
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


SAYS = ["--method", "soc=dry_combustion"]


async def test_results_of_the_server_reach_laptops(server, north, tmp_path):
    found = await imported(server, tmp_path, TABLE, *SAYS, "--write", code=1)
    assert (found["kept"], found["counts"]["unknown bag"]) == (3, 1)
    rows = (await north.sync()).rows
    values = sorted(row["f"]["value"] for row in rows if row["t"] == "result")
    assert values == [1.41, 1.52, 1.55]
    # What was said is known, and what is here is not written again.
    again = await imported(server, tmp_path, TABLE, "--write", code=1)
    assert (again["kept"], again["counts"]["already here"]) == (0, 3)


async def test_values_that_differ_are_replaced_or_added(server, north, tmp_path):
    await imported(server, tmp_path, "Probe;Corg %\nA;1,5\n", *SAYS, "--write")
    other = "Probe;Corg %\nA;1,6\n"
    kept = await imported(server, tmp_path, other, "--write", code=1)
    assert kept["kept"] == 0
    more = ["--differing", "replicate", "--write"]
    await imported(server, tmp_path, other, *more, code=1)
    more = ["--differing", "replace", "--write"]
    await imported(server, tmp_path, "Probe;Corg %\nA;1,7\n", *more, code=1)
    rows = (await north.sync()).rows
    values = sorted(row["f"]["value"] for row in rows if row["t"] == "result")
    assert values == [1.6, 1.7]
