"""What a record refers to has to be there, and its label has to be free."""

import pytest

from schemas.problems import Problem
from tests.unit.merge.building import (
    CAMPAIGN,
    CORE,
    FIRST_WORDS,
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
    put,
    thing,
    undelete,
)

# References -----------------------------------------------------------------------


# fmt: off
PARENTS = {  # what the point of a new core is: the verdict, and its reasons
    "live": (live(POINT), "accepted", []),
    "deleted": (deleted(POINT), "quarantined", [("parent_deleted", POINT.id)]),
    "not there": (None, "held", [("waits_for", POINT.id)]),
    "a plot": (live(Thing("plot", POINT.id), {"code": "B"}),
               "quarantined", [("wrong_parent", POINT.id)]),
}
# fmt: on


@pytest.mark.parametrize(("point", "outcome", "why"), PARENTS.values(), ids=PARENTS)
def test_a_record_whose_parent_is(point, outcome, why):
    records = [live(PLOT), live(CAMPAIGN), point]
    server = Server(*(record for record in records if record))
    assert server.push(first("bo1", CORE)) == [outcome]
    assert server.why("bo1") == why


def test_a_parent_of_a_wrong_type_is_told_with_both():
    server = Server(live(Thing("plot", POINT.id), {"code": "B"}), live(CAMPAIGN))
    server.push(first("bo1", CORE))
    (problem,) = server.verdict("bo1").why
    said = (problem.path, problem.detail)
    assert said == ("point_id", "a plot where a point belongs")


def test_a_record_of_a_purged_parent_is_refused_rather_than_held():
    server = Server(live(PLOT))
    server.state.purged.add((PROJECT, POINT.id))
    assert server.push(first("bo1", CORE)) == ["quarantined"]
    assert server.why("bo1") == [("parent_deleted", POINT.id)]


def test_each_parent_that_is_wrong_is_told():
    server = Server(live(PLOT), deleted(POINT), deleted(CAMPAIGN))
    server.push(first("bo1", CORE))
    assert server.why("bo1") == [
        ("parent_deleted", POINT.id),
        ("parent_deleted", CAMPAIGN.id),
    ]


def test_a_record_that_lacks_both_parents_waits_for_the_first():
    server = Server()
    server.push(first("bo1", CORE))
    assert server.waiting() == {"bo1": POINT.id}


def test_an_edit_is_asked_only_what_it_refers_to_itself():
    """The point was deleted with its core still there, in another timeline."""
    server = Server(live(PLOT), deleted(POINT), live(CORE))
    assert server.push(put("bo1", CORE, {"note": "wet"}, saw=3)) == ["accepted"]


def test_an_edit_that_moves_a_record_is_asked_what_it_refers_to_now():
    server = Server(live(PLOT), live(POINT), live(CAMPAIGN), live(CORE))
    move = put("bo1", CORE, {"point_id": OTHER_POINT.id}, saw=1)
    assert server.push(move) == ["held"]
    assert server.waiting() == {"bo1": OTHER_POINT.id}
    assert server.push(first("cy1", OTHER_POINT)) == ["accepted"]
    assert server.fields(CORE)["point_id"] == OTHER_POINT.id


def test_a_move_to_a_deleted_record_is_refused():
    server = Server(live(PLOT), live(POINT), deleted(OTHER_POINT), live(CORE))
    move = put("bo1", CORE, {"point_id": OTHER_POINT.id}, saw=3)
    assert server.push(move) == ["quarantined"]
    assert server.fields(CORE)["point_id"] == POINT.id


@pytest.mark.parametrize("said", [{}, {"note": "wet"}], ids=["bare", "with a patch"])
def test_what_comes_back_is_asked_all_that_it_refers_to(said):
    server = Server(live(PLOT), deleted(POINT), live(CAMPAIGN), deleted(CORE))
    assert server.push(undelete("bo1", CORE, said, saw=3)) == ["quarantined"]
    assert server.why("bo1") == [("parent_deleted", POINT.id)]
    assert server.fields(CORE) is None


def test_what_comes_back_before_its_parent_waits_for_it():
    server = Server(live(CAMPAIGN), deleted(CORE))
    assert server.push(undelete("bo1", CORE, saw=3)) == ["held"]
    server.push(first("cy1", PLOT), first("cy2", POINT))
    assert server.outcome("bo1") == "accepted"
    assert server.fields(CORE) == FIRST_WORDS[CORE]


