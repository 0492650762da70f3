"""How many changes may be held, how many conflicts a record may have, and what becomes of
those that wait for what is given up."""

from schemas import limits
from tests.unit.merge.building import (
    CAMPAIGN,
    CORE,
    OTHER_PLOT,
    OTHER_POINT,
    PLOT,
    POINT,
    PROJECT,
    Server,
    Thing,
    delete,
    deleted,
    first,
    live,
    points,
    put,
    resolve,
    thing,
)

#: A plot that cannot be applied.
BAD = {"area_ha": -1.0}


def hold_count(server):
    return server.state.held_count.get(PROJECT, 0)


# The bound ------------------------------------------------------------------------


def at_the_bound(room, *records):
    """Return a server where only so many changes more may wait."""
    server = Server(*records)
    server.state.held_count[PROJECT] = limits.HELD_CHANGES - room
    return server


def test_changes_beyond_the_bound_of_one_batch_wait_in_quarantine():
    """Those of the batch itself count, too."""
    server = at_the_bound(2)
    found = server.push(*points(4))
    assert found == ["held", "held", "quarantined", "quarantined"]
    assert server.why("bo2") == [("waits_for", PLOT.id)]
    assert server.why("bo3") == [("too_many_held", PROJECT)]
    assert hold_count(server) == limits.HELD_CHANGES


def test_what_was_too_many_to_hold_follows_all_the_same():
    server = at_the_bound(1)
    server.push(*points(3))
    assert list(server.waiting().values()) == [PLOT.id] * 3
    server.push(first("ana1", PLOT))
    assert [server.outcome(f"bo{n}") for n in (1, 2, 3)] == ["accepted"] * 3


def test_an_event_beyond_the_bound_is_not_counted_by_its_trial():
    server = at_the_bound(4)
    event = points(2, group="event")
    assert server.push(*event) == ["held", "held"]
    assert hold_count(server) == limits.HELD_CHANGES - 2


def test_what_is_quarantined_takes_no_room_of_what_is_held():
    server = at_the_bound(1)
    server.push(first("ana1", OTHER_PLOT, BAD))
    assert server.push(*points(1)) == ["held"]


def test_what_is_held_already_finds_room_when_it_is_judged_again():
    server = at_the_bound(2)
    server.push(*points(2))
    assert server.judge_again("bo1", "bo2") == ["held", "held"]
    assert hold_count(server) == limits.HELD_CHANGES


def test_what_is_held_already_finds_room_when_it_waits_for_another_record():
    server = at_the_bound(1, live(PLOT))
    server.push(first("bo1", CORE))
    server.push(first("ana2", POINT))
    assert (server.outcome("bo1"), server.waiting()) == ("held", {"bo1": CAMPAIGN.id})


def test_what_no_longer_waits_leaves_its_room_to_others():
    server = at_the_bound(2)
    server.push(*points(2))
    server.push(first("ana1", PLOT))
    waits = [
        first(f"cy{n}", CORE, {"number": n, "campaign_id": CAMPAIGN.id}) for n in (1, 2)
    ]
    assert server.push(*waits) == ["held", "held"]


def test_a_fix_takes_the_room_of_what_it_stands_in_for():
    server = at_the_bound(2)
    (waits,) = points(1)
    fix = put("bo2", thing("point", "bo 1"), waits.change.fields, replaces="bo1")
    assert server.push(waits, fix) == ["held", "held"]
    assert hold_count(server) == limits.HELD_CHANGES - 1


def test_what_is_given_up_leaves_its_room_to_others():
    server = at_the_bound(2)
    server.push(first("bo1", POINT))
    server.push(put("cy1", OTHER_POINT, {"plot_id": OTHER_PLOT.id, "code": "2"}))
    server.give_up("bo1")
    assert hold_count(server) == limits.HELD_CHANGES - 1


# A parent that was given up --------------------------------------------------------


def test_what_waits_for_a_record_that_is_given_up_is_told():
    server = Server()
    server.push(first("bo1", PLOT, BAD), first("cy1", POINT))
    server.give_up("bo1")
    assert server.outcome("cy1") == "quarantined"
    assert server.why("cy1") == [("parent_discarded", PLOT.id)]
    assert server.verdict("cy1").why[0].detail == "plot A"
    assert server.waiting() == {"cy1": PLOT.id}
    assert server.state.closed == {(PROJECT, "bo1"): "discarded"}
    assert hold_count(server) == 0


def test_what_comes_for_a_record_that_was_given_up_is_told_at_once():
    server = Server()
    server.push(first("bo1", PLOT, BAD))
    server.give_up("bo1")
    assert server.push(first("cy1", POINT)) == ["quarantined"]
    assert server.why("cy1") == [("parent_discarded", PLOT.id)]


def test_it_follows_when_that_record_comes_after_all():
    server = Server()
    server.push(first("bo1", PLOT, BAD), first("cy1", POINT))
    server.give_up("bo1")
    server.push(first("dee1", PLOT))
    assert server.outcome("cy1") == "accepted"


def test_a_record_that_another_change_may_bring_is_not_given_up():
    server = Server()
    server.push(first("bo1", PLOT, BAD), first("dee1", PLOT, BAD), first("cy1", POINT))
    server.give_up("bo1")
    assert server.why("cy1") == [("waits_for", PLOT.id)]
    assert server.state.late_verdicts == {}
    assert server.push(first("cy2", OTHER_POINT)) == ["held"]
    server.give_up("dee1")
    assert server.why("cy1") == server.why("cy2") == [("parent_discarded", PLOT.id)]


