"""The page of the sync beside a real server: two bags of one label, and what is odd."""

import asyncio
import json
import re
from itertools import count

import pytest

from tests.faults.homes import Laptop
from tests.processes import PERMILLE_SERVER, run, server_process
from tests.visiting import visiting

PLOTS = count(1)


def administer(data, *words, code=0):
    return run([*PERMILLE_SERVER, "--data", data], *words, check=code).stdout


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server with a project; its data, and its address."""
    data = tmp_path_factory.mktemp("page") / "server"
    administer(data, "init")
    administer(data, "project", "add", "--code", "P", "--title", "Valley")
    with server_process(data) as url:
        yield data, url


@pytest.fixture
def pair(server, tmp_path):
    """Two laptops that recorded different bags of one label; the second one's waits."""
    data, url = server
    plot = f"F{next(PLOTS)}"
    laptops = []
    for name in ("one", "two"):
        laptop = Laptop(tmp_path / name)
        code = administer(data, "device", "code", "--project", "P", "--json")
        laptop.run("enrol", url, json.loads(code)["code"], check=0)
        laptop.run("sync", check=0)
        laptops.append(laptop)
    one, two = laptops
    one("plot", "add", "--code", plot)
    for point in ("1", "2"):
        one("point", "add", "--plot", plot, "--code", point)
    begun = ("--start-date", "2020-01-01", "--purpose", "baseline")
    one("campaign", "add", "--name", plot, *begun)
    one.run("sync", check=0)
    two.run("sync", check=0)
    one("core", "add", f"{plot}/1", f"10=L{plot}:261", "--campaign", plot)
    two("core", "add", f"{plot}/2", f"10=L{plot}:300", "--campaign", plot)
    one.run("sync", check=None)
    two.run("sync", check=None)
    return one, two, plot


def hidden(page, name):
    return re.search(rf'name="{name}" value="([^"]*)"', page)[1]


async def synced(*laptops):
    for laptop in laptops:
        await asyncio.to_thread(laptop.run, "sync", check=None)


async def form_of(visitor):
    page = await visitor.get("/sync")
    return {name: hidden(page, name) for name in ("record", "that")}


async def test_both_bags_of_a_label_stand_side_by_side(pair):
    _, two, plot = pair
    async with visiting(two) as visitor:
        page = await visitor.get("/sync")
    rows = dict(re.findall(r'<th scope="row">([\w-]+)</th>(.*?)</tr>', page))
    assert re.findall(r"<td>(.*?)</td>", rows["field-mass-g"]) == [
        "≠ differs",
        *("300", "261"),
    ]
    assert f"{plot}/2/{plot}/1" in rows["core"]
    assert f"{plot}/1/{plot}/1" in rows["core"]
    assert "= same" in rows["sample-code"]
    assert 'class="differs"' not in rows["sample-code"]


@pytest.mark.parametrize("which", ["this", "that"])
async def test_one_of_two_bags_is_relabelled_with_a_reason(pair, which):
    one, two, plot = pair
    async with visiting(two) as visitor:
        form = await form_of(visitor)
        new = {"which": which, "code": f"N{plot}", "reason": "the label was torn"}
        page = await visitor.post("/sync/relabel", **form, **new)
        assert f"sample N{plot}" in page
        assert "Both side by side" not in page
    await synced(two, one)
    for laptop in (one, two):
        masses = {
            bag["fields"]["sample_code"]: bag["fields"]["field_mass_g"]
            for bag in laptop.json("sample", "list")
        }
        mine, others = (
            (f"N{plot}", f"L{plot}") if which == "this" else (f"L{plot}", f"N{plot}")
        )
        assert (masses[mine], masses[others]) == (300.0, 261.0)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"reason": " "}, "a correction says why"),
        ({"code": ""}, "which sample-code instead?"),
        ({"that": "none"}, "no longer one code"),
        ({"record": "none"}, "no change to fix"),
    ],
)
async def test_what_relabels_nothing_is_said(pair, changed, said):
    _, two, plot = pair
    async with visiting(two) as visitor:
        form = await form_of(visitor)
        new = {"which": "this", "code": f"N{plot}", "reason": "so", **changed}
        assert said in await visitor.post("/sync/relabel", 422, **{**form, **new})
        same = {"which": "that", "code": f"L{plot}", "reason": "so"}
        page = await visitor.post("/sync/relabel", 422, **form, **same)
        assert "that both have" in page
    assert len(two.json("fix", code=1)) == 1


async def test_the_same_bag_is_given_up(pair):
    _, two, plot = pair
    async with visiting(two) as visitor:
        form = await form_of(visitor)
        await visitor.post("/sync/fix", record=form["record"], what="discard")
    await synced(two)
    (bag,) = [
        each
        for each in two.json("sample", "list")
        if each["fields"]["sample_code"] == f"L{plot}"
    ]
    assert bag["fields"]["field_mass_g"] == 261.0


async def test_why_it_is_right_is_said_before_it_is_sent_and_the_administrator_sees_it(
    server, pair
):
    data, _ = server
    _, two, plot = pair
    await asyncio.to_thread(two, "plot", "add", "--code", f"{plot.lower()}")
    async with visiting(two) as visitor:
        page = await visitor.get("/sync")
        assert "Odd, and still to be sent" in page
        form = {name: hidden(page, name) for name in ("record", "code", "back")}
        form["record"] = re.search(
            r'action="/explain".*?value="([^"]+)"', page, re.DOTALL
        )[1]
        page = await visitor.post("/explain", **form, why="the farm calls it so")
        assert "Odd, and still to be sent" not in page
    await synced(two)
    every = await asyncio.to_thread(
        administer,
        data,
        "warning",
        "list",
        "--project",
        "P",
        "--all",
        "--json",
        code=None,
    )
    assert "the farm calls it so" in {
        (one["explained"] or "").partition(" (")[0] for one in json.loads(every)
    }
