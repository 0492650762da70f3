"""What an author had seen: by the row, the timeline, the log, the group."""

import pytest

from server.merge.author_view import base_seq, concurrent_writers
from server.merge.model import Epoch, Lineage, Timeline
from tests.unit.merge.building import (
    NOW,
    PLOT,
    PROJECT,
    Server,
    delete,
    live,
    put,
    resolve,
    undelete,
    writer,
)

# Timelines ------------------------------------------------------------------------

#: A server that was restored twice: to row 5, then to row 3.
RESTORED_TWICE = (
    Epoch("first", {}),
    Epoch("second", {PROJECT: 5, "young": 2}),
    Epoch(NOW, {PROJECT: 3}),
)

# fmt: off
COMMON = {  # project, timeline, number: how far the present timeline shares it
    "a row of the present timeline": (PROJECT, NOW, 9, 9),
    "a row that both restores left": (PROJECT, "first", 2, 2),
    "the last row that both restores left": (PROJECT, "first", 3, 3),
    "a row that the second restore took": (PROJECT, "first", 4, 3),
    "a row that the first restore took": (PROJECT, "first", 9, 3),
    "a row of between the restores": (PROJECT, "second", 4, 3),
    "a row of a timeline that is not known": (PROJECT, "lost", 2, 0),
    "a project that is younger than the backup": ("young", "second", 2, 0),
    "no row yet": (PROJECT, "first", 0, 0),
}
# fmt: on


@pytest.mark.parametrize(
    ("project", "epoch", "seq", "common"), COMMON.values(), ids=COMMON
)
def test_what_the_present_timeline_shares_of(project, epoch, seq, common):
    assert Timeline(RESTORED_TWICE).common(project, epoch, seq) == common


def test_the_present_timeline_is_the_last_and_each_is_known():
    timeline = Timeline(RESTORED_TWICE)
    assert timeline.now == NOW
    known = {name: timeline.knows(name) for name in ("first", "second", NOW, "lost")}
    assert known == {"first": True, "second": True, NOW: True, "lost": False}


def restored(kept, **more):
    """Return a restored server; rows 1 and 2 of an area, the second by cy1."""
    epochs = (Epoch("before", {}), Epoch(NOW, {PROJECT: kept}))
    writers = {"area_ha": [("cy1", 2, 20)]}
    return Server(live(PLOT, {"area_ha": 1.0}, writers=writers, **more), epochs=epochs)


# fmt: off
LOST_ROWS = [
    pytest.param(2, ("before", 2), "accepted", id="seen and still there"),
    pytest.param(2, ("before", 7), "accepted", id="seen, with more that is lost"),
    pytest.param(1, ("before", 2), "conflict", id="seen where another row was"),
    pytest.param(2, ("before", 1), "conflict", id="not seen"),
    pytest.param(2, ("other", 2), "conflict", id="seen on another server"),
]
# fmt: on


@pytest.mark.parametrize(("kept", "saw", "outcome"), LOST_ROWS)
def test_a_row_of_a_lost_timeline_counts_as_far_as_it_is_shared(kept, saw, outcome):
    server = restored(kept)
    assert server.push(put("bo1", PLOT, {"area_ha": 2.0}, saw=saw)) == [outcome]


# fmt: off
WHERE_IT_STOOD = [
    pytest.param(6, ("before", 6), "accepted", id="the row where it stood"),
    pytest.param(6, ("before", 7), "accepted", id="a later row"),
    pytest.param(6, ("before", 5), "conflict", id="an earlier row"),
    pytest.param(6, ("other", 7), "conflict", id="a row of another timeline"),
    pytest.param(6, None, "conflict", id="no row"),
    pytest.param(None, ("before", 7), "conflict", id="a row, and it did not stand there"),
]
# fmt: on


@pytest.mark.parametrize(("stood", "saw", "outcome"), WHERE_IT_STOOD)
def test_a_write_that_stood_in_a_lost_timeline_was_seen_by_who_saw(stood, saw, outcome):
    server = restored(1)
    if stood:
        server.state.note_stood("cy1", "before", stood)
    assert server.push(put("bo1", PLOT, {"area_ha": 2.0}, saw=saw)) == [outcome]


def test_a_write_may_have_stood_in_several_timelines():
    server = restored(1)
    server.state.note_stood("cy1", "before", 6)
    server.state.note_stood("cy1", "between", 4)
    assert server.state.stood == {"cy1": {"before": 6, "between": 4}}


