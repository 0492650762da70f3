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


async def test_one_bag_alone_is_replaced_with_its_reason(server, north, tmp_path):
    table = "Probe;Corg %\nA;1,5\nB;1,4\n"
    await imported(server, tmp_path, table, *SAYS, "--write")
    again = [
        "Probe;Corg %\nA;1,6\nB;1,7\nB;1,7\n",
        "--differing",
        "replace",
        "--only",
        "A",
    ]
    more = ["--reason", "weighed wrongly", "--write"]
    found = await imported(server, tmp_path, *again, *more, code=1)
    assert (found["kept"], found["left_out"]) == (1, 1)
    assert found["bags"]["twice in the file"] == ["B"]
    rows = [row for row in (await north.sync()).rows if row["t"] == "result"]
    assert {row["f"]["value"] for row in rows} == {1.6, 1.4}
    listed = await command(server, "undo", "--list")
    assert listed[0]["what"] == "weighed wrongly (lab.csv)"


LETTER = """Bodenlabor Nord GmbH, Hannover
Bericht 26/118

Labor-Nr;Probe;Kohlenstoff;
;;organisch;anorganisch
;;%;%
1;A;1,52;<0,1
1;A;1,52;<0,1
2;Z9;1,1;
3;B;152;n.b.
Mittelwert;;1,3;

gez. Dr. Meier
"""


async def test_the_server_tells_a_letter_of_a_laboratory_in_words(
    server, north, tmp_path
):
    path = tmp_path / "letter.csv"
    path.write_text(LETTER, "utf-8")
    given = [
        "--data",
        str(server.data.path),
        "lab",
        "import",
        str(path),
        "--lab",
        "LAS",
    ]
    given += ["--project", "HF", *SAYS, "--method", "inorganic_carbon=calcimeter"]
    done = await asyncio.to_thread(CliRunner().invoke, main, given)
    assert done.exit_code == 1
    for said in (
        "Kohlenstoff organisch % = soc in pct",
        "2 new, 1 unknown bag, 2 twice in the file, 1 no value yet",
        "1 mean or spread, 1 out of range, 1 below detection",
        "  twice in the file: A",
        "  no value yet: B",
        "to keep 2 values add: --write",
    ):
        assert said in done.output


async def told(server, *words, code=0):
    """Type a command about laboratories; return its JSON."""
    return await command(server, "lab", *words, code=code)


async def command(server, *words, code=0):
    """Type a command of the server; return its JSON."""
    given = ["--data", str(server.data.path), *words, "--project", "HF", "--json"]
    done = await asyncio.to_thread(CliRunner().invoke, main, given)
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


CONTROLLED = "Probe;Corg %;batch\nA;1,52;B7\nB;1,41;B7\nBLANK;0,3;B7\n"
DECIDE = ["decide", "--lab", "LAS", "--batch", "B7", "--person", "Bo", "--reason", "no"]


async def test_batches_are_decided_on_at_the_server_and_laptops_hear_of_it(
    server, north, tmp_path
):
    found = await imported(server, tmp_path, CONTROLLED, *SAYS, "--write", code=1)
    assert (found["kept"], found["controls_kept"]) == (2, 1)
    (one,) = await told(server, "batches", "--failed", code=1)
    assert (one["lab_batch"], one["waits"], one["results"]) == ("B7", True, 2)
    assert (await told(server, *DECIDE, "rejected"))["analytes"] == ["soc"]
    rows = (await north.sync()).rows
    (decision,) = (row["f"] for row in rows if row["t"] == "lab_batch")
    assert (decision["decision"], decision["decided_by"]) == ("rejected", "Bo")
    assert {row["f"]["kind"] for row in rows if row["t"] == "lab_control"} == {"blank"}
    # What does not count is expected again.
    assert [one["bag"] for one in await told(server, "expected")] == ["A", "B"]
    assert (await told(server, *DECIDE, "accepted"))["decision"] == "accepted"
    assert await told(server, "expected") == []


async def test_bags_that_were_sent_are_expected_by_laboratory_and_batch(
    server, north, tmp_path
):
    parcel = tmp_path / "parcel.csv"
    parcel.write_text("Probe\nA\nQ\n", "utf-8")
    words = ["--lab", "LAS", "--batch", "P1", "--on", "2026-05-20"]
    found = await told(server, "sent", str(parcel), *words, code=1)
    assert (found["sent"], found["unknown"]) == (["A"], ["Q"])
    every = await told(server, "sent", "--campaign", "2026", "--lab", "Else", code=1)
    assert (every["sent"], every["elsewhere"]) == (["B"], ["A"])
    groups = await told(server, "expected", "--by-batch")
    assert [(one["lab"], one["batch"], one["bags"]) for one in groups] == [
        ("Else", None, 1),
        ("LAS", "P1", 1),
    ]
