"""The sides of a conflict are named by people, laptops and values."""

import pytest

from schemas.deciding import SideChoice, StandingRecord, UndecidableError
from schemas.messages import Op
from schemas.sides import KEPT, By, Contest, PersonsChoice, decisions, told_side, ways

ADA, BEN = By("Ada Diallo", "north"), By("Ben Ek", "south")


def conflict(value, by, name="c1", group="area_ha", field="area_ha"):
    ours = {} if value is None else {field: value}
    return {
        "id": name,
        "group": group,
        "base": {},
        "theirs": {field: 255.0} if value is None else {},
        "ours": ours,
        "person": by.person,
        "device": by.device,
        "stands": ["w1"],
    }


def contest(*conflicts, standing=255.0, by=ADA, deleted=False):
    record = StandingRecord("plot", {"code": "HF", "area_ha": standing}, deleted)
    return Contest(conflicts, record, {"area_ha": by} if by else {})


def area_after(found, named):
    (decision,) = decisions(found, PersonsChoice(named=named))
    return decision.op, decision.fields["area_ha"]


@pytest.mark.parametrize(
    "named",
    ["Ada Diallo", "ada diallo", "north", "Ada Diallo on north", "255", "255.0"],
)
def test_whoever_recorded_what_stands_keeps_it(named):
    found = contest(conflict(271.0, BEN))
    assert area_after(found, named) == (Op.RESOLVE, 255.0)


@pytest.mark.parametrize(
    "named", ["Ben Ek", "BEN EK", "south", "271", "area-ha=271", "area_ha = 271.0"]
)
def test_the_other_side_is_taken_by_person_laptop_or_value(named):
    found = contest(conflict(271.0, BEN))
    assert area_after(found, named) == (Op.RESOLVE, 271.0)


def test_to_keep_needs_no_name():
    (decision,) = decisions(contest(conflict(271.0, BEN)), KEPT)
    assert decision.fields == {"area_ha": 255.0}


@pytest.mark.parametrize("named", ["mine", "ours", "theirs", "other", "stands", "Cy"])
def test_a_name_of_nobody_is_refused_with_what_to_type(named):
    with pytest.raises(UndecidableError) as caught:
        decisions(contest(conflict(271.0, BEN)), PersonsChoice(named=named))
    assert named in caught.value.text
    assert "--keep (area-ha 255)" in caught.value.hint
    assert "--take 'Ben Ek' (area-ha 271)" in caught.value.hint


def test_two_sides_of_one_person_are_told_apart_by_their_laptops():
    twice = By("Ada Diallo", "south")
    found = contest(conflict(271.0, twice))
    with pytest.raises(UndecidableError, match="several"):
        decisions(found, PersonsChoice(named="Ada Diallo"))
    assert [way for way, _ in ways(found, "area_ha")] == ["--keep", "--take south"]
    assert area_after(found, "south") == (Op.RESOLVE, 271.0)


def test_two_sides_of_one_person_on_one_laptop_are_told_apart_by_their_values():
    found = contest(conflict(271.0, ADA))
    assert [way for way, _ in ways(found, "area_ha")] == ["--keep", "--take 271"]
    assert area_after(found, "271") == (Op.RESOLVE, 271.0)


def test_who_recorded_one_of_three_values_settles_all_of_their_conflicts():
    third = By("Cy Ro", "east")
    found = contest(conflict(271.0, BEN), conflict(280.0, third, "c2"))
    (decision,) = decisions(found, PersonsChoice(named="Cy Ro"))
    assert decision.fields["area_ha"] == 280.0
    assert decision.resolves == ("c1", "c2")


def test_a_person_who_is_on_either_side_is_followed_in_each_field():
    land = conflict("forest", ADA, "c2", "land_use", "land_use")
    found = contest(conflict(271.0, BEN), land)
    one, two = decisions(found, PersonsChoice(named="Ada Diallo"))
    assert (one.resolves, one.fields) == (("c1",), {"area_ha": 255.0})
    assert (two.resolves, two.fields) == (("c2",), {"land_use": "forest"})


def test_a_deletion_is_taken_by_who_made_it_or_by_its_name():
    gone = conflict(None, BEN, group="*")
    for named in ("Ben Ek", "south", "deleted"):
        (decision,) = decisions(contest(gone), PersonsChoice(named=named))
        assert decision.op is Op.DELETE
    assert {told_side(contest(gone), s, "*") for _, s in ways(contest(gone), "*")} == {
        "keep the record",
        "delete the record",
    }


def test_an_edit_of_a_deleted_record_brings_it_back_by_its_author():
    back = conflict(3.0, BEN, group="*")
    (decision,) = decisions(contest(back, deleted=True), PersonsChoice(named="Ben Ek"))
    assert (decision.op, decision.fields) == (Op.UNDELETE, {"area_ha": 3.0})


def test_a_third_value_is_set_as_before():
    choice = PersonsChoice(SideChoice(values={"area_ha": 2.5}))
    (decision,) = decisions(contest(conflict(271.0, BEN)), choice)
    assert decision.fields["area_ha"] == 2.5
