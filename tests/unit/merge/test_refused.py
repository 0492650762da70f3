"""What keeps a change from being applied, whatever it says: its scope, its references."""

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
    SAMPLE,
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

OTHER_PROJECT = "0190a000-0000-7000-8000-000000000002"
THE_PROJECT = Thing("project", PROJECT)
A_PROJECT = {"code": "HF", "title": "Highfield"}


# Scope ----------------------------------------------------------------------------

# fmt: off
SCOPES = {  # is granted, was withdrawn, is known here, by an administrator: what comes of it
    "a project that is granted": (True, False, True, False, None),
    "a project of others": (False, False, True, False, "scope_foreign"),
    "a project that was withdrawn": (False, True, True, False, "scope_revoked"),
    "a project that nobody knows": (False, False, False, False, "scope_foreign"),
    "a project of others, by an administrator": (False, False, True, True, None),
    "a withdrawn project, by an administrator": (False, True, True, True, None),
    "a project that nobody knows, by an administrator": (False, False, False, True, "scope_foreign"),
}
# fmt: on


@pytest.mark.parametrize(
    ("is_granted", "is_withdrawn", "is_known", "is_admin", "code"),
    SCOPES.values(),
    ids=SCOPES,
)
def test_who_may_write_to(is_granted, is_withdrawn, is_known, is_admin, code):
    server = Server()
    server.state.project_ids = {PROJECT} if is_granted else set()
    server.state.revoked = {PROJECT} if is_withdrawn else set()
    server.state.heads = {PROJECT: 0} if is_known else {}
    found = server.push(first("bo1", PLOT), is_admin=is_admin)
    assert found == ["quarantined" if code else "accepted"]
    assert server.why("bo1") == ([(code, PROJECT)] if code else [])


def test_the_reasons_tell_nothing_of_a_project_that_the_author_never_saw():
    """Neither that the record is there, nor that the change has faults."""
    server = Server(live(CAMPAIGN))
    server.state.project_ids = set()
    change = put("bo1", Thing("plot", CAMPAIGN.id), {"area_ha": -1.0})
    assert server.push(change) == ["quarantined"]
    assert server.why("bo1") == [("scope_foreign", PROJECT)]


def test_who_had_a_project_is_told_of_their_own_faults_first():
    server = Server()
    server.state.project_ids, server.state.revoked = set(), {PROJECT}
    server.push(put("bo1", PLOT, {"area_ha": -1.0, "code": "A"}))
    assert server.why("bo1") == [("out_of_range", -1.0)]


def test_what_is_released_for_its_author_stays_bound_to_their_scope():
    server = Server(live(PLOT))
    server.state.project_ids = set()
    server.push(first("bo1", POINT))
    assert server.judge_again("bo1", is_admin=False) == ["quarantined"]
    assert server.judge_again("bo1", is_admin=True) == ["accepted"]


def test_an_enrolled_laptop_opens_a_project_with_its_record():
    server = Server()
    server.state.heads, server.state.project_ids = {}, set()
    found = server.push(put("bo1", THE_PROJECT, A_PROJECT), first("bo2", PLOT))
    assert found == ["accepted", "accepted"]
    assert server.state.new_projects == [PROJECT]
    assert server.state.heads == {PROJECT: 2}
    assert server.state.project_ids == {PROJECT}


@pytest.mark.parametrize(
    "change",
    [
        put("bo1", THE_PROJECT, A_PROJECT | {"reference_depth_cm": -1.0}),
        put("bo1", Thing("plot", PROJECT), {"code": "A"}),
        put("bo1", Thing("project", OTHER_PROJECT), A_PROJECT),
    ],
    ids=["with a fault", "of another type", "of another id"],
)
def test_no_project_is_opened_by_a_record(change):
    server = Server()
    server.state.heads, server.state.project_ids = {}, set()
    assert server.push(change) == ["quarantined"]
    assert server.state.new_projects == []
    assert server.state.heads == {}


def test_a_project_that_is_there_is_not_opened_again():
    server = Server(live(THE_PROJECT, A_PROJECT))
    server.state.project_ids = set()
    found = server.push(put("bo1", THE_PROJECT, {"title": "mine"}, saw=1))
    assert found == ["quarantined"]
    assert (server.state.new_projects, server.state.project_ids) == ([], set())


