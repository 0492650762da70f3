"""Which sync protocol is spoken: both, by laptops that learn and servers that go back."""

import json

import pytest

from collector.laptop import settings
from collector.sync.session import SyncOptions, sync_with
from schemas import limits
from tests.stateful.invariants import check_all
from tests.stateful.world import QUIET, Link, World

LAPTOP = "laptop-0"


@pytest.fixture
def world(tmp_path):
    found = World(tmp_path / "world", laptops=1)
    yield found
    check_all(found)
    found.close()


def plots(world, first, last):
    """Record plots P{first} up to P{last}, and edit each."""
    for number in range(first, last):
        fields = {"code": f"P{number}", "area_ha": number / 4 + 0.5}
        plot = world.put(LAPTOP, world.project_ids[0], "plot", fields, is_new=True)
        world.put(LAPTOP, plot.project_id, "plot", {"note": "wet"}, plot.record_id)


def spoken(world):
    """Return protocol, and whether changes came by columns, of each request so far."""
    found = [body.splitlines() for _, body in world.requests]
    world.requests.clear()
    return [
        (json.loads(lines[0])["protocol"], lines[1].startswith(b'{"k":"cs"'))
        for lines in found
    ]


def learned(world):
    return world.laptop(LAPTOP).store.setting(settings.PROTOCOL)


def test_few_changes_come_by_columns_once_the_server_said_that_it_reads_them(world):
    plots(world, 0, 3)
    world.sync(LAPTOP)
    assert spoken(world) == [(1, False)]
    plots(world, 3, 6)
    assert world.sync(LAPTOP).accepted == 6
    world.sync(LAPTOP)
    assert spoken(world) == [(2, True), (2, False)]
    store = world.laptop(LAPTOP).store
    own = store.tail(0, 100, store.head().number)
    assert [line.raw for line in world.lines("log_id = ?", store.head().id)] == own


def test_many_changes_come_as_they_are(world):
    world.sync(LAPTOP)
    plots(world, 0, limits.FOLDED_CHANGES // 2)
    world.sync(LAPTOP)
    assert spoken(world) == [(1, False), (2, True)]
    plots(world, 200, 201 + limits.FOLDED_CHANGES // 2)
    world.sync(LAPTOP)
    assert spoken(world) == [(2, False)]


def test_a_server_that_was_put_back_is_spoken_to_as_before_in_the_same_sync(world):
    world.sync(LAPTOP)
    assert learned(world) == "2"
    world.is_old = True
    plots(world, 0, 3)
    report = world.sync(LAPTOP)
    assert (report.accepted, report.requests, report.pending) == (6, 2, 0)
    assert learned(world) is None
    plots(world, 3, 5)
    assert world.sync(LAPTOP).requests == 1
    assert spoken(world) == [(1, False), (2, True), (1, False), (1, False)]
    world.is_old = False
    world.sync(LAPTOP)
    assert learned(world) == "2"


class Garbling(Link):
    """A way to a server that reads something else from a line by columns."""

    async def _served(self, body):
        first, line, *rest = body.split(b"\n")
        if line.startswith(b'{"k":"cs"'):
            line = line.replace(*self.fault)
        return await super()._served(b"\n".join([first, line, *rest]))


@pytest.mark.parametrize(
    "fault",
    [(b'"wet"', b'"dry"'), (b'"plot"', b'"plots"'), (b"[", b"[["), (b'"h":', b'"x":')],
    ids=["bad_chain", "no natural key", "bad_json", "bad_message"],
)
def test_what_is_read_otherwise_is_sent_as_it_is_in_the_same_sync(world, fault):
    world.sync(LAPTOP)
    plots(world, 0, 3)
    link = Garbling(world, world.device(LAPTOP), fault)
    report = world.run(sync_with(world.laptop(LAPTOP), link, QUIET, SyncOptions()))
    assert (report.accepted, report.requests, report.pending) == (6, 2, 0)
    assert spoken(world) == [(1, False), (2, True), (1, False)]
    # The server still says that it speaks 2, and is believed.
    plots(world, 3, 5)
    assert world.sync(LAPTOP).requests == 1
    assert spoken(world) == [(2, True)]
