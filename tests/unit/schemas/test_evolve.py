"""Version 1 lifts to version 2, whatever it says; names people know stay good."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import evolve
from schemas.records import TYPES
from schemas.sets import joined
from schemas.validate import load_patch
from tests.corpus import FIXTURES
from tests.unit.schemas.strategies import any_json, any_text, attachments, good

pytestmark = pytest.mark.slow

V1 = json.loads((FIXTURES / "wire/v1/records.json").read_text("utf-8"))["types"]
TO_2 = evolve.STEPS[1]


@st.composite
def patches_of_version_1(draw):
    """Return a type and any subset of its fields as of version 1, with any values."""
    kind = draw(st.sampled_from(list(V1)))
    patch = {}
    for name in V1[kind]["fields"]:
        if draw(st.booleans()):
            now = TYPES[kind].fields.get(name)
            values = any_json | (st.booleans() if now is None else good(now))
            patch[name] = draw(values)
    unknown = st.dictionaries(any_text | st.just("lab_batch"), any_json, max_size=2)
    return kind, patch | draw(unknown)


@given(given=patches_of_version_1())
def test_every_patch_of_version_1_is_lifted_and_nothing_of_it_is_lost(given):
    kind, patch = given
    before = copy.deepcopy(patch)
    lifted = evolve.up_cast(kind, 1, patch)
    assert repr(patch) == repr(before), "a step changes nothing in place"
    assert len(lifted) == len(patch)
    for name, value in patch.items():
        new = evolve.present_name(kind, name)
        kept = lifted[name if name != new and new in patch else new]
        assert kept is value or (value, kept) in {(True, "present"), (False, "none")}
    load_patch(kind, lifted)


@given(given=patches_of_version_1())
def test_what_was_lifted_already_stays_as_it_is(given):
    kind, patch = given
    once = TO_2(kind, patch)
    assert repr(TO_2(kind, once)) == repr(once)


@given(kind=st.sampled_from(list(TYPES)), data=st.data())
def test_a_record_of_version_2_is_no_version_1_and_is_left_alone(kind, data):
    fields = {k: data.draw(good(f)) for k, f in TYPES[kind].fields.items()}
    assert evolve.up_cast_row(kind, fields) == fields


@pytest.mark.parametrize(
    ("kind", "was", "now"),
    [
        ("result", {"batch": "A-1"}, {"lab_batch": "A-1"}),
        ("result", {"batch": None}, {"lab_batch": None}),
        ("plot", {"batch": "A-1"}, {"batch": "A-1"}),
        ("sample", {"carbonate_reaction": True}, {"carbonate_class": "present"}),
        ("sample", {"carbonate_reaction": False}, {"carbonate_class": "none"}),
        ("sample", {"carbonate_reaction": None}, {"carbonate_class": None}),
        ("sample", {"carbonate_reaction": 1}, {"carbonate_class": 1}),
        (
            "sample",
            {"carbonate_reaction": True, "carbonate_class": "strong"},
            {"carbonate_reaction": True, "carbonate_class": "strong"},
        ),
    ],
)
def test_the_step_from_1_to_2(kind, was, now):
    lifted = evolve.up_cast(kind, 1, was)
    assert lifted == now
    assert [type(v) for v in lifted.values()] == [type(v) for v in now.values()]


def test_every_field_of_version_1_is_still_there_and_takes_no_less():
    for kind, said in V1.items():
        for name, was in said["fields"].items():
            now = TYPES[kind].fields[evolve.present_name(kind, name)]
            assert (str(now.field_class), now.required) == (
                was["class"],
                was["required"],
            )
            if type(now).__name__ == was["kind"]:
                assert {k: now.bounds()[k] for k in now.bounds()} == {
                    k: was[k] for k in now.bounds()
                }


def test_a_conflict_told_in_version_1_is_told_in_version_2():
    told = {
        "id": "x:batch",
        "group": "batch",
        "base": None,
        "theirs": {"batch": "A"},
        "ours": {"batch": "B"},
    }
    assert evolve.up_cast_conflict("result", told) == {
        "id": "x:batch",
        "group": "lab_batch",
        "base": None,
        "theirs": {"lab_batch": "A"},
        "ours": {"lab_batch": "B"},
    }


def test_former_names_lead_to_the_present_one():
    assert evolve.former_names("result", "lab_batch") == ["batch"]
    assert evolve.present_name("result", "batch") == "lab_batch"
    assert evolve.former_names("result", "note") == []


sets = st.lists(attachments, unique_by=lambda item: item["sha256"], max_size=4)


@given(one=sets, other=sets)
def test_two_sets_of_files_meet_in_one_way_and_nothing_is_lost(one, other):
    both = joined(one, other)
    assert both == joined(other, one) == joined(both, one)
    hashes = [item["sha256"] for item in both]
    assert hashes == sorted({item["sha256"] for item in one + other})
    assert all(item in one or item in other for item in both)


def test_one_file_with_two_names_keeps_one_of_them():
    file = {"sha256": "a" * 64, "size": 1, "mime": "image/png"}
    first, second = {**file, "name": "a.png"}, {**file, "name": "b.png"}
    assert joined([first], [second]) == joined([second], [first]) == [first]


def test_sets_of_names_meet_as_ever():
    assert joined(["Bo", "Ana"], ["Cy", "Bo"]) == ["Ana", "Bo", "Cy"]
    assert joined(None, ["Bo"]) == joined(["Bo"], None) == ["Bo"]


@pytest.mark.parametrize("version", sorted(evolve.PUBLISHED))
@given(kind=st.sampled_from(list(TYPES)), data=st.data())
def test_unknown_fields_of_any_version_stay_and_are_refused_by_name(
    version, kind, data
):
    known = TYPES[kind].fields.keys() | V1.get(kind, {}).get("fields", {}).keys()
    names = any_text.filter(lambda name: name not in known)
    unknown = data.draw(st.dictionaries(names, any_json, min_size=1, max_size=3))
    lifted = evolve.up_cast(kind, version, dict(unknown))
    assert repr(lifted) == repr(unknown)
    clean, problems = load_patch(kind, lifted)
    assert clean == {}
    assert {problem.code for problem in problems} == {"unknown_field"}
    assert len(problems) == len(unknown)
