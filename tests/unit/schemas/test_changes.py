"""From a line of a log to the change that it says, judged on its own."""

import json

import pytest

from schemas import chain
from schemas.changes import read_change
from schemas.messages import MessageError
from schemas.problems import Problem
from schemas.version import SCHEMA_VERSION
from server.merge.preconditions import validate
from tests.unit.merge.building import NOW, PLOT, PROJECT, delete, put

HASH = bytes(range(32))
OTHER = "0190a000-0000-7000-8000-0000000000aa"
LINE = {
    "k": "c",
    "n": 7,
    "h": 99,
    "s": PROJECT,
    "t": "plot",
    "r": PLOT.id,
    "o": "put",
    "v": SCHEMA_VERSION,
    "f": {"code": "A"},
}


def read(**more):
    raw = json.dumps(LINE | more).encode()
    return raw, read_change("log", raw, HASH)


def test_a_line_is_read_with_its_place_and_its_raw_bytes():
    raw, change = read()
    assert (change.log_id, change.n, change.hlc) == ("log", 7, 99)
    assert (change.project_id, change.type, change.record_id) == (
        PROJECT,
        "plot",
        PLOT.id,
    )
    assert (change.op, change.version, change.fields) == (
        "put",
        SCHEMA_VERSION,
        {"code": "A"},
    )
    assert (change.raw, change.hash, change.unreadable) == (raw, HASH, "")


def test_what_a_line_leaves_out_is_not_there():
    _, change = read()
    said = (change.base, change.person, change.replaces, change.group, change.reason)
    assert said == (None,) * 5
    assert (change.resolves, change.bases, change.seen) == ((), {}, frozenset())


def test_the_id_of_a_change_follows_from_the_chain_unless_it_says_one():
    assert read()[1].id == chain.change_id(HASH)
    assert read(i=OTHER)[1].id == OTHER


def test_the_rows_that_an_author_saw_are_read_for_the_change_and_for_its_groups():
    _, change = read(b=[OTHER, 4], bg={"note": [OTHER, 2], "code": None})
    assert change.base == (OTHER, 4)
    seen = {group: change.base_of(group) for group in ("note", "code", "area_ha")}
    assert seen == {"note": (OTHER, 2), "code": None, "area_ha": (OTHER, 4)}


def test_a_decision_has_seen_what_it_says_and_the_sides_that_it_names():
    sides = [f"{PLOT.id}:note", f"{PROJECT}:*"]
    _, change = read(o="resolve", c=sides, a=[OTHER], y="asked", u="Bo", x=OTHER)
    assert change.resolves == tuple(sides)
    assert change.seen == {OTHER, PLOT.id, PROJECT}
    assert (change.reason, change.person, change.replaces) == ("asked", "Bo", OTHER)


def test_the_event_of_a_change_is_read():
    assert read(g=OTHER)[1].group == OTHER


# Lines that cannot be understood ------------------------------------------------------


def test_a_line_that_names_itself_is_kept_though_it_cannot_be_understood():
    raw, change = read(h="noon")
    assert (change.n, change.project_id, change.record_id) == (7, PROJECT, PLOT.id)
    assert (change.type, change.op, change.version) == ("unknown", "unknown", 0)
    assert (change.hlc, change.fields, change.base) == (0, {}, None)
    assert change.raw == raw
    assert change.unreadable == '{"h": ["not_an_integer"]}'


def test_a_line_that_cannot_be_understood_keeps_the_id_it_says_if_that_is_one():
    assert read(h="noon")[1].id == chain.change_id(HASH)
    assert read(h="noon", i=OTHER)[1].id == OTHER
    assert read(h="noon", i="seven")[1].id == chain.change_id(HASH)


def test_a_line_without_a_record_is_kept_under_its_own_id():
    _, change = read(r="no id")
    assert change.record_id == change.id == chain.change_id(HASH)


@pytest.mark.parametrize(
    "more",
    [{"n": "seven"}, {"n": True}, {"s": "no id"}, {"s": None}],
    ids=["no place", "no number", "no project", "none"],
)
def test_a_line_that_names_neither_place_nor_project_is_no_change(more):
    with pytest.raises(MessageError):
        read(h="noon", **more)


@pytest.mark.parametrize("raw", [b"no json", b"[1]", b'{"k":"end"}'])
def test_what_is_no_line_of_a_change_is_refused(raw):
    with pytest.raises(MessageError):
        read_change("log", raw, HASH)


def test_a_line_of_another_kind_is_named():
    with pytest.raises(MessageError) as refused:
        read_change("log", b'{"k":"end"}', HASH)
    assert refused.value.problem.detail == "expected a change, found end"


# Judged on its own --------------------------------------------------------------------

# fmt: off
FAULTS = {  # what is wrong with its envelope: the problem, its path and value
    "a line that cannot be understood": ({"unreadable": "cut"}, ("unreadable_change", "", None)),
    "a stamp of 0": ({"hlc": 0}, ("unreadable_change", "h", 0)),
    "a type that only the server writes": ({"type": "stock"}, ("derived_type", "t", "stock")),
    "a type that nobody knows": ({"type": "yield"}, ("unknown_type", "t", "yield")),
    "an operation that nobody knows": ({"op": "move"}, ("unknown_op", "o", "move")),
    "a version that was never published": ({"version": 0}, ("unknown_schema", "v", 0)),
    "a version of a newer program":
        ({"version": SCHEMA_VERSION + 1}, ("unknown_schema", "v", SCHEMA_VERSION + 1)),
}
# fmt: on


@pytest.mark.parametrize(("more", "problem"), FAULTS.values(), ids=FAULTS)
def test_a_change_is_refused_for(more, problem):
    change = put("bo1", PLOT, {"code": "A"}).change._replace(**more)
    found = validate(change)
    (why,) = found.problems
    assert (why.code, why.path, why.value) == problem
    assert found.fields == {}
    assert found.change is change


def test_the_first_stamp_of_all_is_a_stamp():
    assert put("bo1", PLOT, {"code": "A"}, at=1).problems == []


def test_the_fields_of_an_older_version_are_lifted_to_the_present_one():
    said = {"carbonate_reaction": True}
    change = put("bo1", PLOT._replace(type="sample"), said, version=1)
    assert change.fields == {"carbonate_class": "present"}
    assert change.change.fields == said


def test_a_change_keeps_its_good_fields_beside_its_faults():
    change = put("bo1", PLOT, {"area_ha": -1.0, "code": "A"})
    assert change.fields == {"code": "A"}
    assert [problem.code for problem in change.problems] == ["out_of_range"]


def test_nothing_is_required_of_a_patch():
    assert delete("bo1", PLOT, saw=1).problems == []
    assert put("bo1", PLOT, {"note": "wet"}).change.base is None
    assert put("bo1", PLOT, saw=3).change.base == (NOW, 3)


def test_a_stamp_of_0_is_told_as_that():
    (problem,) = put("bo1", PLOT, {"code": "A"}, at=0).problems
    assert problem == Problem("unreadable_change", "h", 0, "its stamp is 0")
    (problem,) = put("bo1", PLOT, unreadable="cut").problems
    assert problem == Problem("unreadable_change", detail="cut")
