"""Single cells and values of a mapping."""

import pytest

from collector.tables.cells import depths, sampling_time
from collector.tables.mapping import DateRule, DepthRule
from collector.tables.values import CellError, SpecError, columns, evaluate, read_spec
from schemas.typed import TYPED

YEARS = read_spec(
    {
        "by_year": [
            {"until": 1987, "value": "tinsley"},
            {"years": [1990, 1995], "value": "{m}"},
            {"from": 2000, "value": 5},
        ]
    }
)


@pytest.mark.parametrize(
    ("year", "value"),
    [
        (1900, "tinsley"),
        (1987, "tinsley"),
        (1988, None),
        (1995, "x"),
        (2000, 5),
        (None, None),
    ],
)
def test_a_value_may_depend_on_the_year(year, value):
    assert evaluate(YEARS, {"m": "x"}, year) == value
    assert list(columns(YEARS)) == ["m"]


@pytest.mark.parametrize(
    ("spec", "value"),
    [
        ("WB", "WB"),
        ("WB{block}", "WB1.000"),
        ("WB{block:int}", "WB1"),
        ("{%SOC}", "2.8"),
        ("{code:upper}", "AB"),
        ("{empty}", None),
        ("X{empty}", None),
        ({"first": ["{empty}", "{code}"]}, "aB"),
        (7, 7),
    ],
)
def test_templates_are_filled_or_give_nothing(spec, value):
    cells = {"block": "1.000", "%SOC": "2.8", "code": "aB", "empty": None}
    assert evaluate(read_spec(spec), cells, None) == value


@pytest.mark.parametrize(
    "spec", [{"first": 3}, {"nope": 1}, {"by_year": [{"until": "x", "value": 1}]}]
)
def test_what_is_no_value_is_refused(spec):
    with pytest.raises(SpecError):
        read_spec(spec)


def test_a_whole_number_is_not_cut_out_of_a_broken_one():
    with pytest.raises(CellError, match="whole"):
        evaluate(read_spec("{a:int}"), {"a": "1.5"}, None)


@pytest.mark.parametrize(
    ("label", "found"),
    [
        ("0-23", (0, 23)),
        ("0 - 7.5 cm", (0, 7.5)),
        ("0\u201310", (0, 10)),
        ("10 to 20", (10, 20)),
    ],
)
def test_depth_labels_are_read(label, found):
    rule = DepthRule(label=read_spec("{d}"))
    assert depths(rule, {"d": label}, None, TYPED) == found


@pytest.mark.parametrize(
    "label", ["10-May", "May-10", "2026-05-10", "10. Mai", "5/10/2026"]
)
def test_a_depth_that_a_spreadsheet_turned_into_a_date_is_seen(label):
    with pytest.raises(CellError, match="spreadsheet"):
        depths(DepthRule(label=read_spec("{d}")), {"d": label}, None, TYPED)


@pytest.mark.parametrize("label", ["topsoil", "30", "-10-20"])
def test_a_label_that_is_no_depth_is_refused(label):
    with pytest.raises(CellError, match="not a depth"):
        depths(DepthRule(label=read_spec("{d}")), {"d": label}, None, TYPED)


def test_depths_counted_upward_are_turned_around():
    rule = DepthRule(sign=-1, top=read_spec("{t}"), bottom=read_spec("{b}"))
    found = depths(rule, {"t": "0", "b": "-30"}, None, TYPED)
    assert [str(depth) for depth in found] == ["0.0", "30.0"]


def test_centre_and_thickness_below_ground_may_be_negative_too():
    rule = DepthRule(sign=-1, centre=read_spec("{c}"), thickness=read_spec("{t}"))
    assert depths(rule, {"c": "-15", "t": "10"}, None, TYPED) == (10.0, 20.0)


def test_a_thickness_beside_both_depths_is_held_against_them():
    specs = {name: read_spec(f"{{{name}}}") for name in ("top", "bottom", "thickness")}
    rule = DepthRule(**specs)
    for thickness in ("28", "28.001", None):
        cells = {"top": "12", "bottom": "40", "thickness": thickness}
        assert depths(rule, cells, None, TYPED) == (12.0, 40.0)
    with pytest.raises(CellError, match="not bottom minus top, which is 28"):
        depths(rule, {"top": "12", "bottom": "40", "thickness": "25"}, None, TYPED)


def test_an_instant_keeps_its_time_and_the_offset_the_mapping_states():
    rule = DateRule(read_spec("{d}"), ("%d/%m/%Y %H:%M",), "instant", offset="+01:00")
    found = sampling_time((rule,), {"d": "03/05/2026 14:30"}, None)
    assert found[1:] == ("2026-05-03T14:30:00+01:00", "instant")


@pytest.mark.parametrize("text", ["2026-02-30", "spring", "26-05-03"])
def test_a_day_that_does_not_exist_is_refused(text):
    rule = DateRule(read_spec("{d}"), ("%Y-%m-%d",), "day")
    with pytest.raises(CellError, match="not a date"):
        sampling_time((rule,), {"d": text}, None)


def test_a_leap_day_stands_for_a_year_that_has_none_in_no_way():
    rule = DateRule(read_spec("{d}"), ("%Y",), "year", month_day="02-29")
    with pytest.raises(CellError):
        sampling_time((rule,), {"d": "2025"}, None)
