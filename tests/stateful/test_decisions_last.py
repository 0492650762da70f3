"""Decisions last: a server that was restored comes to them again, in whatever order.

Three laptops: one writes first, one meets it as a conflict, one decides. The server is
put back to an earlier day, and they come back one by one.
"""

import json
from itertools import permutations

import pytest

from collector.fix import conflicts
from collector.record import entry
from schemas.conflicts import Take
from schemas.deciding import SideChoice
from schemas.sides import PersonsChoice
from tests.stateful.invariants import check_all
from tests.stateful.world import World

A, B, C = "laptop-0", "laptop-1", "laptop-2"
LAYER = {"sample_code": "S1", "depth_top_cm": 0.0, "depth_bottom_cm": 30.0}
RESULT = {"analyte": "soc", "replicate": 1, "value": 1.4, "unit": "pct"}
METHOD = {"method": "dry_combustion"}

#: When the server's backup was made.
DAYS = ("empty", "recorded", "first", "conflict")
ORDERS = list(permutations((A, B, C)))
#: Each of them comes first, second and last once.
TURNS = [(A, B, C), (C, A, B), (B, C, A)]


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.close()


class Story:
    """A conflict on a record, its decision, and the day the server goes back to."""

    def __init__(self, world, day):
        self.world, self.day = world, day
        self.project_id = world.project_ids[0]
        self._maybe_back_up("empty")

    def record(self):
        """Record one result that everybody has; return its id."""
        plot = self.put("plot", {"code": "P"})
        point = self.put("point", {"plot_id": plot, "code": "1"})
        campaign = self.put(
            "campaign",
            {"name": "2026", "start_date": "2026-05-01", "purpose": "baseline"},
        )
        hole = {"point_id": point, "campaign_id": campaign, "number": 1}
        core = self.put("core", hole | {"sampled_at": "2026-05-02T10:00:00Z"})
        sample = self.put("sample", LAYER | {"core_id": core})
        self.result = self.put("result", RESULT | METHOD | {"sample_id": sample})
        for name in (A, B, C):
            self.world.sync(name)
        self._maybe_back_up("recorded")
        return self.result

    def put(self, kind, fields):
        return self.world.put(A, self.project_id, kind, fields).record_id

    def edit(self, name, **patch):
        laptop = self.world.laptop(name)
        entry.edit(laptop, laptop.store.record(self.result), patch)

    def delete(self, name):
        laptop = self.world.laptop(name)
        entry.delete(laptop, laptop.store.record(self.result))

    def meet(self, first, second):
        """Do something on two laptops unseen, and sync all."""
        first(), second()
        self.world.sync(A)
        self._maybe_back_up("first")
        self.world.sync(B)
        self._maybe_back_up("conflict")
        self.world.sync(C)

    def decide(self, choice, by=C):
        self.world.sync(by)
        laptop = self.world.laptop(by)
        base = laptop.store.base(self.result)
        assert base.conflicts, "there is something to decide"
        conflicts.resolve(laptop, base, (), choice, "looked it up")
        self.world.sync(by)
        stood = self.standing()
        for name in (A, B, C):
            self.world.sync(name)
        return stood

    def standing(self):
        ((_, _, fields, deleted),) = [
            row
            for name, row in self.world.records(self.project_id).items()
            if name == self.result
        ]
        return None if deleted else json.loads(fields)

    def restore(self, how, order):
        self.world.restore_server(how)
        for name in order:
            self.world.sync(name)

    def _maybe_back_up(self, day):
        if self.day == day:
            self.day = None  # the first such day of the season
            self.world.backup_server()


def nothing_is_open(world):
    rows = world.sql("SELECT id FROM conflict WHERE status = 'open'")
    assert rows == []
    waits = world.sql(
        "SELECT change_id FROM quarantine WHERE status IN ('open', 'held')"
    )
    assert waits == []
    for name in world.names:
        assert world.laptop(name).store.contested() == []


def everybody_shows(world, record, fields):
    for name in world.names:
        view = world.laptop(name).store.record(record)
        if fields is None:
            assert view is None or view.deleted, name
        else:
            assert not view.deleted, name
            assert view.fields == fields, name


CHOICES = {
    "stands": PersonsChoice(SideChoice(Take.STANDS)),
    "other": PersonsChoice(SideChoice(Take.OTHER)),
    "third": PersonsChoice(SideChoice(values={"value": 15.0, "unit": "g_kg"})),
}


@pytest.mark.parametrize(
    "order", TURNS, ids=lambda order: "".join(n[-1] for n in order)
)
@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("choice", CHOICES)
def test_the_decided_value_stands_after_a_restore(world, choice, day, order):
    story = Story(world, day)
    story.record()
    story.meet(
        lambda: story.edit(A, value=14.0, unit="g_kg"), lambda: story.edit(B, value=2.0)
    )
    decided = story.decide(CHOICES[choice])
    story.restore("command", order)
    assert story.standing() == decided
    assert not world.sql("SELECT id FROM conflict WHERE status = 'open'")
    world.settle()
    assert story.standing() == decided
    nothing_is_open(world)
    everybody_shows(world, story.result, decided)
    check_all(world)


@pytest.mark.parametrize(
    "order", TURNS, ids=lambda order: "".join(n[-1] for n in order)
)
@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("take", [Take.STANDS, Take.OTHER])
@pytest.mark.parametrize("deleter", ["first", "second"])
def test_a_decision_about_a_deletion_stands_after_a_restore(
    world, deleter, take, day, order
):
    story = Story(world, day)
    story.record()
    edits = lambda name: lambda: story.edit(name, value=14.0, unit="g_kg")  # noqa: E731
    deletes = lambda name: lambda: story.delete(name)  # noqa: E731
    if deleter == "first":
        story.meet(deletes(A), edits(B))
    else:
        story.meet(edits(A), deletes(B))
    decided = story.decide(PersonsChoice(SideChoice(take)))
    story.restore("command", order)
    world.settle()
    assert story.standing() == decided
    nothing_is_open(world)
    everybody_shows(world, story.result, decided)
    check_all(world)


# Where the deletions come back first, the newer decision meets one that only the older
# one knew: it waits for a person (docs/drills.md).
@pytest.mark.parametrize(
    "order",
    [order for order in ORDERS if order[0] != B],
    ids=lambda order: "".join(n[-1] for n in order),
)
@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("take", [Take.STANDS, Take.OTHER])
def test_a_decision_that_knew_an_older_one_leaves_nothing_open(world, take, day, order):
    story = Story(world, day)
    story.record()
    story.meet(lambda: story.edit(A, value=14.0, unit="g_kg"), lambda: story.delete(B))
    story.decide(PersonsChoice(SideChoice(Take.STANDS)), by=C)
    story.meet(lambda: story.edit(A, value=15.0, unit="g_kg"), lambda: story.delete(B))
    decided = story.decide(PersonsChoice(SideChoice(take)), by=A)
    story.restore("command", order)
    world.settle()
    assert story.standing() == decided
    nothing_is_open(world)
    everybody_shows(world, story.result, decided)
