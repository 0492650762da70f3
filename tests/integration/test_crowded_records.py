"""A record with as many conflicts as it may have: pages stay small, the rest is told of."""

import asyncio

import pytest

from schemas import limits
from server.clock import Clock
from server.custody.review import rejudge
from server.operations.audit.audit import find_faults
from tests.processes import typed

pytestmark = pytest.mark.slow

MOST = 20


def ring(corners):
    """Return a boundary of so many corners."""
    places = [[n / 10_000, (n % 97) / 10_000] for n in range(corners)]
    return {"type": "Polygon", "coordinates": [[*places, [0.5, 0.5], places[0]]]}


async def test_heavy_conflicts_of_one_record_make_no_page_that_nobody_reads(server):
    author = await server.laptop("author")
    plot = author.add("plot", {"code": "A", "geometry": ring(2_000)})
    await author.sync()
    outcomes = []
    for number in range(1, MOST + 1):
        laptop = await server.laptop(f"l{number}")
        laptop.draft("plot", plot, {"geometry": ring(2_000 + number)})
        (verdict,) = (await laptop.sync()).verdicts
        outcomes.append((verdict["r"], *(why["code"] for why in verdict["why"])))
    kept = outcomes.count(("conflict",))
    assert outcomes[kept:] == [("quarantined", "too_many_conflicts")] * (MOST - kept)
    assert 1 < kept < MOST
    reader = await server.laptop("reader")
    _, raw = await reader.post(reader.body())
    assert len(raw) < limits.PAGE_BYTES + 2 * limits.RECORD_CONFLICT_BYTES
    said = await asyncio.to_thread(typed, server.data.path, "conflict", "show", "A")
    assert f"{MOST - kept} more changes of it in quarantine" in " ".join(
        said.output.split()
    )
    await server.ask(lambda store: rejudge(store, Clock(), None))
    found = await server.ask(
        lambda store: store.read(lambda tx: list(find_faults(tx, lambda *_: None)))
    )
    assert found == []
