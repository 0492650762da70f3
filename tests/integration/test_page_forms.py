"""The page of a laptop without a browser: forms and what they answer, scripts switched off."""

import json
import re

import pytest

from tests.faults.homes import Laptop
from tests.receivers import recorded, served
from tests.visiting import visiting

RING = [[2.0, 48.0], [2.01, 48.0], [2.01, 48.01], [2.0, 48.01], [2.0, 48.0]]
TEMPLATE = ("--layer-depths-cm", "10 20 30", "--usual-tool", "probe")


@pytest.fixture
def laptop(tmp_path):
    """A laptop with two plots, three points and a campaign of this year."""
    found = Laptop(tmp_path / "lap")
    title = ("--title", "<b>Valley</b>", "--usual-diameter-mm", "40")
    found("project", "add", "--code", "P", *title, *TEMPLATE)
    boundary = tmp_path / "hf.geojson"
    boundary.write_text(json.dumps({"type": "Polygon", "coordinates": [RING]}))
    found("plot", "add", "--code", "HF", "--geometry", boundary)
    found("plot", "add", "--code", "LF")
    for code, lon in (("1", 2.002), ("2", 2.008)):
        place = ("--lon", lon, "--lat", 48.005)
        found("point", "add", "--plot", "HF", "--code", code, *place)
    found("point", "add", "--plot", "LF", "--code", "1")
    found(
        "practice",
        "add",
        *("--plot", "HF", "--family", "agroforestry"),
        *("--what", "hedges"),
    )
    begun = ("--name", "now", "--start-date", "2020-01-01", "--purpose", "baseline")
    found("campaign", "add", *begun)
    return found


def core(point, *rows, **more):
    """Return a form of a core; a row is what is typed of one layer."""
    form = {"point": point, "project": "P", **more}
    for number, (bottom, code, mass) in enumerate(rows, start=1):
        form[f"bottom-{number}"] = bottom
        form[f"code-{number}"], form[f"mass-{number}"] = code, mass
    return form


@pytest.mark.parametrize(
    ("path", "said", "command"),
    [
        ("/", "3 points are left", "permille today"),
        ("/core?point=HF/1", 'value="HF/1"', "permille core add"),
        ("/plan", "3 left, 0 done, 0 skipped", "permille plan"),
        ("/plan?plot=HF", "2 left", "permille plan --plot HF"),
        ("/plot", "HF", "permille plot list"),
        ("/plot?code=HF", "hedges", "permille plot show HF"),
        ("/bags", "Scan or type a label.", "permille sample list"),
        ("/bags?q=none", "No bag has all", "permille search none --type sample"),
        ("/sync", "Do not wipe it.", "permille sync"),
        ("/stocks", "None yet", "permille stocks"),
        ("/help", "Ctrl", "permille --help"),
    ],
)
async def test_each_page_shows_its_thing_and_the_command_for_it(
    laptop, path, said, command
):
    async with visiting(laptop) as visitor:
        page = await visitor.get(path)
    assert said in page
    assert f"<code>{command}" in page


async def test_a_core_is_saved_and_the_next_point_follows(laptop):
    rows = [("10", "A-1", "261"), ("20", "A-2", "262,5"), ("30", "A-3", "")]
    async with visiting(laptop) as visitor:
        page = await visitor.post("/core", **core("HF/1", *rows, note="dry"))
        assert "HF/1/now/1, 3 bags" in page
        assert 'value="HF/2"' in page
        assert "A-2" in await visitor.get("/bags?q=A-2")
        assert "3 bags, 30 cm" in await visitor.get("/plot?code=HF")
        today = await visitor.get("/")
        assert "without a mass" in today
        assert 'href="/core?point=HF/2"' in today
    bags = {
        one["fields"]["sample_code"]: one["fields"]
        for one in laptop.json("sample", "list")
    }
    assert bags["A-2"]["field_mass_g"] == 262.5
    assert "field_mass_g" not in bags["A-3"]


async def test_what_is_wrong_is_told_and_stays_in_the_form(laptop):
    async with visiting(laptop) as visitor:
        page = await visitor.post("/core", **core("HF/9", ("10", "A-1", "261")))
        assert "HF/9" in page
        assert 'value="A-1"' in page
        assert 'value="261"' in page
        made = core("HF/9", ("10", "A-1", "261"), is_new_point="yes")
        assert "HF/9/now/1, 1 bag" in await visitor.post("/core", **made)
        again = await visitor.post("/core", **core("HF/9", ("10", "A-2", "261")))
        assert "was sampled in now" in again
        another = core("HF/9", ("10", "A-1", "261"), is_another="yes")
        page = await visitor.post("/core", **another)
        assert "kept as draft 1" in page


