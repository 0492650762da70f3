"""The changes that wait are found by what they are for and by what they wait for."""

from server.merge.model import WaitingChange
from server.merge.state import Waitlist
from tests.unit.merge.building import (
    OTHER_PLOT,
    OTHER_POINT,
    PLOT,
    POINT,
    PROJECT,
    first,
    put,
)


def place(record):
    return (PROJECT, record.id)


def ids(found):
    return [waiting.validated.change.id for waiting in found]


def waitlist():
    """Return two points that wait for their plot, and a note that waits for nothing."""
    found = Waitlist()
    found.add(WaitingChange(first("bo1", POINT), PLOT.id))
    found.add(WaitingChange(first("bo2", OTHER_POINT), PLOT.id))
    found.add(WaitingChange(put("cy1", POINT, {"note": "wet"}), None))
    return found


def test_changes_wait_in_the_order_they_came():
    assert ids(waitlist().all()) == ["bo1", "bo2", "cy1"]
    assert waitlist()
    assert not Waitlist()


def test_they_are_found_by_their_record_and_by_what_they_wait_for():
    found = waitlist()
    assert ids(found.of_record(place(POINT))) == ["bo1", "cy1"]
    assert ids(found.until(place(PLOT))) == ["bo1", "bo2"]
    assert ids(found.until(place(OTHER_PLOT))) == []
    assert found.get("bo2").waits_for == PLOT.id
    assert "bo2" in found
    assert found.get("dee1") is found.get(None) is None


def test_one_that_is_added_again_waits_for_the_other_record_only_and_came_last():
    found = waitlist()
    found.add(WaitingChange(first("bo1", POINT), OTHER_PLOT.id))
    assert ids(found.until(place(PLOT))) == ["bo2"]
    assert ids(found.until(place(OTHER_PLOT))) == ["bo1"]
    assert ids(found.all()) == ["bo2", "cy1", "bo1"]


def test_one_that_was_removed_is_found_nowhere():
    found = waitlist()
    for name in ("bo1", "cy1", "cy1", "dee1"):
        found.remove(name)
    assert ids(found.all()) == ids(found.until(place(PLOT))) == ["bo2"]
    assert found.of_record(place(POINT)) == []
    assert "bo1" not in found


def test_a_copy_goes_its_own_way():
    kept = waitlist()
    tried = kept.copy()
    tried.remove("bo1")
    tried.add(WaitingChange(first("eve1", POINT), PLOT.id))
    assert ids(kept.all()) == ["bo1", "bo2", "cy1"]
    assert ids(kept.until(place(PLOT))) == ["bo1", "bo2"]
    assert ids(kept.of_record(place(POINT))) == ["bo1", "cy1"]


def test_what_waits_for_a_record_itself_does_not_bring_it():
    found = Waitlist()
    found.add(WaitingChange(put("bo1", PLOT, {"note": "wet"}, saw=0), PLOT.id))
    assert not found.may_bring(place(PLOT))
    found.add(WaitingChange(first("cy1", PLOT), None))
    assert found.may_bring(place(PLOT))
    assert not found.may_bring(place(PLOT), besides="cy1")
