"""Decisions settle conflicts, and last: also before one of their sides has come."""

import pytest

from schemas.groups import WHOLE_RECORD
from server.merge.model import Epoch
from tests.unit.merge.building import (
    CAMPAIGN,
    NOW,
    OTHER_PLOT,
    PLOT,
    PROJECT,
    Server,
    delete,
    deleted,
    first,
    live,
    put,
    resolve,
    say,
    undelete,
)

AREA = {"area_ha": 2.0}


def contested(*more):
    """Return a server where cy1 and bo1 measured an area; bo1's does not stand."""
    server = restored(live(PLOT, {"area_ha": 9.0}), *more)
    server.push(put("cy1", PLOT, {"area_ha": 1.0}, saw=1))
    server.push(put("bo1", PLOT, AREA, saw=1))
    assert server.record(PLOT).open_conflicts == 1
    return server


def old(seq):
    """Return a row of a timeline that was lost."""
    return ("before", seq)


def restored(*records, kept=1):
    """Return a server that was restored to a backup of so many rows."""
    return Server(*records, epochs=(Epoch("before", {}), Epoch(NOW, {PROJECT: kept})))


# What a decision settles ------------------------------------------------------------


def test_a_decision_settles_the_conflict_it_names_and_its_value_stands():
    server = contested()
    decision = resolve("dee1", PLOT, AREA, settles=["bo1:area_ha"], saw=3)
    assert server.push(decision) == ["accepted"]
    assert server.fields(PLOT)["area_ha"] == 2.0
    assert server.settled == {"bo1:area_ha": "dee1"}
    assert server.record(PLOT).open_conflicts == 0
    assert server.writers(PLOT, "area_ha") == [("dee1", 4, 100)]


def test_a_decision_for_what_stands_settles_its_conflict_without_a_word():
    server = contested()
    decision = resolve("dee1", PLOT, settles=["bo1:area_ha"], saw=3)
    assert server.push(decision) == ["accepted"]
    assert server.fields(PLOT)["area_ha"] == 1.0
    assert server.settled == {"bo1:area_ha": "dee1"}


def test_the_row_of_a_decision_is_sent_to_its_author_too():
    server = contested()
    server.push(resolve("dee1", PLOT, AREA, settles=["bo1:area_ha"], saw=3))
    assert not server.record(PLOT).computable_by_author


def test_an_edit_that_names_a_conflict_settles_it_like_a_decision():
    server = contested()
    edit = put("dee1", PLOT, AREA, saw=3, settles=["bo1:area_ha"])
    assert server.push(edit) == ["accepted"]
    assert server.settled == {"bo1:area_ha": "dee1"}


def test_an_edit_that_names_no_conflict_settles_none():
    server = contested()
    assert server.push(put("dee1", PLOT, {"area_ha": 5.0}, saw=3)) == ["accepted"]
    assert server.settled == {}
    assert server.record(PLOT).open_conflicts == 1


def test_a_decision_that_met_a_newer_value_is_a_conflict_and_settles_nothing():
    server = contested()
    server.push(put("eve1", PLOT, {"area_ha": 3.0}, saw=3))
    decision = resolve("dee1", PLOT, AREA, settles=["bo1:area_ha"], saw=3)
    assert server.push(decision) == ["conflict"]
    assert server.fields(PLOT)["area_ha"] == 3.0
    assert server.settled == {}
    assert server.record(PLOT).open_conflicts == 2
    assert server.state.decisions == []


def test_a_conflict_that_is_settled_is_not_settled_again():
    server = contested()
    server.push(resolve("dee1", PLOT, AREA, settles=["bo1:area_ha"], saw=3))
    again = resolve("eve1", PLOT, AREA, settles=["bo1:area_ha"], saw=4)
    assert server.push(again) == ["accepted"]
    assert server.settled == {"bo1:area_ha": "dee1"}
    assert server.record(PLOT).open_conflicts == 0


def test_a_decision_settles_what_it_does_not_name_between_values_it_was_made_on():
    """A conflict of a restored server has another name: its sides came the other way."""
    server = contested()
    decision = resolve(
        "dee1", PLOT, AREA, settles=["cy1:area_ha"], knew=["bo1"], saw=old(7)
    )
    assert server.push(decision) == ["accepted"]
    assert server.settled == {"bo1:area_ha": "dee1"}


