"""The quick way gives what marshmallow gives, and takes it only where all is well."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError, fields

from schemas import strict_json, validate
from schemas.judging import QuickLoader, loader
from schemas.message_shapes import SHAPES
from schemas.records import TYPES
from tests.corpus import WIRE, good_records, load_cases, load_lines, over
from tests.unit.schemas.strategies import any_json, any_text, good

pytestmark = pytest.mark.slow

QUICK = {name: QuickLoader(loader(name), validate._TABLES[name]) for name in TYPES}
LOADERS = {name: SHAPES[name] for name in ("request", "response")}
LINES = [
    (name, json.loads(line))
    for name in LOADERS
    for line in (WIRE / f"{name}.ndjson").read_bytes().splitlines()
]


def judged(load, data, **options):
    """Return what a loader makes of data, in its order, or everything it complains of."""
    try:
        found = load(data, **options)
    except ValidationError as error:
        return "refused", repr(error.messages), repr(error.valid_data)
    return "clean", repr(found)


def assert_alike(quick, data, **options):
    assert judged(quick.load, data, **options) == (
        judged(quick.schema.load, data, **options)
    )


@pytest.mark.parametrize("partial", [False, True])
@over(load_cases())
def test_the_corpus_is_judged_alike(case, partial):
    assert_alike(QUICK[case.type], case.record, partial=partial)


@given(data=st.data(), record_type=st.sampled_from(list(TYPES)), partial=st.booleans())
def test_records_with_good_odd_and_unknown_fields_are_judged_alike(
    data, record_type, partial
):
    kinds = TYPES[record_type].fields
    record = {
        name: data.draw(good(field) | st.none() | any_json)
        for name, field in kinds.items()
        if data.draw(st.booleans())
    }
    record |= data.draw(st.dictionaries(any_text, any_json, max_size=1))
    assert_alike(QUICK[record_type], record, partial=partial)


@given(value=any_json)
def test_what_is_no_object_is_judged_alike(value):
    assert_alike(QUICK["plot"], value, partial=True)


@pytest.mark.parametrize("record_type", TYPES)
def test_a_good_record_goes_the_quick_way(record_type):
    record = good_records()[record_type]
    assert QUICK[record_type].table.clean(record) == record
    first = dict(list(record.items())[:1])
    assert QUICK[record_type].table.clean(first, partial=True) == first
    assert QUICK[record_type].table.clean(record | {"stranger": 1}) is None


@pytest.mark.parametrize(("name", "line"), LINES)
def test_a_golden_line_goes_the_quick_way_and_reads_alike(name, line):
    quick = LOADERS[name][line["k"]]
    assert repr(quick.table.clean(line)) == repr(quick.schema.load(line))


@over(load_lines())
def test_a_hostile_line_is_judged_alike(case):
    try:
        data = strict_json.read(case.raw)
    except ValueError:
        return  # refused before any schema is asked
    for quick in LOADERS["request"].values():
        assert_alike(quick, data)


@pytest.mark.parametrize("value", ["text", b"", {}, {"a": 1}, [], [None], 7, True])
def test_a_value_of_another_shape_is_judged_alike(value):
    for name, line in LINES:
        for key in line:
            assert_alike(LOADERS[name][line["k"]], line | {key: value})


@given(chosen=st.sampled_from(LINES), data=st.data())
def test_a_changed_line_is_judged_alike(chosen, data):
    name, line = chosen
    keys = st.sampled_from(sorted(line))
    changed = dict(line)
    for key in data.draw(st.lists(keys, unique=True, max_size=3)):
        del changed[key]
    # The value of another key, or of another line, fits more often than chance.
    values = any_json | st.sampled_from(
        [v for _, other in LINES for v in other.values()]
    )
    changed |= data.draw(st.dictionaries(keys | any_text, values, max_size=2))
    assert_alike(LOADERS[name][line["k"]], changed)


@given(item=any_json, data=st.data())
def test_items_of_lists_and_objects_of_a_line_are_judged_alike(item, data):
    name, line = data.draw(st.sampled_from([LINES[0], *LINES[-8:]]))
    holders = [key for key, value in line.items() if isinstance(value, list | dict)]
    if not holders:
        return
    key = data.draw(st.sampled_from(holders))
    changed = (
        [*line[key], item]
        if isinstance(line[key], list)
        else line[key] | {data.draw(any_text): item}
    )
    assert_alike(LOADERS[name][line["k"]], line | {key: changed})


def test_a_field_that_the_table_does_not_know_is_checked_by_marshmallow():
    class Odd(Schema):
        number = fields.Integer()
        names = fields.Dict(keys=fields.String(validate=lambda _: None))
        place = fields.List(fields.Raw())

    quick = QuickLoader(Odd())
    for data in (
        {"number": "7"},
        {"number": 7},
        {"names": {"a": 1}},
        {"place": [None]},
    ):
        assert_alike(quick, data)
    assert quick.load({"number": "7"}) == {"number": 7}
