"""What keeps a change from being applied, whatever it says: its scope, its references."""

import pytest

from schemas import limits
from schemas.problems import Problem
from server.merge.model import ValidatedChange
from tests.unit.merge.building import (
    CAMPAIGN,
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
    first,
    live,
    put,
    resolve,
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
    assert server.verdict("bo1").why == [Problem("scope_foreign", "s", PROJECT)]


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
    ("code", "change"),
    [
        (
            "out_of_range",
            put("bo1", THE_PROJECT, A_PROJECT | {"reference_depth_cm": -1.0}),
        ),
        ("scope_foreign", put("bo1", Thing("plot", PROJECT), {"code": "A"})),
        ("scope_foreign", put("bo1", Thing("project", OTHER_PROJECT), A_PROJECT)),
    ],
    ids=["with a fault", "of another type", "of another id"],
)
def test_no_project_is_opened_by_a_record(code, change):
    server = Server()
    server.state.heads, server.state.project_ids = {}, set()
    assert server.push(change) == ["quarantined"]
    assert [code for code, _ in server.why("bo1")] == [code]
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


def test_what_was_found_before_the_merge_is_told_though_the_fields_are_well():
    """Such as an event that was cut, or a base that nobody can have seen."""
    server, problem = Server(), Problem("group_split", "g", "event")
    change = ValidatedChange(first("bo1", PLOT).change, {}, [problem])
    assert server.push(change) == ["quarantined"]
    assert server.verdict("bo1").why == [problem]


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


# What a reason is about -----------------------------------------------------------------

LACKING = [("required", "plot_id"), ("required", "code")]
# fmt: off
REASONS = {  # what is said to a server with a plot and its point: code and path of each reason
    "the project": (first("bo1", OTHER_PLOT, project_id=OTHER_PROJECT), [("scope_foreign", "s")]),
    "the record that others belong to": (delete("bo1", PLOT, saw=1), [("has_children", "r")]),
    "the record that is not there": (delete("bo1", OTHER_PLOT), [("no_such_record", "r")]),
    "the record that is a projects": (put("bo1", Thing("project", PLOT.id), A_PROJECT),
                                      [("not_this_project", "r")]),
    "the record that was purged": (first("bo1", SAMPLE), [("purged_id", "r")]),
    "the record that was not deleted": (undelete("bo1", POINT, saw=1), [("not_deleted", "r")]),
    "the conflict that is not known": (resolve("bo1", PLOT, settles=["x1:code"], saw=1),
                                       [("no_such_conflict", "c")]),
    "the conflict that is not named": (resolve("bo1", PLOT, saw=1), [("no_such_conflict", "c")]),
    "the fields that are lacking": (put("bo1", OTHER_POINT, {"note": "x"}), LACKING),
    "no field, where another record is": (put("bo1", OTHER_PLOT, {"note": "x"}, saw=1), [("waits_for", "")]),
    "no field, where another record was": (put("bo1", CAMPAIGN, {"note": "x"}, saw=1),
                                           [("parent_discarded", "")]),
}
# fmt: on


@pytest.mark.parametrize(("change", "why"), REASONS.values(), ids=REASONS)
def test_a_reason_is_about(change, why):
    server = Server(live(PLOT), live(POINT))
    server.state.purged.add((PROJECT, SAMPLE.id))
    server.state.discarded[PROJECT, CAMPAIGN.id] = "campaign spring"
    server.push(change)
    assert [
        (problem.code, problem.path) for problem in server.verdict("bo1").why
    ] == why


def test_too_many_are_held_of_a_project():
    server = Server()
    server.state.held_count[PROJECT] = limits.HELD_CHANGES
    server.push(first("bo1", POINT))
    assert server.verdict("bo1").why == [Problem("too_many_held", "s", PROJECT)]
