"""The changes of one sampling event stand together or not at all."""

from copy import deepcopy
from dataclasses import fields

import pytest

from tests.unit.merge.building import (
    CAMPAIGN,
    CORE,
    FIRST_WORDS,
    OTHER_PLOT,
    OTHER_POINT,
    PLOT,
    POINT,
    PROJECT,
    SAMPLE,
    Server,
    delete,
    deleted,
    first,
    live,
    put,
    resolve,
    thing,
)

EVENT = {"group": "event"}
BAD = {"lon": 999.0}
#: What a broken event adds to.
KEPT_BACK = {"verdicts", "known", "quarantined", "waiting", "held_count"}


def core(name):
    return first(name, CORE, **EVENT)


def bag(name, more=None):
    return first(name, SAMPLE, more, **EVENT)


def world():
    """Return a server with all that an event of one core with a bag needs."""
    return Server(live(PLOT), live(CAMPAIGN), live(POINT))


def effects(server):
    """Return everything that a merge may leave behind, but for changes kept back."""
    state = server.state
    names = {part.name for part in fields(state)} - KEPT_BACK
    return deepcopy({name: getattr(state, name) for name in names})


# Whole ----------------------------------------------------------------------------


def test_an_event_stands_as_a_whole():
    server = world()
    assert server.push(core("bo1"), bag("bo2")) == ["accepted", "accepted"]
    assert server.record(SAMPLE).seq == 3
    assert [(v.n, v.seq) for v in server.state.verdicts] == [(1, 2), (2, 3)]


def test_a_conflict_breaks_no_event():
    server = Server(live(PLOT), live(CAMPAIGN), live(POINT), live(CORE))
    late = first("bo1", CORE, {"sampled_at": "2026-03-02T12:00:00Z"}, **EVENT)
    assert server.push(late, bag("bo2")) == ["conflict", "accepted"]
    assert list(server.conflicts) == ["bo1:time"]


def test_two_events_of_a_batch_have_nothing_to_do_with_each_other():
    server = world()
    wrong = put("bo3", OTHER_POINT, BAD | {"plot_id": PLOT.id}, group="other")
    other = first("bo4", OTHER_PLOT, group="other")
    found = server.push(core("bo1"), bag("bo2"), wrong, other)
    assert found == ["accepted", "accepted", "quarantined", "quarantined"]


def test_changes_without_a_group_stand_alone():
    server = world()
    wrong = first("bo1", OTHER_POINT, BAD)
    assert server.push(wrong, first("bo2", OTHER_PLOT)) == ["quarantined", "accepted"]


def test_an_event_of_one_change_is_a_change_like_any():
    server = Server()
    wrong = first("bo1", POINT, BAD, **EVENT)
    assert server.push(wrong) == ["quarantined"]
    assert server.why("bo1") == [("out_of_range", 999.0)]


# Broken ---------------------------------------------------------------------------


@pytest.mark.parametrize("is_first", [True, False])
def test_a_fault_of_one_change_breaks_the_whole_event(is_first):
    server = world()
    before = effects(server)
    good, wrong = ("bo2", "bo1") if is_first else ("bo1", "bo2")
    faulty = first(wrong, OTHER_POINT, BAD, **EVENT)
    changes = [faulty, core(good)] if is_first else [core(good), faulty]
    assert server.push(*changes) == ["quarantined", "quarantined"]
    assert server.why(wrong) == [("out_of_range", 999.0)]
    assert server.why(good) == [("group_broken", "event")]
    (told,) = server.verdict(good).why
    assert (told.path, told.detail) == ("g", wrong)
    assert server.waiting() == {"bo1": None, "bo2": None}
    assert effects(server) == before


def test_each_faulty_change_of_an_event_is_told_its_own_fault():
    server = world()
    faulty = [
        first("bo1", OTHER_POINT, BAD, **EVENT),
        core("bo2"),
        bag("bo3", {"depth_top_cm": 40.0}),
    ]
    server.push(*faulty)
    assert server.why("bo1") == [("out_of_range", 999.0)]
    assert server.why("bo2") == [("group_broken", "event")]
    assert server.why("bo3") == [("depth_order", 40.0)]
    assert server.verdict("bo2").why[0].detail == "bo1"


