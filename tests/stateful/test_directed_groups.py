"""Courses in which whole groups, bases, decisions or lists once went wrong, one by one.

People act through the flows of their commands, in a season that is under way.
"""

import json

import pytest

from collector.fix import conflicts
from collector.record import entry, resend
from schemas.conflicts import Take
from schemas.deciding import SideChoice
from schemas.records import record_id
from schemas.sides import PersonsChoice
from tests.stateful.groups import GROUPS, STARTS, whole
from tests.stateful.history import History
from tests.stateful.invariants import check_all
from tests.stateful.prepared import season_of
from tests.stateful.remembered import check_remembered
from tests.stateful.world import World

A, B, C = "laptop-0", "laptop-1", "laptop-2"


class Course:
    """A season under way, what people do in it, and what the server has then."""

    def __init__(self, folder):
        self.world = World(folder, 3, template=season_of(3))
        self.history = History(self.world)
        self.project_id = self.world.project_ids[0]

    def find(self, kind, key="T", name=A):
        """Return a record by the last part of its natural key: a leaf by default."""
        views = self.world.laptop(name).store.records(kind, self.project_id)
        last = {"core": "number", "result": "replicate", "practice": "what"}
        part = last.get(kind, {"campaign": "name", "sample": "sample_code"}.get(kind))
        (view,) = [v for v in views if v.fields[part or "code"] == key]
        return view.id

    def edit(self, name, record, **patch):
        store = self.world.laptop(name).store
        view = store.record(record)
        return self.history.act(
            name, record, lambda one: entry.edit(one, view, patch), typed=patch
        )

    def fix(self, name, record, **patch):
        return self.history.act(
            name,
            record,
            lambda one: resend.send_again(one, record, patch),
            typed=patch,
        )

    def add(self, name, kind, **fields):
        return self.history.act(
            name, None, lambda one: entry.add(one, kind, fields, self.project_id)
        )[0].record_id

    def delete(self, name, record):
        view = self.world.laptop(name).store.record(record)
        return self.history.act(name, record, lambda one: entry.delete(one, view))

    def restore(self, name, record):
        view = self.world.laptop(name).store.record(record)
        return self.history.act(name, record, lambda one: entry.restore(one, view))

    def decide(self, name, record, take):
        (base,) = [
            b for b in self.world.laptop(name).store.contested() if b.id == record
        ]
        self.history.decide(
            name,
            base,
            lambda one: conflicts.resolve(
                one, base, (), PersonsChoice(SideChoice(take)), "measured"
            ),
        )

    def sync(self, *names):
        for name in names:
            self.history.sync(name)

    def row(self, record):
        """Return the fields of a record on the server; None when it is deleted."""
        fields, deleted = self.world.sql(
            "SELECT fields, deleted FROM record WHERE id = ?", record
        )[0]
        return None if deleted else json.loads(fields)

    def conflicts(self, record):
        """Return both sides of each open conflict: what stands, and the other."""
        rows = self.world.sql(
            "SELECT theirs, ours FROM conflict WHERE record_id = ? AND status = 'open'",
            record,
        )
        return [(json.loads(theirs), json.loads(ours)) for theirs, ours in rows]

    def outcome(self, change):
        return self.world.sql(
            "SELECT outcome FROM change WHERE change_id = ?", change.id
        )[0][0]

    def shown(self, name, record):
        return self.world.laptop(name).store.record(record)

    def ends_well(self):
        before = self.history.before_rest()
        self.world.settle()
        self.history.look()
        check_all(self.world)
        check_remembered(self.history, before)


@pytest.fixture
def course(tmp_path):
    found = Course(tmp_path / "world")
    yield found
    found.world.close()


# A group is judged as one ----------------------------------------------------------


def test_a_value_meets_an_unseen_unit_as_a_conflict_of_both(course):
    result = course.find("result", 2)
    course.edit(A, result, value=14.0, unit="g_kg")
    course.edit(B, result, value=14.0)
    course.sync(A, B)
    ((theirs, ours),) = course.conflicts(result)
    assert (theirs["value"], theirs["unit"]) == (14.0, "g_kg")
    assert (ours["value"], ours["unit"]) == (14.0, "pct")
    assert set(theirs) == set(ours) == set(GROUPS["result"]["value"])
    course.ends_well()
    assert course.shown(B, result).fields["unit"] == "g_kg"


