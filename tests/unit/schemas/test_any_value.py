"""Whatever comes in, the answer is clean fields and a list of problems."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import evolve
from schemas.messages import encode
from schemas.problems import Problem, from_data, short
from schemas.records import TYPES, record_id
from schemas.validate import errors, load_patch, load_record, missing_fields, warnings
from schemas.version import SCHEMA_VERSION
from tests.corpus import good_records
from tests.unit.schemas.strategies import any_json, any_text, good, labels

pytestmark = pytest.mark.slow

FIELD_KINDS = {
    type(field).__name__: (name, key)
    for name, kind in TYPES.items()
    for key, field in kind.fields.items()
}
types = st.sampled_from(list(TYPES))


def good_patches(record_type):
    """Return patches of good values, each field there or not."""
    fields = TYPES[record_type].fields
    return st.fixed_dictionaries({}, optional={k: good(f) for k, f in fields.items()})


def assert_are_problems(problems):
    for problem in problems:
        assert isinstance(problem, Problem)
        assert json.loads(encode(problem.as_data())) == problem.as_data()
        assert from_data(problem.as_data()).code == problem.code
        assert str(problem)


@pytest.mark.parametrize("kind", FIELD_KINDS)
@given(value=any_json)
def test_any_value_in_any_kind_of_field_gives_problems_and_nothing_else(kind, value):
    record_type, field = FIELD_KINDS[kind]
    for record in ({field: value}, {**good_records()[record_type], field: value}):
        _, found_in_patch = load_patch(record_type, record)
        _, found = load_record(record_type, record)
        assert_are_problems([*found_in_patch, *found])
        assert all(problem.path == field for problem in found_in_patch)


@given(record_type=types, record=st.dictionaries(any_text, any_json, max_size=4))
def test_any_object_gives_problems_in_one_order(record_type, record):
    clean, problems = load_record(record_type, record)
    again, in_reverse = load_record(record_type, dict(reversed(record.items())))
    assert_are_problems(problems)
    assert (clean, problems) == (again, in_reverse) or "nan" in repr(record)


@given(data=st.data(), record_type=types)
def test_loading_twice_changes_nothing(data, record_type):
    patch = data.draw(good_patches(record_type))
    clean, problems = load_patch(record_type, patch)
    assert problems == []
    assert load_patch(record_type, clean) == (clean, [])
    assert encode(load_patch(record_type, json.loads(encode(clean)))[0]) == encode(
        clean
    )


@given(data=st.data(), record_type=types)
def test_a_good_field_stays_good_beside_any_other_field(data, record_type):
    patch = data.draw(good_patches(record_type))
    field = data.draw(st.sampled_from(list(TYPES[record_type].fields)))
    mixed = {**patch, field: object()}
    clean, problems = load_patch(record_type, mixed)
    assert [problem.path for problem in problems] == [field]
    assert set(clean) == set(patch) - {field}


@given(data=st.data(), record_type=types)
def test_a_whole_record_is_errors_and_warnings_and_never_both(data, record_type):
    patch = data.draw(good_patches(record_type))
    _, problems = load_record(record_type, patch)
    assert errors(problems) + warnings(problems) == problems
    required = [p.path for p in problems if p.code == "required"]
    assert required == [p.path for p in missing_fields(record_type, patch)]


@given(data=st.data(), record_type=types)
def test_every_published_version_can_be_lifted(data, record_type):
    patch = data.draw(good_patches(record_type))
    for version in evolve.PUBLISHED:
        unknown = {"a_field_of_tomorrow": [1]}
        lifted = evolve.up_cast(record_type, version, patch | unknown)
        assert lifted["a_field_of_tomorrow"] == [1]
    assert evolve.up_cast(record_type, SCHEMA_VERSION, patch) == patch


def test_a_version_that_was_never_published_is_not_lifted():
    for version in (0, SCHEMA_VERSION + 1, -1):
        with pytest.raises(KeyError):
            evolve.up_cast("plot", version, {})


@given(text=labels)
def test_one_accented_letter_in_two_spellings_is_one_name(text):
    spelled = unicodedata.normalize("NFD", text)
    (one, problems), (other, _) = (
        load_patch("plot", {"code": spelling}) for spelling in (text, spelled)
    )
    project_id = "0197b7c0-1000-7000-8000-000000000001"
    if not problems:
        assert one == other
        assert record_id(project_id, "plot", {"code": text}) == record_id(
            project_id, "plot", {"code": spelled}
        )


def test_a_crew_has_one_form_whatever_its_order():
    one, _ = load_patch("campaign", {"crew": ["Bo", "Ana"]})
    other, _ = load_patch("campaign", {"crew": ["Ana", "Bo"]})
    assert one == other


def test_equal_numbers_and_boundaries_are_equal_texts():
    square = [[0, 0], [1, 0], [1, 1], [0, 0]]
    fine = [[-0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [-0.0, 0.0]]
    texts = {
        encode(load_patch("plot", {"area_ha": area, "geometry": geometry})[0])
        for area, geometry in (
            (1, {"type": "Polygon", "coordinates": [square]}),
            (1.0, {"coordinates": [fine], "type": "Polygon"}),
        )
    }
    assert len(texts) == 1
    assert encode(load_patch("sample", {"depth_top_cm": -0.0})[0]) == (
        b'{"depth_top_cm":0.0}'
    )


def test_a_clean_boundary_shares_nothing_with_its_input():
    ring = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]
    clean, _ = load_patch(
        "plot", {"geometry": {"type": "Polygon", "coordinates": [ring]}}
    )
    ring.clear()
    assert len(clean["geometry"]["coordinates"][0]) == 4


def test_null_clears_what_may_be_empty_and_nothing_else():
    for name, kind in TYPES.items():
        for key, field in kind.fields.items():
            _, problems = load_patch(name, {key: None})
            assert [p.code for p in problems] == (["null"] if field.required else [])


@given(value=any_json)
def test_a_repeated_value_is_short_and_plain(value):
    said = short(value)
    assert json.loads(encode({"value": said})) == {"value": said}
    if isinstance(said, str):
        assert len(said) <= 80
        assert said.isprintable()


def test_a_value_nested_without_end_is_told_in_short():
    nested = []
    for _ in range(50_000):
        nested = [nested]
    _, problems = load_patch("plot", {"code": nested, "geometry": nested})
    assert [p.code for p in problems] == ["not_text", "not_a_polygon"]
    assert all(len(encode(problem.as_data())) < 500 for problem in problems)
    while nested:
        nested = nested[0]


def test_a_number_that_python_refuses_to_print_is_told_in_short():
    endless = 10**5000
    _, problems = load_patch(
        "core", {"number": endless, "lon": endless, "tool": [endless]}
    )
    assert [p.code for p in problems] == ["out_of_range", "out_of_range", "not_text"]
    assert all(str(problem) and problem.as_data() for problem in problems)


def test_a_problem_of_a_newer_server_stays_readable():
    said = {"code": "too_salty", "path": "water", "text": "too salty", "hint": "rinse"}
    problem = from_data(said)
    assert problem.code == "unknown_problem"
    assert problem.path == "water"
    assert "too_salty: too salty; rinse" in problem.text