@pytest.mark.parametrize(
    ("said", "knew"),
    [(AREA, []), ({"note": "wet"}, ["bo1"])],
    ids=["made on other values", "about another field"],
)
def test_a_decision_leaves_a_conflict_open_that_it_is_not_about(said, knew):
    server = contested()
    decision = resolve(
        "dee1", PLOT, said, settles=["eve1:area_ha"], knew=["cy1", *knew], saw=old(7)
    )
    assert server.push(decision) == ["accepted"]
    assert server.settled == {}


def test_any_decision_on_a_live_record_settles_whether_it_is_deleted():
    """It was made on the deletion, and the record stands."""
    server = restored(live(PLOT))
    server.push(put("cy1", PLOT, {"note": "wet"}, saw=1))
    assert server.push(delete("bo1", PLOT, saw=1)) == ["conflict"]
    sides = {"settles": ["x1:note"], "knew": ["bo1", "cy1"]}
    decision = resolve("dee1", PLOT, {"note": "wet"}, saw=old(7), **sides)
    assert server.push(decision) == ["accepted"]
    assert server.settled == {"bo1:*": "dee1"}


def test_a_deletion_that_decides_settles_the_conflicts_of_every_group():
    server = contested()
    sides = {"settles": ["x1:*"], "knew": ["bo1", "cy1"]}
    assert server.push(delete("dee1", PLOT, saw=old(7), **sides)) == ["accepted"]
    assert server.settled == {"bo1:area_ha": "dee1"}
    assert server.record(PLOT).open_conflicts == 0
    assert server.fields(PLOT) is None


def test_a_deletion_that_decides_nothing_leaves_conflicts_open():
    server = contested()
    assert server.push(delete("dee1", PLOT, saw=3)) == ["accepted"]
    assert server.settled == {}
    assert server.record(PLOT).open_conflicts == 1


def test_a_return_that_decides_settles_a_conflict_about_the_deletion():
    server = Server(deleted(PLOT))
    server.push(put("bo1", PLOT, {"note": "wet"}, saw=2))
    back = undelete("dee2", PLOT, {"note": "wet"}, saw=4, settles=["bo1:*"])
    assert server.push(back) == ["accepted"]
    assert server.settled == {"bo1:*": "dee2"}
    assert server.fields(PLOT) == {"code": "A", "note": "wet"}


def test_a_return_that_decides_needs_no_deletion():
    """It says that the record stays: no note."""
    server = Server(live(PLOT, by=("ana1", 1, 10)))
    server.push(put("cy1", PLOT, {"note": "wet"}, saw=1))
    server.push(delete("bo1", PLOT, saw=1))
    back = undelete("dee1", PLOT, saw=3, settles=["bo1:*"])
    assert server.push(back) == ["accepted"]
    assert not server.verdict("dee1").why
    assert server.settled == {"bo1:*": "dee1"}


# What a decision may name -------------------------------------------------------------


@pytest.mark.parametrize("op", ["put", "del"])
def test_a_change_settles_no_conflict_of_another_record(op):
    server = contested(live(OTHER_PLOT))
    decision = say(op, "dee1", OTHER_PLOT, settles=["bo1:area_ha"], saw=3)
    assert server.push(decision) == ["quarantined"]
    assert server.why("dee1") == [("no_such_conflict", "bo1:area_ha")]
    assert server.record(PLOT).open_conflicts == 1


def test_a_conflict_that_is_not_known_is_settled_by_nobody():
    server = contested()
    decision = resolve(
        "dee1", PLOT, AREA, settles=["x1:note", "bo1:area_ha", "x2:code"], saw=3
    )
    assert server.push(decision) == ["quarantined"]
    assert server.why("dee1") == [
        ("no_such_conflict", "x1:note"),
        ("no_such_conflict", "x2:code"),
    ]


def test_a_decision_of_a_lost_timeline_may_name_what_is_not_known():
    server = restored(live(PLOT, {"area_ha": 9.0}))
    decision = resolve("dee1", PLOT, AREA, settles=["bo1:area_ha"], saw=old(3))
    assert server.push(decision) == ["accepted"]