def test_two_depths_of_two_authors_never_make_a_pair(course):
    sample = course.find("sample")
    course.edit(A, sample, depth_bottom_cm=30.0)
    course.edit(B, sample, depth_top_cm=5.0)
    course.sync(A, B)
    assert course.row(sample)["depth_top_cm"] == 0.0
    ((_, ours),) = course.conflicts(sample)
    assert ours == {"depth_top_cm": 5.0, "depth_bottom_cm": 20.0}
    course.ends_well()


def test_a_conflict_on_one_depth_is_decided_as_a_pair(course):
    sample = course.find("sample")
    course.edit(A, sample, depth_top_cm=5.0, depth_bottom_cm=30.0)
    course.edit(B, sample, depth_bottom_cm=25.0)
    course.sync(A, B)
    course.decide(B, sample, Take.OTHER)
    course.sync(B)
    pair = whole("sample", "depth", course.row(sample))
    assert pair == {"depth_top_cm": 0.0, "depth_bottom_cm": 25.0}
    course.ends_well()


@pytest.mark.parametrize("first_knows_more", [True, False])
def test_a_core_added_twice_keeps_a_diameter_that_one_knew(course, first_knows_more):
    fields = STARTS["core"] | {"number": 3}
    fields["point_id"] = course.find("point", "S")
    fields["campaign_id"] = course.find("campaign", "S")
    more = {**fields, "inner_diameter_mm": 40.0}
    core = course.add(A, "core", **(more if first_knows_more else fields))
    assert course.add(B, "core", **(fields if first_knows_more else more)) == core
    course.sync(A, B)
    ((theirs, ours),) = course.conflicts(core)
    known, unknown = (theirs, ours) if first_knows_more else (ours, theirs)
    assert (known["inner_diameter_mm"], unknown["inner_diameter_mm"]) == (40.0, None)
    assert course.shown(B, core).fields == course.row(core)
    course.edit(B, core, inner_diameter_mm=60.0)
    course.ends_well()


# The base is what was shown --------------------------------------------------------


@pytest.mark.parametrize("way", ["fix", "edit"])
def test_a_mended_change_meets_what_its_overlay_hid(course, way):
    plot = course.find("plot")
    course.add(C, "plot", code="Q")
    course.edit(C, plot, area_ha=707.0)
    course.edit(B, plot, code="Q", area_ha=303.0)
    course.sync(C, B)
    assert course.shown(B, plot).fields["area_ha"] == 303.0, "707 is hidden"
    getattr(course, way)(B, plot, code="Q2")
    course.sync(B)
    assert course.row(plot)["area_ha"] == 707.0
    assert ({"area_ha": 707.0}, {"area_ha": 303.0}) in course.conflicts(plot)
    course.ends_well()


def test_a_record_is_not_deleted_over_a_value_that_was_hidden(course):
    plot = course.find("plot")
    course.add(C, "plot", code="Q")
    course.edit(C, plot, area_ha=707.0)
    course.edit(B, plot, code="Q", area_ha=303.0)
    course.sync(C, B)
    (gone,) = course.delete(B, plot)
    course.sync(B)
    assert course.outcome(gone) == "conflict"
    course.ends_well()


# Saved means saved -----------------------------------------------------------------


@pytest.mark.parametrize("way", ["fix", "edit"])
def test_what_is_said_over_a_waiting_return_is_in_the_log(course, way):
    plot = course.find("plot")
    course.delete(A, plot)
    course.sync(A, B)
    course.add(B, "plot", code="T")
    course.sync(B)
    (back,) = course.restore(A, plot)
    course.sync(A)
    assert course.outcome(back) == "quarantined"
    kept = getattr(course, way)(A, plot, code="T2", area_ha=555.0)
    assert any(change.fields.get("area_ha") == 555.0 for change in kept)
    course.sync(A)
    assert course.row(plot) == {"code": "T2", "area_ha": 555.0}
    course.ends_well()


