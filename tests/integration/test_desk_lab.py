"""Tables of laboratories at the desk: looked at, corrected, taken in, taken back; charts."""

import base64
import re
import zlib
from html import unescape

import pytest

from tests.desk import add, browser, words
from tests.integration.test_inbox import CRM, asked
from tests.integration.test_undo import TABLE, bags, results

FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
SAID = {"lab": "LAS", "methods": "soc=dry_combustion"}


@pytest.fixture
async def north(server):
    """A laptop that recorded two bags; Lea is of the laboratory, Ada manages."""
    await add(server, "Lea", "lab")
    await add(server, "Ada", "manager")
    return await bags(server, await server.laptop("north"))


def hidden(page):
    """Return what the form of a page holds, as a browser sends it back."""
    main = page.partition("<main")[2].partition("</main>")[0]
    return {name: unescape(value) for name, value in FIELD.findall(main)}


async def looked(server, one, folder, text=TABLE, code=200, **said):
    """Choose a file and look at it; return the page."""
    path = folder / "lab.csv"
    path.write_text(text, "utf-8")
    with path.open("rb") as file:
        form = {"project": server.project_id, "file": file, **SAID, **said}
        status, page = await one.send("/desk/lab/look", **form)
    assert status == code, words(page)
    return page


async def test_a_table_is_looked_at_taken_in_and_taken_back(server, north, tmp_path):
    async with browser(server, "Lea") as lea:
        page = await looked(server, lea, tmp_path)
        assert "Take in 2 values" in words(page)
        assert await results(server) == []
        form = hidden(page) | SAID
        status, page = await lea.send("/desk/lab/take-in", **form)
        assert status == 200
        assert "2 values kept" in words(page)
        assert await results(server) == [1.41, 1.52]
        found = await asked(server, "undo", "--list", "--project", "HF")
        assert (found[0]["kind"], found[0]["what"]) == ("import", "lab.csv")
        back = hidden(page) | {"reason": "the wrong table"}
        _, page = await lea.send("/desk/lab/undo", **back)
        assert "Taken back: all is as before." in words(page)
        assert await results(server) == []


async def test_what_needs_a_person_is_shown_handed_out_and_put_right(
    server, north, tmp_path
):
    text = TABLE.replace("A;1,52", "L-1;1,52")
    async with browser(server, "Lea") as lea:
        page = await looked(server, lea, tmp_path, text)
        said = words(page)
        assert "1 reading to look at" in said
        assert "Take in 1 value" in said
        form = hidden(page) | SAID
        status, back = await lea.send("/desk/lab/rejected", **form)
        assert status == 200
        assert "L-1;1,52" in back
        more = {"columns": "Probe=number", "keys": "L-1=A\nB=B"}
        _, page = await lea.send("/desk/lab/look", **form, **more)
        assert "Take in 2 values" in words(page)
        _, page = await lea.send("/desk/lab/take-in", **hidden(page), **SAID, **more)
        assert "2 values kept" in words(page)
    assert await results(server) == [1.41, 1.52]


async def test_what_has_changed_since_it_was_looked_at_is_shown_again(
    server, north, tmp_path
):
    async with browser(server, "Lea") as lea:
        form = hidden(await looked(server, lea, tmp_path)) | SAID
        gone = {"op": "del", "base": await server.seen(north.bags["A"])}
        north.draft("sample", north.bags["A"], {}, **gone)
        await north.sync()
        _, page = await lea.send("/desk/lab/take-in", **form)
        assert "has changed since you looked" in words(page)
        assert await results(server) == []
        _, page = await lea.send("/desk/lab/take-in", **hidden(page), **SAID)
        assert "1 value kept" in words(page)


async def test_batches_and_charts_are_shown_without_names(server, north):
    north.add("lab_control", CRM, u="Bo")
    decision = {"decision": "accepted", "reason": "measured anew", "decided_by": "Bo"}
    batch = {name: CRM[name] for name in ("lab", "lab_batch", "analyte")}
    north.add("lab_batch", batch | decision, u="Bo")
    await north.sync()
    async with browser(server, "Lea") as lea:
        _, page = await lea.get("/desk/lab")
        said = words(page)
        assert "B7 soc 0 failed" in said
        assert "accepted measured anew" in said
        assert "Bo" not in said
        image = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', page)[1]
        assert base64.b64decode(image).startswith(b'<svg xmlns="http')
        assert "1 control, 1 beyond the limit" in unescape(page)


async def test_a_failing_batch_leads_who_may_to_the_inbox(server, north, tmp_path):
    text = "Probe;Corg %;Charge\nBLANK;0,9;B7\nA;1,52;B7\n"
    async with browser(server, "Ada") as ada:
        form = hidden(await looked(server, ada, tmp_path, text)) | SAID
        _, page = await ada.send("/desk/lab/take-in", **form)
        assert "1 batch fails its quality control" in words(page)
        assert "kind=lab" in page
        _, page = await ada.get("/desk/inbox?kind=lab")
        assert "1 thing waits" in words(page)


HELD = {"held_name": "lab.csv", "held": "no file"}
BOMB = base64.b85encode(zlib.compress(bytes(80 * 2**20))).decode()


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({}, "no file came"),
        (HELD | SAID, "no file came"),
        (SAID | {"held_name": "x", "held": BOMB}, "no file came"),
        ({"text": "Probe;Corg %\nA;1\n", "lab": ""}, "the laboratory: it is blank"),
        ({"text": "nothing"}, "lab.csv"),
        ({"text": TABLE, "units": "soc"}, "soc"),
        ({"text": TABLE, "keys": "L-1"}, "L-1 is no pair"),
    ],
)
async def test_what_cannot_be_read_is_refused(server, north, form, said):
    more = dict(form)
    if "text" in more:
        packed = base64.b85encode(zlib.compress(more.pop("text").encode())).decode()
        more = SAID | {"held_name": "lab.csv", "held": packed} | more
    async with browser(server, "Lea") as lea:
        status, page = await lea.send("/desk/lab/look", project="HF", **more)
        assert status == 422
        assert said in words(page)


async def test_who_is_of_a_laboratory_takes_back_no_other_work(server, north):
    words_of = ["records", "edit", "sample", "--where", "plot=P1", "--set", "note=wet"]
    done = await asked(server, *words_of, "--project", "HF", "--yes")
    async with browser(server, "Lea") as lea:
        form = {"project": "HF", "operation": done["operation"], "reason": "x"}
        assert (await lea.send("/desk/lab/undo", **form))[0] == 403
        assert (await lea.get("/desk/inbox"))[0] == 403
    async with browser(server) as stranger:
        assert (await stranger.send("/desk/lab/look", project="HF"))[0] == 401


async def test_a_refusal_that_repeats_what_was_sent_is_no_markup(server, north):
    packed = base64.b85encode(zlib.compress(TABLE.encode())).decode()
    form = SAID | {"held_name": "lab.csv", "held": packed}
    async with browser(server, "Lea") as lea:
        odd = "<img src> 50% of it"
        status, page = await lea.send("/desk/lab/look", project="HF", keys=odd, **form)
        assert status == 422
        assert "<img" not in page
        assert f"{odd} is no pair" in unescape(page)
