"""Names, stamps and hashes: the same on every laptop, in order, unforgeable."""

import hashlib
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import chain, hlc
from schemas.fields import FieldClass
from schemas.ids import is_id, natural_id, uuid7
from schemas.records import (
    TYPES,
    key_text,
    label,
    natural_key,
    record_id,
    references_of,
)
from tests.corpus import founding_changes, good_records
from tests.unit.schemas.strategies import any_json, any_text, ids, labels

PROJECT_ID = "0197b7c0-1000-7000-8000-000000000001"
OTHER = "0197b7c0-1000-7000-8000-000000000002"
wall_clocks = st.integers(-(2**60), 2**60)


@given(unix_ms=st.integers(0, 2**48 - 1), bits=st.integers(0, 2**74 - 1))
def test_a_fresh_id_is_a_canonical_uuid_of_version_7(unix_ms, bits):
    name = uuid7(unix_ms, bits)
    parsed = uuid.UUID(name)
    assert is_id(name)
    assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)
    assert parsed.int >> 80 == unix_ms


@given(one=st.integers(0, 2**74 - 1), other=st.integers(0, 2**74 - 1))
def test_fresh_ids_of_one_millisecond_differ_as_their_random_bits_do(one, other):
    assert (uuid7(7, one) == uuid7(7, other)) == (one == other)


@given(value=any_json)
def test_anything_but_a_canonical_id_is_no_id(value):
    if is_id(value):
        assert str(uuid.UUID(value)) == value


def parses_back(text):
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


# Digits of other scripts, braces and line ends: what uuid.UUID is lenient about.
@given(
    text=any_text
    | st.text("0123456789abcdefABCDEF-{}\n\u0661", min_size=30, max_size=40)
    | st.from_regex(r"[0-9a-fA-F\u0661]{8}(-[0-9a-f\u0661]{4}){3}-[0-9a-fG]{12}\n?")
)
def test_an_id_is_what_uuid_reads_and_writes_back(text):
    assert is_id(text) == parses_back(text)


@given(name=ids)
def test_an_id_has_one_spelling(name):
    assert is_id(name)
    for other in (name.upper(), f"{{{name}}}", name.replace("-", ""), f"{name}\n"):
        assert other == name or not is_id(other)


@pytest.mark.parametrize("record_type", TYPES)
def test_two_laptops_name_the_same_record_alike(record_type):
    record = dict(good_records()[record_type])
    one = record_id(PROJECT_ID, record_type, record)
    seen_by_another = dict(reversed(record.items())) | {"note": "other words"}
    assert record_id(PROJECT_ID, record_type, seen_by_another) == one
    assert record_id(OTHER, record_type, record) != one


@pytest.mark.parametrize("record_type", TYPES)
def test_another_key_is_another_record(record_type):
    record = good_records()[record_type]
    for part in TYPES[record_type].key:
        changed = record | {part: "something else"}
        assert record_id(PROJECT_ID, record_type, changed) != (
            record_id(PROJECT_ID, record_type, record)
        )


#: Nobody may remember the first day; an answer is about one of four records.
MAY_BE_MISSING = {"from_date", "plot_id", "point_id", "core_id", "sample_id"}


@pytest.mark.parametrize("record_type", TYPES)
def test_what_names_a_record_is_only_replaced_by_someone_who_had_seen_it(record_type):
    kind = TYPES[record_type]
    for part in kind.key:
        assert kind.fields[part].field_class is FieldClass.MEASUREMENT
        assert kind.fields[part].required or part in MAY_BE_MISSING


def test_one_label_on_bags_of_two_cores_is_two_records_with_one_key():
    one = good_records()["sample"]
    other = one | {"core_id": OTHER}
    assert natural_key("sample", one) == natural_key("sample", other)
    assert record_id(PROJECT_ID, "sample", one) != record_id(
        PROJECT_ID, "sample", other
    )


def test_a_key_with_an_empty_part_is_written_as_laptops_have_it_on_disk():
    practice = {"plot_id": "p", "family": "other", "what": "limed"}
    assert key_text("practice", practice) == "p\x1fother\x1flimed\x1fNone"


@pytest.mark.parametrize("record_type", TYPES)
def test_a_label_names_no_other_record(record_type):
    record = good_records()[record_type]
    said = label(record_type, record)
    assert said.startswith(record_type)
    assert not any(
        target in said for target in references_of(record_type, record).values()
    )
    assert label(record_type, {}) == record_type


def test_a_type_or_value_that_nobody_knows_is_labelled_tamely():
    assert label("forest", {"code": "A"}) == "forest"
    assert label("plot", {"code": ["x\n"] * 1000}).isprintable()
    assert references_of("forest", {"plot_id": "x"}) == {}
    assert references_of("point", {"plot_id": ["x"]}) == {}


def test_the_golden_ids_never_change():
    for change in founding_changes():
        assert record_id(change["s"], change["t"], change["f"]) == change["r"]


@given(a=labels, b=labels, c=labels, d=labels)
def test_two_keys_never_run_into_each_other(a, b, c, d):
    same = natural_id(PROJECT_ID, "point", [a, b]) == natural_id(
        PROJECT_ID, "point", [c, d]
    )
    assert same == ((a, b) == (c, d))


@given(lines=st.lists(st.binary(max_size=20), min_size=1, max_size=6), data=st.data())
def test_a_chain_shows_every_change_of_any_line_before_it(lines, data):
    def follow(raw_lines):
        digest = chain.START
        for raw in raw_lines:
            digest = chain.link(digest, raw)
        return digest

    place = data.draw(st.integers(0, len(lines) - 1))
    forged = [*lines]
    forged[place] += b"x"
    assert follow(lines) != follow(forged)
    assert follow(lines) != follow(lines[:-1])
    last = hashlib.sha256(follow(lines[:-1]) + lines[-1]).digest()
    assert follow(lines) == last


def test_a_hash_of_another_length_is_a_bug():
    with pytest.raises(AssertionError):
        chain.link(b"", b"{}")


@given(clocks=st.lists(wall_clocks, min_size=1, max_size=20))
def test_stamps_only_grow_and_fit_63_bits_whatever_the_clock_says(clocks):
    last = 0
    for clock in clocks:
        stamp = hlc.tick(last, clock)
        assert last < stamp < 2**63
        last = stamp


@given(clock=st.integers(0, 2**46 - 1))
def test_a_stamp_tells_its_wall_time(clock):
    assert hlc.wall_ms(hlc.at(clock)) == clock
    assert hlc.tick(0, clock + 1) == hlc.at(clock + 1) or clock + 1 == 2**46