def test_what_comes_back_with_a_new_parent_is_asked_for_that_one():
    parents = [live(PLOT), deleted(POINT), live(OTHER_POINT), live(CAMPAIGN)]
    server = Server(*parents, deleted(CORE))
    back = undelete("bo1", CORE, {"point_id": OTHER_POINT.id}, saw=3)
    assert server.push(back) == ["accepted"]


def test_what_comes_back_wrong_is_refused():
    server = Server(deleted(CAMPAIGN))
    dates = {"start_date": "2026-03-02", "end_date": "2026-03-01"}
    assert server.push(undelete("bo1", CAMPAIGN, dates, saw=3)) == ["quarantined"]
    assert server.why("bo1") == [("date_order", "2026-03-01")]
    assert server.fields(CAMPAIGN) is None


def test_a_record_that_others_belong_to_is_not_deleted():
    server = Server(live(PLOT), live(POINT))
    assert server.push(delete("bo1", PLOT, saw=1)) == ["quarantined"]
    assert server.why("bo1") == [("has_children", PLOT.id)]
    assert server.fields(PLOT) == {"code": "A"}


def test_a_record_is_deleted_after_those_that_belong_to_it():
    server = Server(live(PLOT), live(POINT))
    found = server.push(delete("bo1", POINT, saw=1), delete("bo2", PLOT, saw=1))
    assert found == ["accepted", "accepted"]


def test_a_record_is_deleted_after_what_belonged_to_it_moved_away():
    server = Server(live(PLOT), live(OTHER_PLOT), live(POINT))
    move = put("bo1", POINT, {"plot_id": OTHER_PLOT.id}, saw=1)
    found = server.push(move, delete("bo2", PLOT, saw=1))
    assert found == ["accepted", "accepted"]
    assert server.push(delete("bo3", OTHER_PLOT, saw=1)) == ["quarantined"]


# Labels ---------------------------------------------------------------------------


def test_a_label_that_another_record_has_is_taken():
    server = Server(live(PLOT))
    assert server.push(first("bo1", OTHER_PLOT, {"code": "A"})) == ["quarantined"]
    (problem,) = server.verdict("bo1").why
    assert problem == Problem("key_taken", "code", "A", f"plot {PLOT.id}")


def test_a_label_of_another_type_or_parent_is_free():
    server = Server(live(PLOT), live(OTHER_PLOT), live(POINT))
    other = {"plot_id": OTHER_PLOT.id, "code": "1"}
    assert server.push(put("bo1", OTHER_POINT, other)) == ["accepted"]


def test_an_edit_keeps_its_own_label():
    server = Server(live(PLOT))
    edit = put("bo1", PLOT, {"code": "A", "note": "wet"}, saw=1)
    assert server.push(edit) == ["accepted"]


def test_an_edit_takes_no_label_of_another_record():
    server = Server(live(PLOT), live(OTHER_PLOT))
    assert server.push(put("bo1", OTHER_PLOT, {"code": "A"}, saw=1)) == ["quarantined"]
    assert server.fields(OTHER_PLOT) == {"code": "B"}


@pytest.mark.parametrize(
    "freed",
    [delete("bo1", PLOT, saw=1), put("bo1", PLOT, {"code": "AA"}, saw=1)],
    ids=["deleted", "labelled anew"],
)
def test_the_label_of_a_record_is_free_once_that_is(freed):
    server = Server(live(PLOT))
    found = server.push(freed, first("bo2", OTHER_PLOT, {"code": "A"}))
    assert found == ["accepted", "accepted"]


def test_what_comes_back_finds_its_label_taken():
    server = Server(deleted(PLOT), live(thing("plot", "C"), {"code": "A"}))
    assert server.push(undelete("bo1", PLOT, saw=3)) == ["quarantined"]
    assert server.why("bo1") == [("key_taken", "A")]


def test_a_label_is_told_after_what_a_record_refers_to():
    server = Server(live(PLOT), live(POINT), deleted(CAMPAIGN), live(CORE))
    other = put("bo1", thing("core", "B"), FIRST_WORDS[CORE])
    server.push(other)
    assert server.why("bo1") == [("parent_deleted", CAMPAIGN.id)]
