"""A laptop begins projects only where it may, and never under a code in use."""

import pytest

from server.access.devices import allow_to_begin
from server.access.enrolment import device_of
from server.access.limits import move_limits
from server.clock import Clock
from server.custody.review import rejudge, release
from server.intake.push import sync
from server.intake.request import read_push
from server.operations.audit.audit import find_faults
from tests.laptop import new_id


def begin(laptop, code):
    """Record a project with a plot; return its id."""
    begun = new_id()
    laptop.draft("project", begun, {"code": code, "title": code}, s=begun)
    laptop.draft("plot", new_id(), {"code": "A"}, s=begun)
    return begun


async def outcomes(laptop):
    answer = await laptop.sync()
    return [(v["r"], *(why["code"] for why in v["why"])) for v in answer.verdicts]


async def codes(server):
    return sorted(found["code"] for found in await server.report("projects"))


async def faults(server):
    return await server.ask(
        lambda store: store.read(lambda tx: list(find_faults(tx, lambda *_: None)))
    )


WAITS = [("quarantined", "may_not_begin"), ("held", "waits_for")]


async def test_who_may_not_begin_projects_keeps_them_waiting_and_nothing_is_lost(
    server,
):
    laptop = await server.laptop()
    begun = begin(laptop, "MINE")
    assert await outcomes(laptop) == WAITS
    assert await codes(server) == ["HF"]
    laptop.add("plot", {"code": "ELSEWHERE"})
    assert await outcomes(laptop) == [("accepted",)], "it blocks nothing"
    (waits,) = [
        each["change"]
        for each in await server.report("quarantine", None)
        if each["type"] == "project"
    ]
    await server.ask(lambda store: release(store, Clock(), begun, [waits]))
    assert await codes(server) == ["HF", "MINE"]
    answer = await laptop.sync()
    assert sorted(answer.late.values()) == ["accepted", "accepted"]
    assert begun in answer.scope, "its founder sees it"
    assert await faults(server) == []


async def test_who_is_allowed_later_begins_what_waited(server):
    laptop = await server.laptop("late")
    begin(laptop, "MINE")
    assert await outcomes(laptop) == WAITS
    await server.ask(lambda store: allow_to_begin(store, "late", allowed=True))
    await server.ask(lambda store: rejudge(store, Clock(), None))
    assert sorted((await laptop.sync()).late.values()) == ["accepted", "accepted"]
    await server.ask(lambda store: allow_to_begin(store, "late", allowed=False))
    begin(laptop, "MORE")
    assert await outcomes(laptop) == WAITS
    assert await faults(server) == []


async def test_a_laptop_begins_as_many_projects_as_it_may(server):
    await server.ask(
        lambda store: store.write(lambda tx: move_limits(tx, {"laptop_projects": 2}))
    )
    laptop = await server.laptop(may_begin=True)
    for code in ("A", "B", "C"):
        begin(laptop, code)
    stands = [("accepted",), ("accepted",)]
    assert await outcomes(laptop) == [*stands, *stands, *WAITS]
    begin(laptop, "D")
    assert await outcomes(laptop) == WAITS
    assert await codes(server) == ["A", "B", "HF"]


async def twice_at_once(server, laptop):
    """Serve one request twice, both let in before either is served; return the second."""

    async def serve(store):
        push = read_push(laptop.body())
        device = await device_of(store, laptop.token)
        await sync(store, Clock(), device, push)
        return await sync(store, Clock(), device, push)

    return await server.ask(serve)


async def test_a_request_sent_again_while_the_first_is_served_sees_what_that_began(
    server,
):
    """A laptop is killed in a sync and syncs again before the server has answered."""
    laptop = await server.laptop(may_begin=True)
    begun = begin(laptop, "MINE")
    accepted, pulled = await twice_at_once(server, laptop)
    assert [v.repeated for v in accepted.verdicts] == [True, True]
    assert begun in accepted.project_ids
    assert pulled.cursors[begun] == 2, "its two records are read with it"


@pytest.mark.parametrize("code", ["HF", "hf"])
async def test_no_laptop_takes_a_code_in_use(server, code):
    laptop = await server.laptop(may_begin=True)
    begin(laptop, code)
    assert await outcomes(laptop) == [("quarantined", "code_in_use"), WAITS[1]]
    begun = begin(laptop, "FREE")
    assert await outcomes(laptop) == [("accepted",), ("accepted",)]
    laptop.draft("project", begun, {"code": code}, s=begun)
    laptop.draft("project", begun, {"title": "Free"}, s=begun)
    assert await outcomes(laptop) == [("quarantined", "code_in_use"), ("accepted",)]
    assert await codes(server) == ["FREE", "HF"]


async def test_a_free_code_that_is_typed_in_a_fix_lets_all_of_the_project_in(server):
    laptop = await server.laptop(may_begin=True)
    begun = begin(laptop, "HF")
    await laptop.sync()
    waits = (await server.report("quarantine", None))[0]["change"]
    laptop.draft("project", begun, {"code": "HF-2", "title": "Two"}, s=begun, x=waits)
    assert (await laptop.sync()).outcomes == ["accepted"]
    assert set((await laptop.sync()).late.values()) <= {"accepted"}
    assert await codes(server) == ["HF", "HF-2"]
    stats = await server.report("stats")
    assert stats["records"]["plot"] == 1


async def test_whether_a_project_is_there_is_told_to_nobody_who_may_begin_none(server):
    owner = await server.laptop("owner", may_begin=True)
    there = begin(owner, "SECRET")
    await owner.sync()
    laptop = await server.laptop("curious")
    for begun in (there, new_id()):
        laptop.draft("project", begun, {"code": "X", "title": "X"}, s=begun)
    assert await outcomes(laptop) == [("quarantined", "may_not_begin")] * 2
