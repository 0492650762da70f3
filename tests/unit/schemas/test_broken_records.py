"""Every bad record of the corpus is told exactly what is wrong with it."""

import contextlib
import json

import pytest

from schemas import rules
from schemas.messages import MessageError, decode_request, encode, parse_object
from schemas.problem_kinds import CHAPTERS, KINDS
from schemas.records import TYPES
from schemas.validate import load_patch, load_record, missing_fields
from tests.corpus import good_records, load_cases, load_lines, over

pytestmark = pytest.mark.slow

CASES = load_cases()
LINES = load_lines()


def told(problems):
    return tuple((problem.code, problem.path) for problem in problems)


def told_by_the_server(case):
    """Judge a put as the server does: the patch, what is missing, the whole record."""
    clean, problems = load_patch(case.type, case.record)
    broken = {problem.path for problem in problems}
    missing = [p for p in missing_fields(case.type, clean) if p.path not in broken]
    return [*problems, *missing, *rules.check(case.type, clean)]


@over(CASES)
def test_a_bad_record_gets_exactly_these_problems(case):
    _, problems = load_record(case.type, case.record)
    assert told(problems) == case.expect


@over(CASES)
def test_laptop_and_server_judge_a_bad_record_alike(case):
    at_the_server = told(told_by_the_server(case))
    # A null is a field left out at entry, and a clearing on the wire.
    as_at_entry = [
        ("required" if code == "null" else code, path) for code, path in at_the_server
    ]
    assert sorted(as_at_entry) == sorted(case.expect)


@over(CASES)
def test_what_is_told_can_be_sent_and_stored(case):
    _, problems = load_record(case.type, case.record)
    for problem in problems:
        data = problem.as_data()
        assert json.loads(encode(data)) == data
        assert "\0" not in encode(data).decode()
        assert len(encode(data)) < 2_000


@over(CASES)
def test_raw_cases_are_those_that_cannot_be_said_on_the_wire(case):
    line = json.dumps({"k": "c", "f": dict(case.record)}).encode()
    with pytest.raises(MessageError) as caught:
        decode_request(line)
    assert caught.value.problem.code == (
        "bad_message" if case.fits_the_wire else "bad_json"
    )


@pytest.mark.parametrize("record_type", TYPES)
def test_a_good_record_of_each_type_has_no_problem_and_stays_as_it_is(record_type):
    record = good_records()[record_type]
    assert load_record(record_type, record) == (record, [])
    assert load_patch(record_type, record) == (record, [])


@pytest.mark.parametrize("record_type", TYPES)
def test_the_corpus_breaks_every_field(record_type):
    cases = load_cases(record_type)
    broken = {path for case in cases for _, path in case.expect}
    assert len(cases) >= 12
    assert set(TYPES[record_type].fields) <= broken


def test_the_corpus_meets_every_problem_a_record_can_have():
    met = {code for case in CASES for code, _ in case.expect}

    of_records = [
        code
        for chapter in ("Field problems", "Problems across fields", "Warnings")
        for code in CHAPTERS[chapter]
    ]
    # These need more than one record, or a patch.
    elsewhere = {"null", "not_an_object", "depth_beyond_core", "not_deleted"}
    assert set(of_records) - met == elsewhere


@over(LINES)
def test_a_hostile_line_is_refused_with_its_reason(case):
    with pytest.raises(MessageError) as caught:
        decode_request(case.raw)
    problem = caught.value.problem
    assert problem.code == case.expect
    assert KINDS[problem.code].status == 400
    assert encode(problem.as_data())


@over(LINES)
def test_a_hostile_line_is_named_if_it_can_be_and_never_breaks_the_reader(case):
    with contextlib.suppress(MessageError):
        assert isinstance(parse_object(case.raw), dict)