async def test_the_last_core_is_taken_back_once(laptop):
    async with visiting(laptop) as visitor:
        await visitor.post("/core", **core("HF/1", ("10", "A-1", "261")))
        await visitor.post("/core", **core("HF/2", ("10", "A-2", "261")))
        page = await visitor.get("/")
        form = {"project": "P", "core": hidden(page, "core")}
        assert "Taken back: HF/2/now/1" in await visitor.post("/undo", **form)
        assert "Taken back" not in await visitor.get("/")
        page = await visitor.post("/undo", status=422, **form)
        assert "the last core is HF/1/now/1 by now" in page
        form = {"project": "P", "core": hidden(await visitor.get("/"), "core")}
        await visitor.post("/undo", **form)
        page = await visitor.post("/undo", status=422, **form)
        assert "no core was recorded" in page
    assert laptop.json("core", "list") == []


async def test_a_form_that_is_sent_twice_makes_one_core(laptop):
    async with visiting(laptop) as visitor:
        number = hidden(await visitor.get("/core?point=HF/1"), "form")
        row = ("10", "A-1", "261")
        form = core("HF/1", row, form=number, is_another="yes")
        for _ in range(2):
            assert "HF/1/now/1, 1 bag" in await visitor.post("/core", **form)
        # The browser's Back, another label: that is another core.
        other = core("HF/1", ("10", "A-2", "262"), form=number, is_another="yes")
        page = await visitor.post("/core", **other)
        assert "HF/1/now/2, 1 bag" in page
        assert hidden(page, "form") != number
    assert len(laptop.json("core", "list")) == 2


def hidden(page, name):
    """Return what a hidden field of a page says."""
    return re.search(rf'name="{name}" value="([^"]*)"', page)[1]


async def test_the_map_tells_points_by_signs_and_the_list_says_the_same(laptop):
    laptop("core", "add", "HF/1", "10=A-1:261")
    laptop("skip", "add", "LF/1", "--because", "flooded & <wet>")
    async with visiting(laptop) as visitor:
        page = await visitor.get("/plan")
    assert 'class="sign next"' in page
    assert 'class="sign done"' in page
    assert "flooded &amp; &lt;wet&gt;" in page
    assert page.count("<polygon") == 1


async def test_of_several_projects_one_is_chosen_and_remembered(laptop):
    async with visiting(laptop) as visitor:
        laptop("project", "add", "--code", "Q", "--title", "Hill")
        found = laptop.json("project", "list")
        ids = {one["fields"]["code"]: one["id"] for one in found}
        for path in ("/", "/core", "/plan", "/plot"):
            said = await visitor.get(path, status=422)
            assert "choose one at the head of the page" in said
        await visitor.get("/sync")
        await visitor.post("/project", project="none", status=422)
        await visitor.post("/project", project=ids["P"])
        assert "HF" in await visitor.get("/plot")
        await visitor.post("/project", project=ids["Q"])
        assert "HF" not in await visitor.get("/plot")
        assert "HF" in await visitor.get(f"/plot?project={ids['P']}")


async def test_where_there_is_nothing_yet_it_is_said_what_to_do(tmp_path):
    async with visiting(Laptop(tmp_path / "new")) as visitor:
        for path in ("/", "/plan", "/plot"):
            assert "permille enrol URL CODE" in await visitor.get(path)
        assert "no project here yet" in await visitor.get("/core")


async def test_a_sync_that_cannot_be_is_told_on_the_page(laptop):
    async with visiting(laptop) as visitor:
        page = await visitor.post("/sync")
        while "A sync runs." in page:
            page = await visitor.get("/sync")
        assert "permille enrol" in page
        assert json.loads(await visitor.get("/sync/state"))["is_running"] is False


@pytest.mark.parametrize(
    ("path", "form", "said"),
    [
        ("/sync/decide", {"record": "HF", "reason": ""}, "a decision says why"),
        ("/sync/decide", {"record": "HF", "reason": "x"}, "no open conflict"),
        ("/sync/fix", {"record": "HF", "what": "fix"}, "no change to fix"),
    ],
)
async def test_what_cannot_be_decided_is_said(laptop, path, form, said):
    async with visiting(laptop) as visitor:
        assert said in await visitor.post(path, status=422, **form)
        await visitor.get("/plot?code=none", status=422)


async def test_a_core_takes_over_what_the_receiver_says(laptop):
    with served(recorded(), then="silent") as (port, _):
        async with visiting(laptop) as visitor:
            await visitor.post("/position", receiver=f"tcp://127.0.0.1:{port}")
            page = await visitor.get("/core?point=HF/1")
            while "satellites" not in page:
                page = await visitor.get("/core?point=HF/1")
            form = core("HF/1", ("10", "A-1", "261"), use_position="yes")
            assert "HF/1/now/1" in await visitor.post("/core", **form)
    fields = laptop.json("core", "show", "HF/1/now/1")["fields"]
    assert fields["position_source"] == "phone"
    assert fields["satellites"] > 3


async def test_a_receiver_that_is_not_there_is_told(laptop):
    async with visiting(laptop) as visitor:
        await visitor.post("/position", receiver="tcp://127.0.0.1:9")
        while True:
            async with visitor.session.get(f"{visitor.base}/position/stream") as stream:
                said = json.loads((await stream.content.readline()).decode()[6:])
            if said["refusal"]:
                break
    assert "127.0.0.1:9" in said["refusal"]
    assert said["is_listening"] is False