def test_where_a_write_stood_counts_for_each_group_by_its_own_base():
    server = restored(1)
    server.state.note_stood("cy1", "before", 6)
    bases = {"area_ha": ("before", 5)}
    edit = put("bo1", PLOT, {"area_ha": 2.0}, saw=("before", 7), bases=bases)
    assert server.push(edit) == ["conflict"]


def test_a_base_of_a_lost_timeline_is_not_the_row_as_it_stands():
    """What was accepted is sent to its author all the same."""
    server = restored(1, computable_by_author=True)
    server.state.note_stood("cy1", "before", 6)
    edit = put("bo1", PLOT, {"area_ha": 2.0}, saw=("before", 6))
    assert server.push(edit) == ["accepted"]
    assert not server.record(PLOT).computable_by_author


@pytest.mark.parametrize("seq", [2, 3])
def test_a_base_that_both_timelines_share_is_the_row_as_it_stands(seq):
    server = restored(3)
    server.push(put("bo1", PLOT, {"note": "wet"}, saw=("before", seq)))
    assert server.record(PLOT).computable_by_author


@pytest.mark.parametrize(
    "change",
    [put("bo1", PLOT, {"area_ha": 2.0}, saw=2), delete("bo1", PLOT, saw=2)],
    ids=["edit", "deletion"],
)
def test_what_stood_in_a_lost_timeline_is_not_computed_by_its_author(change):
    """They may have a later row of that one."""
    server = restored(2)
    server.state.note_stood("bo1", "before", 6)
    assert server.push(change) == ["accepted"]
    assert not server.record(PLOT).computable_by_author


# Logs -----------------------------------------------------------------------------

#: `copy` goes on from change 3 of `log`, `again` from change 2 of `copy`.
FAMILY = Lineage(
    {"log": None, "copy": ("log", 3), "again": ("copy", 2), "other": None},
    {"log": "one", "copy": "one", "again": "two", "other": "three"},
)

# fmt: off
OWN = {  # a change, another one: whether the author of the first had written the other
    "the change before it": ("log", 5, "log", 4, True),
    "itself": ("log", 5, "log", 5, False),
    "a later one": ("log", 5, "log", 6, False),
    "one that the copy was made after": ("copy", 1, "log", 3, True),
    "one of the original after the copy": ("copy", 9, "log", 4, False),
    "one of its copy": ("log", 9, "copy", 1, False),
    "one of the copy that it is a copy of": ("again", 1, "copy", 2, True),
    "one of that copy, after": ("again", 1, "copy", 3, False),
    "one of the first log, two copies before": ("again", 1, "log", 3, True),
    "one of the first log after its copy": ("again", 9, "log", 4, False),
    "one of another log": ("log", 5, "other", 1, False),
    "one of a log that nobody knows": ("log", 5, "strange", 1, False),
    "one of its own log that nobody knows": ("strange", 5, "strange", 4, True),
}
# fmt: on


@pytest.mark.parametrize(
    ("log", "n", "other", "other_n", "is_own"), OWN.values(), ids=OWN
)
def test_an_author_wrote(log, n, other, other_n, is_own):
    assert FAMILY.includes(log, n, other, other_n) == is_own


# fmt: off
LAPTOPS = [
    ("log", "log", True), ("log", "copy", True), ("copy", "again", False),
    ("log", "strange", False), ("strange", "log", False), ("strange", "strange", True),
]
# fmt: on


@pytest.mark.parametrize(("log", "other", "is_one"), LAPTOPS)
def test_logs_of_one_laptop(log, other, is_one):
    assert FAMILY.is_of_one_device(log, other) == is_one


def test_a_log_comes_from_as_many_logs_as_were_closed_before_it():
    logs = ("log", "copy", "again", "strange")
    assert [FAMILY.generation(log) for log in logs] == [0, 1, 2, 0]


def test_logs_of_laptops_that_nobody_knows_are_not_of_one():
    assert not Lineage({}).is_of_one_device("log", "other")


# fmt: off
COPIES = [
    pytest.param("copy1", "accepted", id="a copy made after it"),
    pytest.param("early1", "conflict", id="a copy made before it"),
]
# fmt: on


