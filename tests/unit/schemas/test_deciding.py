"""What a decision on conflicts comes to."""

import pytest

from schemas.conflicts import Take
from schemas.deciding import (
    SideChoice,
    StandingRecord,
    UndecidableError,
    decide,
    parts,
)
from schemas.messages import Op
from schemas.records import TYPES

DEPTHS = {"depth_top_cm": 0.0, "depth_bottom_cm": 30.0}
STANDS = StandingRecord("sample", DEPTHS, deleted=False)
DELETED = StandingRecord("sample", DEPTHS, deleted=True)
GROUP = TYPES["sample"].groups["depth_top_cm"]


def conflict(group=GROUP, ours=None, theirs=None, name="c1"):
    return {
        "id": name,
        "group": group,
        "ours": {"depth_top_cm": 0.0, "depth_bottom_cm": 20.0}
        if ours is None
        else ours,
        "theirs": dict(STANDS.fields) if theirs is None else theirs,
    }


def test_what_stands_is_named_so_that_a_newer_value_is_met():
    found = decide([conflict()], STANDS, SideChoice(Take.STANDS))
    assert (found.op, found.fields) == (Op.RESOLVE, dict(STANDS.fields))
    assert found.resolves == ("c1",)


def test_that_a_record_stays_deleted_is_said_as_a_deletion():
    found = decide([conflict()], DELETED, SideChoice(Take.STANDS))
    assert (found.op, found.fields) == (Op.DELETE, {})


def test_that_a_record_stays_is_said_with_all_that_stands():
    deletion = conflict("*", ours={}, theirs={"note": "x"})
    standing = StandingRecord("sample", {**DEPTHS, "field_mass_g": 2.0}, deleted=False)
    found = decide([deletion], standing, SideChoice(Take.STANDS))
    assert found.op is Op.UNDELETE
    assert {**DEPTHS, "field_mass_g": 2.0, "water_g_g": None}.items() <= (
        found.fields.items()
    )


def test_a_decision_names_the_changes_it_was_made_on():
    one = {**conflict(), "stands": ["a", "b"]}
    two = {**conflict(name="c2"), "stands": ["b"]}
    assert decide([one, two], STANDS, SideChoice(Take.STANDS)).seen == ("a", "b")


def test_many_conflicts_of_one_record_are_decided_by_several_changes():
    many = [conflict(name=f"c{number}") for number in range(250)]
    found = parts(many, STANDS, SideChoice(Take.STANDS))
    assert [len(part.resolves) for part in found] == [100, 100, 50]
    assert [part.fields for part in found] == [DEPTHS] * 3


def test_of_a_side_that_was_kept_by_half_the_whole_is_asked_for():
    half = conflict(ours={"depth_bottom_cm": 20.0})
    with pytest.raises(UndecidableError) as caught:
        decide([half], STANDS, SideChoice(Take.OTHER))
    assert "--set depth-top-cm=VALUE" in caught.value.hint


def test_each_field_on_which_the_sides_differ_is_to_be_said():
    pair = conflict(ours={"depth_top_cm": 5.0, "depth_bottom_cm": 20.0})
    with pytest.raises(UndecidableError) as caught:
        decide([pair], STANDS, SideChoice(values={"depth_bottom_cm": 25.0}))
    assert "--set depth-top-cm=VALUE" in caught.value.hint


def test_two_other_values_of_one_group_need_an_id():
    both = [conflict(), conflict(name="c2")]
    assert decide(both, STANDS, SideChoice(Take.STANDS)).resolves == ("c1", "c2")
    with pytest.raises(UndecidableError) as caught:
        decide(both, STANDS, SideChoice(Take.OTHER))
    assert "id" in caught.value.hint


def test_the_other_side_of_a_whole_record_deletes_it_or_brings_it_back():
    deletion = conflict("*", ours={}, theirs={"note": "x"})
    assert decide([deletion], STANDS, SideChoice(Take.OTHER)).op is Op.DELETE
    edit = conflict("*", ours={"note": "x"}, theirs={})
    found = decide([edit], DELETED, SideChoice(Take.OTHER))
    assert (found.op, found.fields) == (Op.UNDELETE, {"note": "x"})


@pytest.mark.parametrize(
    ("conflicts", "standing", "choice"),
    [
        ([conflict()], DELETED, SideChoice(Take.OTHER)),
        ([conflict()], DELETED, SideChoice(values={"depth_top_cm": 1.0})),
        ([conflict("*", ours={})], STANDS, SideChoice(values={"note": "x"})),
        ([conflict("*", ours={}), conflict()], STANDS, SideChoice(Take.OTHER)),
        ([conflict()], STANDS, SideChoice(values={"note": "x"})),
        ([conflict()], STANDS, SideChoice()),
    ],
)
def test_a_choice_that_does_not_fit_is_refused(conflicts, standing, choice):
    with pytest.raises(UndecidableError):
        decide(conflicts, standing, choice)


def test_values_are_set_within_the_group_in_question():
    values = {"depth_bottom_cm": 25.0}
    found = decide([conflict()], STANDS, SideChoice(values=values))
    assert (found.op, found.fields) == (Op.RESOLVE, {**DEPTHS, **values})
    with pytest.raises(UndecidableError):
        decide([conflict()], STANDS, SideChoice(values={**values, "note": "x"}))