def test_a_broken_event_leaves_no_trace_of_what_it_tried():
    """It edits, deletes, decides and is in conflict before it meets its fault."""
    plot = live(PLOT, {"area_ha": 2.0}, writers={"area_ha": [("cy1", 2, 20)]})
    server = Server(plot, live(CAMPAIGN), live(OTHER_PLOT))
    settled = server.contest(CAMPAIGN, "period", "eve1", {}, seq=1)
    server.contest(PLOT, "code", "eve2", {"code": "E"}, seq=1)
    before = effects(server)
    server.push(
        put("bo1", PLOT, {"area_ha": 3.0}, saw=1, **EVENT),
        put("bo2", PLOT, {"code": "AA"}, saw=2, **EVENT),
        resolve("bo3", CAMPAIGN, {"note": "x"}, settles=[settled], saw=2, **EVENT),
        delete("bo4", OTHER_PLOT, saw=2, **EVENT),
        first("bo5", POINT, **EVENT),
        first("bo6", OTHER_POINT, BAD, **EVENT),
    )
    assert {server.outcome(f"bo{n}") for n in range(1, 7)} == {"quarantined"}
    assert effects(server) == before


def test_what_belongs_to_a_faulty_record_of_its_event_is_broken_by_it():
    server = world()
    wrong = first("bo1", CORE, {"number": 0}, **EVENT)
    server.push(wrong, bag("bo2"))
    assert server.why("bo1") == [("out_of_range", 0)]
    assert server.why("bo2") == [("group_broken", "event")]
    assert server.waiting() == {"bo1": None, "bo2": None}


def test_nothing_of_a_broken_event_follows_alone():
    """One change of it waits for a plot, another has a fault of its own."""
    server = Server()
    waits = first("bo1", POINT, **EVENT)
    wrong = first("bo2", OTHER_POINT, BAD, **EVENT)
    assert server.push(waits, wrong) == ["quarantined", "quarantined"]
    assert server.why("bo1") == [("group_broken", "event")]
    server.push(first("ana1", PLOT))
    assert server.outcome("bo1") == "quarantined"
    assert server.fields(POINT) is None


# Held -----------------------------------------------------------------------------


def test_an_event_waits_as_a_whole_and_follows_as_a_whole():
    server = Server(live(PLOT), live(CAMPAIGN))
    assert server.push(core("bo1"), bag("bo2")) == ["held", "held"]
    assert server.waiting() == {"bo1": POINT.id, "bo2": POINT.id}
    assert server.record(SAMPLE) is None
    server.push(first("ana1", POINT))
    assert (server.outcome("bo1"), server.outcome("bo2")) == ("accepted", "accepted")
    assert server.record(CORE).seq < server.record(SAMPLE).seq


def test_an_event_waits_whole_though_only_its_last_change_has_to():
    server = Server(live(PLOT))
    event = [first("bo1", OTHER_POINT, **EVENT), first("bo2", CORE, **EVENT)]
    assert server.push(*event) == ["held", "held"]
    assert server.fields(OTHER_POINT) is None
    assert set(server.waiting().values()) == {POINT.id}


def test_an_event_that_waits_for_two_records_follows_after_the_second():
    server = Server(live(PLOT))
    event = [first("bo1", OTHER_POINT, **EVENT), first("bo2", CORE, **EVENT)]
    server.push(*event)
    server.push(first("ana1", POINT))
    assert set(server.waiting().values()) == {CAMPAIGN.id}
    assert server.fields(OTHER_POINT) is None
    server.push(first("ana2", CAMPAIGN))
    assert server.fields(OTHER_POINT) is not None
    assert server.waiting() == {}


def test_an_event_that_meets_a_fault_when_it_follows_is_broken_then():
    """Another bag has taken the label meanwhile."""
    other = live(thing("core", "B"), FIRST_WORDS[CORE] | {"number": 2})
    server = Server(live(PLOT), live(CAMPAIGN), other)
    server.push(core("bo1"), bag("bo2"))
    labelled = FIRST_WORDS[SAMPLE] | {"core_id": other.id}
    server.push(put("cy1", thing("sample", "B"), labelled))
    server.push(first("dee1", POINT))
    assert server.why("bo1") == [("group_broken", "event")]
    assert server.why("bo2") == [("key_taken", "bag")]
    assert server.waiting() == {"bo1": None, "bo2": None}
    assert server.fields(CORE) is None


def test_an_event_for_a_record_that_was_given_up_is_told_and_follows_as_a_whole():
    server = Server(live(PLOT), live(CAMPAIGN))
    server.push(first("cy1", POINT, BAD))
    server.give_up("cy1")
    assert server.push(core("bo1"), bag("bo2")) == ["quarantined", "quarantined"]
    for name in ("bo1", "bo2"):
        assert server.why(name) == [("parent_discarded", POINT.id)]
    server.push(first("dee1", POINT))
    assert (server.outcome("bo1"), server.outcome("bo2")) == ("accepted", "accepted")