def test_a_projects_record_has_the_id_of_its_project():
    server = Server()
    stray = Thing("project", OTHER_PROJECT)
    assert server.push(put("bo1", stray, A_PROJECT)) == ["quarantined"]
    assert server.why("bo1") == [("not_this_project", OTHER_PROJECT)]


def test_an_id_that_was_purged_is_not_used_again():
    server = Server()
    server.state.purged.add((PROJECT, PLOT.id))
    assert server.push(first("bo1", PLOT)) == ["quarantined"]
    assert server.why("bo1") == [("purged_id", PLOT.id)]
    assert server.push(first("bo2", OTHER_PLOT)) == ["accepted"]


# Its own faults -------------------------------------------------------------------


def test_a_new_record_is_told_all_its_faults_at_once():
    """Those of its fields, what it lacks, and what does not fit together."""
    server = Server()
    said = {"depth_top_cm": 40.0, "depth_bottom_cm": 30.0, "field_mass_g": -1.0}
    server.push(put("bo1", SAMPLE, said))
    assert [(p.code, p.path) for p in server.verdict("bo1").why] == [
        ("required", "core_id"),
        ("required", "sample_code"),
        ("out_of_range", "field_mass_g"),
        ("depth_order", "depth_top_cm"),
    ]


def test_an_edit_is_told_the_faults_of_what_it_says():
    server = Server(live(SAMPLE))
    server.push(put("bo1", SAMPLE, {"field_mass_g": -1.0}, saw=1))
    assert server.why("bo1") == [("out_of_range", -1.0)]


def test_an_unknown_record_type_is_told_as_that():
    server = Server()
    assert server.push(put("bo1", Thing("yield", PLOT.id), {"x": 1})) == ["quarantined"]
    assert server.why("bo1") == [("unknown_type", "yield")]


def test_an_edit_that_makes_a_record_wrong_is_refused():
    server = Server(live(SAMPLE))
    pair = {"depth_top_cm": 30.0, "depth_bottom_cm": 30.0}
    assert server.push(put("bo1", SAMPLE, pair, saw=1)) == ["quarantined"]
    assert server.why("bo1") == [("depth_order", 30.0)]
    assert server.fields(SAMPLE) == FIRST_WORDS[SAMPLE]


def test_what_is_required_is_not_cleared():
    server = Server(live(PLOT))
    assert server.push(put("bo1", PLOT, {"code": None}, saw=1)) == ["quarantined"]
    assert server.fields(PLOT) == {"code": "A"}


def test_a_warning_refuses_nothing():
    server = Server(live(SAMPLE))
    deep = {"depth_top_cm": 210.0, "depth_bottom_cm": 240.0}
    assert server.push(put("bo1", SAMPLE, deep, saw=1)) == ["accepted"]


def test_a_record_does_not_become_one_of_another_type():
    server = Server(live(PLOT))
    change = put("bo1", Thing("campaign", PLOT.id), FIRST_WORDS[CAMPAIGN])
    assert server.push(change) == ["quarantined"]
    (problem,) = server.verdict("bo1").why
    assert problem == Problem("wrong_type", "r", PLOT.id, "it is a plot")


def test_a_change_does_not_stand_in_for_one_of_another_laptop():
    server = Server(devices={"bo": "device of bo", "cy": "device of cy"})
    server.push(first("bo1", PLOT, {"area_ha": -1.0}))
    assert server.push(first("cy1", PLOT, replaces="bo1")) == ["quarantined"]
    (problem,) = server.verdict("cy1").why
    assert problem == Problem("foreign_change", "x", "bo1")
    assert server.waiting() == {"bo1": None, "cy1": None}


@pytest.mark.parametrize("log", ["bo", "bob"])
def test_a_change_stands_in_for_one_of_its_own_laptop_in_whatever_log(log):
    server = Server(devices={"bo": "device", "bob": "device"})
    server.push(first("bo1", PLOT, {"area_ha": -1.0}))
    assert server.push(first(f"{log}2", PLOT, replaces="bo1")) == ["accepted"]
    assert server.waiting() == {}


def test_a_change_that_stands_in_for_one_that_waits_no_more_is_a_change_like_any():
    server = Server(devices={"bo": "device of bo", "cy": "device of cy"})
    assert server.push(first("cy1", PLOT, replaces="bo1")) == ["accepted"]
    assert server.state.closed == {}


# References -----------------------------------------------------------------------


def other_core(point=POINT, campaign=CAMPAIGN):
    return {"point_id": point.id, "campaign_id": campaign.id}


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