def test_a_decision_names_a_conflict():
    server = contested()
    assert server.push(resolve("dee1", PLOT, AREA, saw=3)) == ["quarantined"]
    (problem,) = server.verdict("dee1").why
    assert (problem.code, problem.detail) == ("no_such_conflict", "it names none")


def test_a_decision_is_not_blind_to_what_it_says_it_was_made_on():
    server = restored(live(PLOT, {"area_ha": 9.0}))
    server.push(put("bo1", PLOT, AREA, saw=1))
    knew = {"settles": ["cy1:area_ha"], "knew": ["bo1"]}
    decision = resolve("dee1", PLOT, {"area_ha": 1.0}, saw=old(3), **knew)
    assert server.push(decision) == ["accepted"]
    assert server.fields(PLOT)["area_ha"] == 1.0


# An author's own older conflict ---------------------------------------------------------


def test_an_authors_newer_word_closes_the_conflict_of_their_older_one():
    server = contested()
    assert server.push(put("bo2", PLOT, {"area_ha": 4.0}, saw=3)) == ["accepted"]
    assert server.settled == {"bo1:area_ha": "bo2"}
    assert server.state.decisions == []


def test_it_is_closed_though_the_newer_word_is_in_conflict_too():
    server = contested()
    assert server.push(put("bo2", PLOT, {"area_ha": 4.0}, saw=1)) == ["conflict"]
    assert server.settled == {"bo1:area_ha": "bo2"}
    assert list(server.conflicts) == ["bo1:area_ha", "bo2:area_ha"]
    assert server.record(PLOT).open_conflicts == 1


def test_an_authors_word_on_another_field_closes_nothing():
    server = contested()
    server.push(put("bo2", PLOT, {"note": "wet"}, saw=3))
    assert server.settled == {}


def test_the_word_of_another_author_closes_nothing():
    server = contested()
    server.push(put("cy2", PLOT, {"area_ha": 4.0}, saw=3))
    assert server.settled == {}


def test_an_authors_word_leaves_their_conflict_about_the_record_open():
    server = Server(live(PLOT, by=("ana1", 1, 10)))
    server.push(put("cy1", PLOT, {"note": "wet"}, saw=1))
    server.push(delete("bo1", PLOT, saw=1))
    server.push(put("bo2", PLOT, {"note": "dry"}, saw=3))
    assert server.settled == {}
    assert server.push(delete("bo3", PLOT, saw=4)) == ["accepted"]
    assert server.settled == {}


# A decision comes before its sides ------------------------------------------------------


def decided_before():
    """Return a restored server that a decision on an area, of before, came to first."""
    server = restored(live(PLOT, {"area_ha": 9.0}))
    sides = {"settles": ["bo1:area_ha"], "knew": ["cy1"]}
    decision = resolve("dee1", PLOT, {"area_ha": 3.0}, saw=old(3), **sides)
    assert server.push(decision) == ["accepted"]
    return server


def test_a_decision_is_kept_with_each_change_and_group_that_it_was_made_on():
    server = decided_before()
    assert server.state.decisions == [
        (PROJECT, "bo1", "area_ha", "dee1"),
        (PROJECT, "cy1", "area_ha", "dee1"),
    ]


@pytest.mark.parametrize("side", ["bo1", "cy1"])
def test_a_side_that_comes_after_its_decision_is_history(side):
    server = decided_before()
    history = len(server.history)
    late = put(side, PLOT, {"area_ha": 1.0}, saw=1)
    assert server.push(late) == ["merged"]
    assert server.fields(PLOT)["area_ha"] == 3.0
    assert server.writers(PLOT, "area_ha") == [("dee1", 2, 100)]
    assert server.history[history:] == [({"area_ha": 1.0}, side, 3, "dee1", 3)]
    assert server.conflicts == {}
    assert server.record(PLOT).seq == server.verdict(side).seq == 3


def test_what_a_late_side_says_beside_what_was_decided_stands():
    server = decided_before()
    both = put("bo1", PLOT, {"area_ha": 1.0, "note": "wet"}, saw=1)
    assert server.push(both) == ["merged"]
    assert server.fields(PLOT) == {"code": "A", "area_ha": 3.0, "note": "wet"}


def test_what_a_decision_was_not_made_on_meets_it_as_a_conflict():
    server = decided_before()
    assert server.push(put("eve1", PLOT, {"area_ha": 1.0}, saw=1)) == ["conflict"]


