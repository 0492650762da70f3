"""Field groups: what is named, compared and kept as a whole."""

import pytest

from schemas.fields import FieldClass
from schemas.groups import by_group, completed, members, whole
from schemas.records import TYPES


@pytest.mark.parametrize("kind", TYPES)
def test_fields_of_one_group_are_measurements_together(kind):
    """Only measurements are kept as wholes: descriptions stand alone, each by its stamp."""
    for group in set(TYPES[kind].groups.values()):
        classes = {
            TYPES[kind].fields[name].field_class for name in members(kind, group)
        }
        assert len(classes) == 1
        if len(members(kind, group)) > 1:
            assert classes == {FieldClass.MEASUREMENT}


@pytest.mark.parametrize("kind", TYPES)
def test_every_field_is_in_one_group(kind):
    groups = set(TYPES[kind].groups.values())
    named = [name for group in groups for name in members(kind, group)]
    assert sorted(named) == sorted(TYPES[kind].fields)


def test_a_patch_is_completed_by_what_was_shown():
    shown = {"value": 1.4, "unit": "pct", "method": "oven", "lab": "X"}
    found = completed("result", shown, {"value": 14.0, "note": "again"})
    assert found["note"] == "again"
    assert "lab" not in found
    group = members("result", "value")
    assert {name: found[name] for name in group} == (
        dict.fromkeys(group) | {"value": 14.0, "unit": "pct", "method": "oven"}
    )


def test_a_field_that_is_cleared_stays_cleared():
    shown = {"depth_top_cm": 0.0, "depth_bottom_cm": 30.0}
    found = completed("sample", shown, {"depth_top_cm": None})
    assert found == {"depth_top_cm": None, "depth_bottom_cm": 30.0}


def test_a_group_is_whole_where_fields_are_empty():
    assert whole("campaign", "period", {}) == {"start_date": None, "end_date": None}
    assert by_group("campaign", {"name": "x", "end_date": None}) == {
        "name": {"name": "x"},
        "period": {"end_date": None},
    }


def test_a_group_of_a_newer_program_has_no_members_here():
    assert members("sample", "texture") == ()
