"""The next request leaves before an answer is taken in; what comes between costs nothing."""

import pytest

from collector.errors import UnreachableError
from collector.laptop import settings
from collector.store.sqlite import LaptopStore
from collector.sync.session import SentAhead
from tests.stateful.test_directed import ends_well
from tests.stateful.world import Link, World

NAME = "laptop-0"
PLOTS = 24


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path, laptops=2)
    # So little fits one request that many follow each other.
    world.laptop(NAME).store.set_settings({settings.BATCH_BYTES: "1024"})
    yield world
    world.close()


def recorded(world):
    """Record plots on a laptop that has synced once."""
    world.sync(NAME)
    world.requests.clear()
    for number in range(PLOTS):
        world.put(NAME, world.project_ids[0], "plot", {"code": f"P{number}"})


def arrived(world):
    """Return how many plots the server has."""
    rows = world.records(world.project_ids[0]).values()
    return sum(kind == "plot" for kind, *_ in rows)


@pytest.fixture
def order(world, monkeypatch):
    """Note when a request arrives and when an answer is taken in."""
    noted = []
    served, taken_in = Link._served, LaptopStore.apply

    async def serve(self, body):
        noted.append("asked")
        return await served(self, body)

    def apply(self, *answer):
        noted.append("taken in")
        return taken_in(self, *answer)

    monkeypatch.setattr(Link, "_served", serve)
    monkeypatch.setattr(LaptopStore, "apply", apply)
    return noted


def test_each_request_but_the_first_leaves_before_the_answer_is_taken_in(world, order):
    recorded(world)
    order.clear()
    report = world.sync(NAME)
    assert (report.accepted, report.duplicates, arrived(world)) == (PLOTS, 0, PLOTS)
    rounds = order.count("taken in")
    assert rounds == order.count("asked") == report.requests > 3
    assert order == ["asked", *["asked", "taken in"] * (rounds - 1), "taken in"]
    ends_well(world)


def test_each_page_but_the_first_is_asked_for_before_the_one_before_is_taken_in(
    world, order
):
    recorded(world)
    world.sync(NAME)
    world.sync("laptop-1", most=1)
    for number in range(PLOTS):
        world.put(NAME, world.project_ids[0], "plot", {"code": f"Q{number}"})
    world.sync(NAME)
    order.clear()
    report = world.sync("laptop-1", most=5)
    pages = order.count("taken in")
    assert report.received == PLOTS
    assert pages == order.count("asked") == report.requests > 3
    assert order == ["asked", *["asked", "taken in"] * (pages - 1), "taken in"]
    ends_well(world)


def test_what_is_recorded_meanwhile_follows(world, monkeypatch):
    recorded(world)
    taken_in = LaptopStore.apply

    def apply(self, *answer):
        monkeypatch.undo()
        world.put(NAME, world.project_ids[0], "plot", {"code": "meanwhile"})
        return taken_in(self, *answer)

    monkeypatch.setattr(LaptopStore, "apply", apply)
    report = world.sync(NAME)
    assert (report.accepted, report.duplicates) == (PLOTS + 1, 0)
    assert arrived(world) == PLOTS + 1
    ends_well(world)


def test_a_request_that_claims_too_much_counts_as_lost(world, monkeypatch):
    """Another process rewinds the log while an answer is taken in."""
    recorded(world)
    taken_in, dropped = LaptopStore.apply, []
    drop = SentAhead.drop

    def apply(self, *answer):
        monkeypatch.setattr(LaptopStore, "apply", taken_in)
        applied = taken_in(self, *answer)
        self.rewind(self.head().number, 1)
        return applied

    async def note(self):
        dropped.append(self)
        await drop(self)

    monkeypatch.setattr(LaptopStore, "apply", apply)
    monkeypatch.setattr(SentAhead, "drop", note)
    report = world.sync(NAME)
    assert len(dropped) == 1
    assert (report.duplicates > 0, report.pending, arrived(world)) == (True, 0, PLOTS)
    ends_well(world)


@pytest.mark.parametrize("fault", ["request", "response"])
def test_a_request_that_is_lost_on_its_way_leaves_what_came_before(
    world, monkeypatch, fault
):
    recorded(world)
    served, asked = Link.sync, []

    async def sync(self, *request):
        asked.append(request)
        self.fault = fault if len(asked) > 1 else ""
        return await served(self, *request)

    monkeypatch.setattr(Link, "sync", sync)
    assert world.sync(NAME) is None
    monkeypatch.undo()
    left = world.laptop(NAME).store.count_unacknowledged()
    assert 0 < left < PLOTS, "the first answer was taken in"
    report = world.sync(NAME)
    assert (report.pending, arrived(world)) == (0, PLOTS)
    ends_well(world)


def test_an_answer_that_cannot_be_taken_in_leaves_nothing_under_way(world, monkeypatch):
    recorded(world)

    def fail(*_answer):
        raise UnreachableError("the disk is full")

    monkeypatch.setattr(LaptopStore, "apply", fail)
    assert world.sync(NAME) is None
    monkeypatch.undo()
    assert world.laptop(NAME).store.count_unacknowledged() == PLOTS
    assert arrived(world) > 0, "two requests had arrived"
    report = world.sync(NAME)
    assert report.duplicates > 0
    assert (report.pending, arrived(world)) == (0, PLOTS)
    ends_well(world)
