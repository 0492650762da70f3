"""What people type: the one reading of it, and the words where it cannot be read."""

import pytest

from schemas.records import TYPES
from schemas.settings import SettingError, read_settings, read_texts
from schemas.typed import Notation, read_areas
from schemas.validate import load_patch

TABLE = Notation(decimal=",", separator=";")


@pytest.mark.parametrize(
    ("record_type", "setting", "value"),
    [
        ("plot", "area_ha=2.5", 2.5),
        ("plot", "area-ha = 2.5", 2.5),
        ("plot", "land_use=cropland", "cropland"),
        ("plot", "note=a = b", "a = b"),
        ("core", "number=3", 3),
        ("core", "number=3.0", 3),
        ("result", "recovery_applied=Yes", True),
        ("result", "recovery_applied=false", False),
        ("campaign", "crew=Ann, Ben,", ["Ann", "Ben"]),
        ("campaign", "start_date=2026-05-03", "2026-05-03"),
        (
            "project",
            "sampled_strata_ha=clay=1200, loam=3.5",
            {"clay": 1200, "loam": 3.5},
        ),
        ("result", "batch=7", "7"),
        ("plot", "area_ha=", None),
    ],
)
def test_a_setting_is_read_as_a_value_of_its_field(record_type, setting, value):
    patch = read_settings(record_type, [setting])
    assert list(patch.values()) == [value]
    assert load_patch(record_type, patch) == (patch, [])


@pytest.mark.parametrize(
    ("record_type", "setting", "code"),
    [
        ("plot", "area_ha=two", "not_a_number"),
        ("plot", "area_ha=2,500", "not_a_number"),
        ("plot", "area_ha=1_000", "not_a_number"),
        ("plot", "area_ha=nan", "not_a_number"),
        ("plot", "area_ha=1e999", "not_finite"),
        ("plot", "area_ha=-1", "out_of_range"),
        ("plot", "land_use=crops", "not_in_list"),
        ("core", "number=1e999", "not_an_integer"),
        ("core", "number=1.5", "not_an_integer"),
        ("result", "recovery_applied=maybe", "not_true_or_false"),
        ("campaign", "start_date=3 May", "not_a_date"),
        ("campaign", "crew=,", "not_a_list"),
        ("core", "sampled_at=2026-05-03 10:00", "not_an_instant"),
        ("core", "sampled_at=2026-02-30", "not_an_instant"),
        ("project", "sampled_strata_ha=clay", "bad_areas"),
        ("project", "sampled_strata_ha=clay=much", "bad_areas"),
        ("project", "sampled_strata_ha=clay=1, clay=2", "bad_areas"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_field(record_type, setting, code):
    _, (problem,) = load_patch(record_type, read_settings(record_type, [setting]))
    assert problem.code == code
    assert problem.path == setting.partition("=")[0]


@pytest.mark.parametrize("setting", ["area_ha", "area=2", "=2", "id=x"])
def test_what_sets_no_field_is_told_with_the_fields(setting):
    with pytest.raises(SettingError) as caught:
        read_settings("plot", [setting])
    assert setting in caught.value.text
    assert "area-ha" in caught.value.hint


@pytest.mark.parametrize(
    ("settings", "instant", "precision"),
    [
        (["sampled_at=2026-05-03"], "2026-05-03T12:00:00+00:00", "day"),
        (["sampled_at=2026-05-03 10:15+0200"], "2026-05-03T10:15:00+02:00", "instant"),
        (
            ["sampled_precision=month", "sampled_at=2026-05-03"],
            "2026-05-03T12:00:00+00:00",
            "month",
        ),
        (
            ["sampled_at=2026-05-03", "sampled_precision=month"],
            "2026-05-03T12:00:00+00:00",
            "month",
        ),
    ],
)
def test_a_time_comes_with_how_exactly_it_is_known(settings, instant, precision):
    assert read_settings("core", settings) == {
        "sampled_at": instant,
        "sampled_precision": precision,
    }


def test_each_instant_of_a_record_names_the_field_of_its_precision():
    for kind in TYPES.values():
        for name, field in kind.fields.items():
            if type(field).__name__ == "Instant":
                patch = read_texts(kind.name, {name: "2026-05-03"})
                assert load_patch(kind.name, patch) == (patch, [])
                assert len(patch) == 2


@pytest.mark.parametrize(
    ("record_type", "name", "text", "value"),
    [
        ("plot", "area_ha", "2,5", 2.5),
        ("plot", "area_ha", "2.5", "2.5"),  # is it 25?
        ("core", "number", "3,0", 3),
        ("campaign", "crew", "Smith, A.; Jones, B.", ["Smith, A.", "Jones, B."]),
    ],
)
def test_tables_write_numbers_and_lists_in_their_own_way(
    record_type, name, text, value
):
    assert TYPES[record_type].fields[name].read(text, TABLE) == value


def test_a_stratum_that_is_named_twice_loses_no_area():
    pairs = ["clay=1200", "clay=300"]
    assert read_areas(pairs) == pairs