@pytest.mark.parametrize("way", ["fix", "edit"])
def test_what_is_said_over_a_waiting_decision_is_in_the_log(course, way):
    plot = course.find("plot")
    course.edit(A, plot, code="X")
    course.edit(B, plot, code="Y")
    course.sync(A, B, A)
    course.add(C, "plot", code="Y")
    course.sync(C)
    course.decide(A, plot, Take.OTHER)
    course.sync(A)
    kept = getattr(course, way)(A, plot, code="Z", area_ha=555.0)
    assert any(change.fields.get("area_ha") == 555.0 for change in kept)
    course.sync(A)
    assert course.row(plot) == {"code": "Z", "area_ha": 555.0}
    assert course.conflicts(plot) == []
    course.ends_well()


# A deletion meets an unseen return -------------------------------------------------


@pytest.mark.parametrize("first", ["return", "deletion"])
def test_a_deletion_and_an_unseen_return_are_a_conflict(course, first):
    plot = course.find("plot")
    (gone,) = course.delete(A, plot)
    course.delete(B, plot)
    (back,) = course.restore(B, plot)
    course.sync(*((B, A) if first == "return" else (A, B)))
    second = gone if first == "return" else back
    assert course.outcome(second) == "conflict"
    assert (course.row(plot) is not None) == (first == "return")
    course.ends_well()


# Decisions last --------------------------------------------------------------------


@pytest.mark.parametrize("lost", ["all of it", "the decision"])
@pytest.mark.parametrize("decider", [A, B, C])
@pytest.mark.parametrize("take", [Take.STANDS, Take.OTHER])
def test_a_decision_outlives_a_restore_whoever_comes_first(
    tmp_path, lost, decider, take
):
    for number, order in enumerate(([A, B, C], [B, C, A], [C, B, A])):
        course = Course(tmp_path / str(number))
        try:
            _decide_and_restore(course, lost, decider, take)
            course.sync(*order)
            course.ends_well()
            value = course.row(course.find("plot"))["area_ha"]
            assert value == (2.0 if take == Take.STANDS else 3.0), order
            assert course.world.sql("SELECT 1 FROM conflict WHERE status='open'") == []
        finally:
            course.world.close()


def _decide_and_restore(course, lost, decider, take):
    plot = course.find("plot")
    if lost == "all of it":
        course.history.backup_server()
    course.edit(A, plot, area_ha=2.0)
    course.edit(B, plot, area_ha=3.0)
    course.sync(A, B)
    if lost == "the decision":
        course.history.backup_server()
    course.sync(decider)
    course.decide(decider, plot, take)
    course.sync(decider, A, B, C)
    assert course.conflicts(plot) == []
    course.history.restore_server("command")


# Lists of conflicts agree ----------------------------------------------------------


def test_who_deletes_without_having_seen_a_conflict_is_told_of_it(course):
    plot = course.find("plot")
    course.edit(B, plot, area_ha=3.0)
    course.edit(A, plot, area_ha=2.0)
    course.sync(A, B)
    course.delete(A, plot)
    course.sync(A, C)
    course.ends_well()
    assert len(course.conflicts(plot)) >= 1
    for name in (A, B, C):
        assert [b.id for b in course.world.laptop(name).store.contested()] == [plot]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE item SET conflicts = NULL WHERE uid = unhex(?, '-')",
        "UPDATE item SET base_fields = replace(fields, '2.0', '9.0') WHERE uid = unhex(?, '-')",
    ],
)
def test_a_check_mends_a_row_whose_number_is_right(course, damage):
    plot = course.find("plot")
    course.edit(A, plot, area_ha=2.0)
    course.edit(B, plot, area_ha=3.0)
    course.sync(A, B, A, C)
    laptop = course.world.laptop(C)
    laptop.store._db.execute(damage, (plot,))
    course.world.sync(C, checks=True)
    base = laptop.store.base(plot)
    assert base.fields == course.row(plot)
    assert len(base.conflicts) == 1
    course.ends_well()


def test_the_id_of_a_thing_added_twice_is_one(course):
    """What the courses above rest on."""
    point, round_ = course.find("point", "S"), course.find("campaign", "S")
    fields = STARTS["core"] | {"point_id": point, "campaign_id": round_}
    assert record_id(course.project_id, "core", fields) == course.find("core", 1)