def test_an_event_with_a_fault_is_broken_though_its_record_was_given_up():
    server = Server(live(PLOT), live(CAMPAIGN))
    server.push(first("cy1", POINT, BAD))
    server.give_up("cy1")
    server.push(core("bo1"), first("bo2", OTHER_POINT, BAD, **EVENT))
    assert server.why("bo1") == [("group_broken", "event")]
    assert server.waiting() == {"bo1": None, "bo2": None}


def test_an_event_that_waited_when_its_record_was_given_up_is_told_as_a_whole():
    server = Server(live(PLOT), live(CAMPAIGN))
    server.push(first("cy1", POINT, BAD), core("bo1"), bag("bo2"))
    server.give_up("cy1")
    for name in ("bo1", "bo2"):
        assert server.why(name) == [("parent_discarded", POINT.id)]


def test_an_event_on_a_deleted_record_is_refused_as_a_whole():
    server = Server(deleted(PLOT), live(CAMPAIGN))
    server.push(first("bo1", POINT, **EVENT), first("bo2", CORE, **EVENT))
    assert server.why("bo1") == [("parent_deleted", PLOT.id)]
    assert server.why("bo2") == [("group_broken", "event")]


def test_an_event_is_judged_again_as_a_whole():
    server = Server(live(PLOT), live(CAMPAIGN), live(POINT))
    server.push(first("bo1", OTHER_PLOT, {"code": "A"}, **EVENT), core("bo2"))
    assert server.outcome("bo2") == "quarantined"
    server.push(put("ana2", PLOT, {"code": "AA"}, saw=1))
    assert server.judge_again("bo1", "bo2") == ["accepted", "accepted"]


# Known already --------------------------------------------------------------------


def copied(changes):
    """Return changes as a copy of their laptop sends them, in a log of its own."""
    return [
        type(c)(type(c.change)(**as_said(c.change) | {"log_id": "copy"}), c.fields, [])
        for c in changes
    ]


def as_said(change):
    return change._asdict()


def test_an_event_that_stands_is_known_when_a_copy_sends_it_again():
    server = world()
    event = [core("bo1"), bag("bo2")]
    server.push(*event)
    before = effects(server)
    assert server.push(*copied(event)) == ["accepted", "accepted"]
    assert effects(server) == before
    assert server.state.verdicts[-1].repeated


def test_an_event_that_waits_is_known_when_a_copy_sends_it_again():
    server = Server(live(PLOT), live(CAMPAIGN))
    event = [core("bo1"), bag("bo2")]
    server.push(*event)
    kept, count = list(server.state.quarantined), dict(server.state.held_count)
    assert server.push(*copied(event)) == ["held", "held"]
    assert server.state.quarantined == kept
    assert server.state.held_count == count == {PROJECT: 2}
    server.push(first("ana1", POINT))
    assert server.outcome("bo1") == server.outcome("bo2") == "accepted"


def test_an_event_that_was_fixed_waits_for_nobody_when_a_copy_sends_it_again():
    server = world()
    event = [first("bo1", CORE, {"number": 0}, **EVENT), bag("bo2")]
    server.push(*event)
    again = {"group": "again"}
    fix = first("bo3", CORE, replaces="bo1", **again)
    server.push(fix, first("bo4", SAMPLE, replaces="bo2", **again))
    assert server.waiting() == {}
    assert server.push(*copied(event)) == ["quarantined", "quarantined"]
    assert server.waiting() == {}


@pytest.mark.parametrize("code", ["waits_for", "out_of_range"])
def test_what_is_new_of_an_event_that_is_known_in_part_does_not_stand_alone(code):
    server = Server(live(PLOT), live(CAMPAIGN))
    point = {} if code == "waits_for" else BAD
    known = core("bo1") if code == "waits_for" else first("bo1", POINT, BAD, **EVENT)
    server.push(known)
    assert server.why("bo1")[0][0] == code, point
    new = first("copy2", OTHER_POINT, **EVENT)
    kept_back = server.push(*copied([known]), new)
    assert kept_back[0] == kept_back[1] == server.outcome("bo1")
    assert server.fields(OTHER_POINT) is None


def test_what_is_new_of_an_event_does_not_bring_back_what_was_fixed_of_it():
    server = world()
    wrong = first("bo1", CORE, {"number": 0}, **EVENT)
    server.push(wrong)
    server.push(first("bo2", CORE, replaces="bo1"))
    server.push(*copied([wrong]), first("copy2", OTHER_POINT, **EVENT))
    assert server.waiting() == {"copy2": None}
    assert server.why("copy2") == [("group_broken", "event")]