@pytest.mark.parametrize(("name", "outcome"), COPIES)
def test_what_was_written_before_a_copy_is_the_copys_own(name, outcome):
    parents = {"copy": ("cy", 1), "early": ("cy", 0)}
    server = Server(live(PLOT, {"area_ha": 1.0}, by=("cy1", 2, 20)), parents=parents)
    assert server.push(put(name, PLOT, {"area_ha": 2.0}, saw=1)) == [outcome]


# Groups ---------------------------------------------------------------------------


def test_a_group_is_judged_by_the_row_in_which_it_was_seen():
    """A waiting change of bo hid the note: they saw row 1 of it, row 3 of all else."""
    writers = {"note": [("cy1", 2, 20)], "area_ha": [("cy2", 3, 30)]}
    server = Server(live(PLOT, {"note": "wet", "area_ha": 1.0}, writers=writers))
    said = {"note": "dry", "area_ha": 2.0}
    edit = put("bo1", PLOT, said, saw=3, bases={"note": 1}, at=5)
    assert server.push(edit) == ["merged"]
    assert server.fields(PLOT) == {"code": "A", "note": "wet", "area_ha": 2.0}


def test_a_group_may_have_been_seen_in_no_row_at_all():
    server = Server(live(PLOT, {"area_ha": 1.0}, by=("cy1", 2, 20)))
    edit = put("bo1", PLOT, {"area_ha": 2.0}, saw=2, bases={"area_ha": None})
    assert server.push(edit) == ["conflict"]
    assert server.state.conflicts[0].base_seq == 0


def test_a_group_that_is_not_touched_is_judged_by_its_row_too():
    server = Server(live(PLOT, writers={"note": [("cy1", 2, 20)]}))
    edit = put("bo1", PLOT, {"area_ha": 2.0}, saw=2, bases={"note": 1})
    assert server.push(edit) == ["merged"]


def test_a_record_is_not_deleted_over_a_group_that_was_hidden():
    server = Server(live(PLOT, {"note": "wet"}, by=("cy1", 2, 20)))
    change = delete("bo1", PLOT, saw=2, bases={"note": 1})
    assert server.push(change) == ["conflict"]


def test_a_conflict_says_in_which_row_its_group_was_seen():
    server = Server(live(PLOT, {"area_ha": 1.0}, by=("cy1", 3, 20)))
    edit = put("bo1", PLOT, {"area_ha": 2.0}, saw=3, bases={"area_ha": 2})
    server.push(edit)
    assert server.state.conflicts[0].base_seq == 2


def test_the_base_of_a_record_as_a_whole_is_that_of_the_change():
    change = undelete("bo1", PLOT, saw=4, bases={"note": 2}).change
    state = Server(live(PLOT)).state
    seen = {group: base_seq(state, change, group) for group in ("*", "note", "code")}
    assert seen == {"*": 4, "note": 2, "code": 4}


# Unseen ---------------------------------------------------------------------------


def test_an_author_has_not_seen_what_came_after_their_row_but_their_own_and_the_named():
    state = Server(live(PLOT)).state
    writers = [
        writer("ana1", 1, 10),
        writer("bo1", 3, 10),
        writer("cy1", 2, 10),
        writer("dee1", 3, 10),
        writer("eve1", 4, 0),
    ]
    change = resolve("bo2", PLOT, settles=["dee1:note"], saw=2).change
    unseen = concurrent_writers(state, change, "note", writers)
    assert unseen == [writer("eve1", 4, 0)]


def test_who_saw_no_row_has_seen_nothing():
    state = Server(live(PLOT)).state
    change = put("bo1", PLOT).change
    assert base_seq(state, change, "note") == 0
    assert concurrent_writers(state, change, "note", [writer("ana1", 1, 10)])


def test_two_who_record_the_same_thing_meet_field_by_field():
    """Neither saw a row. What one of them left out is not touched by the other."""
    server = Server(live(PLOT, {"note": "wet", "area_ha": 1.0}))
    said = {"code": "A", "area_ha": 2.0, "stratum": "clay"}
    assert server.push(put("bo1", PLOT, said)) == ["conflict"]
    assert server.fields(PLOT) == {
        "code": "A",
        "note": "wet",
        "area_ha": 1.0,
        "stratum": "clay",
    }
    assert server.writers(PLOT, "code") == [("ana1", 1, 10), ("bo1", 2, 100)]