def test_what_waits_for_a_record_itself_does_not_bring_it():
    server = Server()
    server.push(first("bo1", PLOT, BAD), first("cy1", POINT))
    server.push(put("dee1", PLOT, {"note": "wet"}, saw=0))
    server.give_up("bo1")
    for name in ("cy1", "dee1"):
        assert server.why(name) == [("parent_discarded", PLOT.id)]


def test_giving_up_a_child_leaves_the_others_held():
    server = Server()
    server.push(first("bo1", POINT), first("cy1", OTHER_POINT))
    server.give_up("bo1")
    assert server.why("cy1") == [("waits_for", PLOT.id)]


def test_what_waits_quarantined_for_a_record_given_up_keeps_its_reason():
    server = at_the_bound(0)
    server.push(first("bo1", PLOT, BAD), first("cy1", POINT))
    server.give_up("bo1")
    assert server.why("cy1") == [("too_many_held", PROJECT)]


def test_the_author_of_a_quarantined_record_gives_it_up_with_a_deletion():
    """A record that never stood: nothing is deleted, and nothing is left to fix."""
    server = Server()
    server.push(first("bo1", PLOT, BAD), first("cy1", POINT))
    assert server.push(delete("bo2", PLOT, replaces="bo1")) == ["accepted"]
    assert (server.verdict("bo2").seq, server.verdict("bo2").n) == (None, 2)
    assert server.state.closed == {(PROJECT, "bo1"): "discarded"}
    assert server.why("cy1") == [("parent_discarded", PLOT.id)]
    assert server.record(PLOT) is None


def test_who_gives_up_a_fix_of_a_record_leaves_the_record_alone():
    """It was deleted meanwhile: no conflict, no row."""
    server = Server(deleted(PLOT))
    server.push(put("bo1", PLOT, BAD, saw=1))
    assert server.push(put("bo2", PLOT, {}, saw=1, replaces="bo1")) == ["accepted"]
    assert server.verdict("bo2").seq is None
    assert server.state.closed == {(PROJECT, "bo1"): "replaced"}
    assert (server.conflicts, server.state.written) == ({}, {})


def test_what_is_given_up_is_called_by_its_code_as_far_as_it_has_one():
    server = Server()
    server.lay_by(put("bo1", PLOT, {"area_ha": -1.0}))
    server.lay_by(put("bo2", Thing("unknown", OTHER_PLOT.id), {"code": "B"}))
    server.push(
        first("cy1", POINT), first("cy2", OTHER_POINT, {"plot_id": OTHER_PLOT.id})
    )
    server.give_up("bo1")
    server.give_up("bo2")
    names = [server.verdict(name).why[0].detail for name in ("cy1", "cy2")]
    assert names == ["plot", "unknown"]


def test_a_change_of_a_record_that_was_given_up_does_not_bring_it():
    """It was refused for its scope, and is judged again when that is granted."""
    server = Server()
    server.state.project_ids = set()
    server.push(put("bo1", PLOT, {"note": "wet"}, saw=0))
    server.state.discarded[PROJECT, PLOT.id] = "plot A"
    assert server.judge_again("bo1") == ["quarantined"]
    assert server.why("bo1") == [("parent_discarded", PLOT.id)]


# Conflicts of one record -----------------------------------------------------------


def measured(name, area=2.0):
    """Return a measurement of somebody who has not seen the one that stands."""
    return put(name, PLOT, {"area_ha": area})


def test_a_record_has_so_many_open_conflicts_and_what_is_beyond_waits_with_its_reason(
    monkeypatch,
):
    monkeypatch.setattr(limits, "RECORD_CONFLICTS", 3)
    server = Server(live(PLOT, {"area_ha": 1.0}))
    unseen = [measured("bo1"), delete("cy1", PLOT), measured("dee1"), measured("eli1")]
    assert server.push(*unseen, delete("fay1", PLOT)) == [
        *["conflict"] * 3,
        *["quarantined"] * 2,
    ]
    assert server.why("eli1") == server.why("fay1") == [("too_many_conflicts", PLOT.id)]
    assert server.fields(PLOT)["area_ha"] == 1.0


def test_what_was_one_conflict_too_many_has_room_when_one_was_decided(monkeypatch):
    monkeypatch.setattr(limits, "RECORD_CONFLICTS", 1)
    server = Server(live(PLOT, {"area_ha": 1.0}))
    assert server.push(measured("bo1"), measured("cy1")) == ["conflict", "quarantined"]
    server.push(resolve("ana2", PLOT, {"area_ha": 1.0}, saw=2, settles=["bo1:area_ha"]))
    assert server.conflicts != {}
    assert server.judge_again("cy1") == ["conflict"]


def test_an_author_who_measures_again_takes_no_further_room(monkeypatch):
    monkeypatch.setattr(limits, "RECORD_CONFLICTS", 1)
    server = Server(live(PLOT, {"area_ha": 1.0}))
    assert server.push(measured("bo1"), measured("bo2", 3.0)) == ["conflict"] * 2


def test_conflicts_of_a_record_are_weighed_and_the_first_may_be_as_heavy_as_a_line(
    monkeypatch,
):
    monkeypatch.setattr(limits, "RECORD_CONFLICT_BYTES", 1000)
    server = Server(deleted(PLOT))
    heavy = {"note": "y" * 900}
    unseen = [put("bo1", PLOT, heavy), put("cy1", PLOT, heavy), delete("eli1", PLOT)]
    assert server.push(*unseen) == ["conflict", "quarantined", "accepted"]
