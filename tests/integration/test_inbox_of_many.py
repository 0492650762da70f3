"""An inbox of many rows: few statements to list it, and batches to decide on it."""

import pytest

from schemas.operations import OperationKind, operation
from server.clock import Clock
from server.custody.deciding import ManyDecisions, decide, look
from server.custody.inbox import InboxChoice, InboxKind, InboxQuery, inbox
from tests.integration.test_inbox import asked, undone
from tests.integration.test_undo import bags


async def odd_bags(server, laptop, first, count):
    """Record bags that overlap, of each of which something is odd, and wait for as many."""
    for n in range(first, first + count):
        bag = {"core_id": laptop.hole, "sample_code": f"BAG-{n}"}
        layer = {"depth_top_cm": 0.0, "depth_bottom_cm": 150.0 + n / 10}
        laptop.add("sample", bag | layer, u="Ada")
        bad = {"core_id": laptop.hole, "sample_code": f"BAD-{n}", "depth_top_cm": 9.0}
        laptop.add("sample", bad, u="Ada")
    outcomes = (await laptop.sync()).outcomes
    assert set(outcomes) == {"accepted", "quarantined"}


async def contest(server, laptop, other, first, count):
    """Write the depth of bags on two laptops, unseen."""
    for n in range(first, first + count):
        name = f"BAG-{n}"
        bag = laptop.add("sample", {"core_id": laptop.hole, "sample_code": name})
        laptop.lines.pop()
        layer = {"depth_top_cm": 0.0, "depth_bottom_cm": 140.0}
        other.draft("sample", bag, layer, u="Cy")
    assert set((await other.sync()).outcomes) == {"conflict"}


async def read(server, job):
    return await server.ask(lambda store: store.read(job))


def query(server, *kinds):
    return InboxQuery(project_ids=[server.project_id], kinds=kinds or tuple(InboxKind))


@pytest.fixture
async def north(server):
    """A laptop that recorded a plot with four bags."""
    return await bags(server, await server.laptop("north"), codes="ABCD")


async def test_as_many_statements_list_few_rows_as_many(server, north):
    south = await server.laptop("south")

    def counted(tx):
        seen = []
        tx.connection.set_trace_callback(seen.append)
        rows = inbox(tx, Clock(), query(server))
        tx.connection.set_trace_callback(None)
        return len(rows), len(seen)

    await odd_bags(server, north, 0, 3)
    await contest(server, north, south, 0, 3)
    few = await read(server, counted)
    await odd_bags(server, north, 3, 60)
    await contest(server, north, south, 3, 60)
    many = await read(server, counted)
    assert many[0] > few[0] + 170
    # What came in another request is in a segment of its own, which is read once.
    assert many[1] <= few[1] + 6


async def test_hundreds_are_decided_in_batches_and_told_on_the_way(server, north):
    await odd_bags(server, north, 0, 230)
    done = operation(OperationKind.DECIDE, Clock().new_id(), "discard, x (Bo)")
    given = ManyDecisions(InboxChoice.DISCARD, "x", "Bo", done)
    wanted, told = query(server, InboxKind.QUARANTINE), []

    async def job(store):
        found = await store.read(lambda tx: look(tx, Clock(), wanted, None, given))
        return await decide(store, Clock(), found, lambda *n: told.append(n))

    came = await server.ask(job)
    assert (len(came.rows), came.left) == (230, [])
    assert told == [(200, 230), (230, 230)]
    assert await read(server, lambda tx: inbox(tx, Clock(), wanted)) == []
    back = await undone(server, done.id)
    assert back["discarded"] == 230
    assert len(await read(server, lambda tx: inbox(tx, Clock(), wanted))) == 230
    said = await asked(server, "inbox", "list", "--kind", "quarantine", "--page", "3")
    assert (said["count"], said["pages"], len(said["rows"])) == (230, 3, 30)
