"""No laptop begins a timeline for all by a claim: it shows a receipt, or another says so, too."""

import shutil

import pytest

from schemas.signing import receipt_text, sign
from server.clock import Clock
from server.config import DataDirectory
from server.custody.own_log import add_project
from tests.conftest import running, running_with_project
from tests.laptop import new_id, read_answer


async def epochs(server):
    return len(await server.report("epochs"))


@pytest.fixture
async def laptop(server):
    found = await server.laptop("a")
    found.add("plot", {"code": "A"})
    await found.sync()
    return found


async def claim(laptop, **more):
    """Send a hello that claims something; return the answer's status."""
    status, _ = await laptop.post(laptop.body(**more))
    return status


async def test_a_cursor_beyond_the_last_row_resets_its_own_laptop_alone(server, laptop):
    other = await server.laptop("b")
    seen = (await other.sync()).hello["epoch"]
    for _ in range(3):
        cursors = {server.project_id: [seen, 10**9]}
        status, raw = await laptop.post(laptop.body(cursors=cursors))
        assert (status, b'"reset"' in raw) == (200, True)
    assert await epochs(server) == 1
    assert (await other.sync()).resets == []
    answer = await other.sync()
    assert answer.hello["epoch"] == seen


async def test_a_cursor_of_a_foreign_project_changes_nothing_and_tells_nothing(
    server, laptop
):
    fields = {"code": "SECRET", "title": "Secret"}
    there = await server.ask(lambda s: add_project(s, Clock(), fields, {}))
    seen = (await laptop.sync()).hello["epoch"]
    answers = set()
    for name in (there, new_id()):
        for _ in range(2):
            laptops = (laptop, await server.laptop(new_id()))
            for one in laptops:
                said = {**{s: list(c) for s, c in one.cursors.items()}}
                body = one.body(cursors={**said, name: [seen, 10**9]})
                status, raw = await one.post(body)
                answers.add((status, name.encode() in raw))
    assert answers == {(200, False)}
    assert await epochs(server) == 1


async def test_an_acknowledged_place_beyond_the_log_is_asked_for_and_no_more(
    server, laptop
):
    laptop.lines += [b"{}"] * 5
    laptop.acked = 6
    answer = await laptop.sync()
    assert answer.hello["need_from"] == 2
    assert await epochs(server) == 1


async def test_two_laptops_that_have_read_what_is_not_here_begin_a_timeline_once(
    server, laptop
):
    seen = (await laptop.sync()).hello["epoch"]
    other = await server.laptop("b")
    cursors = {server.project_id: [seen, 10**9]}
    for one in (laptop, laptop, other, other, laptop):
        assert await claim(one, cursors=cursors) == 200
    assert await epochs(server) == 2


FORGED = {
    "of another key": lambda raw: (raw, sign(bytes(32), receipt_text(raw))),
    "altered": lambda raw: (raw.replace('"n":1', '"n":9'), "A" * 88),
    "no JSON": lambda _: ("x", "y"),
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
async def test_a_receipt_that_this_server_did_not_give_proves_nothing(
    server, laptop, forge
):
    laptop.add("plot", {"code": "B"})
    receipt = (await laptop.sync()).end["receipt"]
    raw, sig = forge(receipt["raw"])
    assert await claim(laptop, receipt={"raw": raw, "sig": sig}) == 200
    assert await claim(laptop, receipt=receipt) == 200, "what it has is no proof either"
    assert await epochs(server) == 1


async def test_a_receipt_for_what_was_lost_begins_a_timeline_by_itself(tmp_path):
    """The whole data directory was put back, with its mark: only laptops can know."""
    data, backup = DataDirectory(tmp_path / "server"), tmp_path / "backup"
    async with running_with_project(data) as server:
        laptop = await server.laptop("a")
        laptop.add("plot", {"code": "A"})
        seen = (await laptop.sync()).hello["epoch"]
    shutil.copytree(data.path, backup)
    async with running(data) as laptop.url:
        laptop.add("plot", {"code": "B"})
        receipt = (await laptop.sync()).end["receipt"]
    shutil.rmtree(data.path)
    shutil.copytree(backup, data.path)
    async with running(data) as laptop.url:
        assert (await laptop.sync()).hello["need_from"] == 2
        assert await epochs(server) == 1, "as yet it only says so"
        laptop.acked = 1
        status, raw = await laptop.post(laptop.body(receipt=receipt))
        answer = read_answer(raw)
        assert (status, answer.outcomes) == (200, ["accepted"])
        assert answer.hello["epoch"] != seen
        assert await epochs(server) == 2