def test_a_decision_of_another_project_decides_nothing_here():
    server = decided_before()
    (key, decision), *_ = server.state.decided.items()
    server.state.decided = {("another project", *key[1:]): decision}
    assert server.push(put(key[1], PLOT, {"area_ha": 1.0}, saw=1)) == ["conflict"]


def test_a_decision_to_delete_makes_history_of_what_comes_after_it():
    server = restored(live(PLOT, {"note": "wet"}))
    server.push(delete("dee1", PLOT, saw=old(3), settles=["bo1:*"]))
    whole = {name for _, _, name, _ in server.state.decisions}
    assert whole == {"code", "note", WHOLE_RECORD}
    late = put("bo1", PLOT, {"note": "dry", "area_ha": 1.0}, saw=1)
    assert server.push(late) == ["merged"]
    assert server.fields(PLOT) is None
    assert server.history == [
        ({"area_ha": 1.0}, "bo1", 3, "dee1", 3),
        ({"note": "dry"}, "bo1", 3, "dee1", 3),
    ]
    assert not server.record(PLOT).computable_by_author
    assert server.record(PLOT).seq == server.verdict("bo1").seq == 3


@pytest.mark.parametrize("op", ["del", "undel"])
def test_a_decision_to_keep_a_record_makes_history_of_a_deletion_after_it(op):
    server = restored(live(PLOT, {"note": "wet"}))
    server.push(undelete("dee1", PLOT, saw=old(3), settles=["bo1:*"]))
    assert server.push(say(op, "bo1", PLOT, saw=1)) == ["merged"]
    assert server.fields(PLOT) == {"code": "A", "note": "wet"}
    assert server.history == [({}, "bo1", 3, "dee1", 3)]
    assert server.state.replaced[0].group == WHOLE_RECORD


def test_the_row_of_a_late_side_is_sent_to_its_author():
    server = Server(live(PLOT, computable_by_author=True))
    server.state.decided[PROJECT, "ana2", WHOLE_RECORD] = "dee1"
    assert server.push(delete("ana2", PLOT, saw=1)) == ["merged"]
    assert not server.record(PLOT).computable_by_author


def test_a_decision_about_a_value_leaves_a_late_deletion_to_people():
    server = decided_before()
    assert server.push(delete("bo1", PLOT, saw=1)) == ["conflict"]


# What stands -----------------------------------------------------------------------------


def test_the_changes_behind_what_stands_are_those_of_the_group():
    same = {"area_ha": [("cy1", 2, 20), ("bo1", 3, 30)]}
    record = live(PLOT, AREA, writers=same)
    assert record.stands("area_ha") == ["bo1", "cy1"]
    assert record.stands("note") == []


def test_behind_a_record_that_stands_are_all_who_wrote_it():
    record = live(PLOT, AREA, writers={"area_ha": [("cy1", 2, 20)]})
    assert record.stands(WHOLE_RECORD) == ["ana1", "cy1"]


def test_behind_a_deletion_that_stands_is_who_deleted():
    record = deleted(PLOT, writers={"note": [("cy1", 2, 20)]})
    assert record.stands(WHOLE_RECORD) == ["dee1"]


def test_a_decision_in_a_batch_with_its_conflict_settles_it():
    server = Server(live(CAMPAIGN), live(PLOT, {"area_ha": 9.0}))
    server.push(put("cy1", PLOT, {"area_ha": 1.0}, saw=1))
    found = server.push(
        put("bo1", PLOT, AREA, saw=1),
        resolve("bo2", PLOT, AREA, settles=["bo1:area_ha"], saw=3, knew=["cy1"]),
        first("bo3", OTHER_PLOT),
    )
    assert found == ["conflict", "accepted", "accepted"]
    assert server.record(PLOT).open_conflicts == 0


@pytest.mark.parametrize("op", ["put", "del"])
def test_who_knew_the_sides_and_decides_nothing_settles_nothing(op):
    server = contested()
    said = AREA if op == "put" else {}
    change = say(op, "dee1", PLOT, said, saw=1, knew=["bo1", "cy1"])
    assert server.push(change) == ["accepted"]
    assert (server.settled, server.state.decisions) == ({}, [])
