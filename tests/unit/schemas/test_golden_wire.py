"""Schema version 1 and protocol 1 are published: they never change again."""

import json

import pytest

from schemas import chain, describe, evolve
from schemas.messages import decode_request, decode_response, encode
from schemas.records import TYPES
from schemas.validate import load_patch, load_record
from schemas.version import PROTOCOL, SCHEMA_VERSION
from tests.corpus import WIRE

FROZEN = (
    "Laptops in the field speak the published version and may push it for ever."
    " Do not edit fixtures/wire/v1: raise SCHEMA_VERSION (or PROTOCOL) in"
    " schemas/version.py, add the step from 1 to schemas/evolve.py, and freeze"
    " the new version beside the old one, in fixtures/wire/v2."
)
DECODERS = {"request": decode_request, "response": decode_response}


def lines_of(name):
    return (WIRE / f"{name}.ndjson").read_bytes().splitlines()


def frozen(name):
    return json.loads((WIRE / f"{name}.json").read_text("utf-8"))


def test_version_1_is_the_version_these_files_freeze():
    assert (SCHEMA_VERSION, PROTOCOL) == (1, 1), FROZEN


def test_the_fields_limits_and_lists_of_version_1_are_frozen():
    now = json.loads(json.dumps(describe.contract()))
    then = frozen("records")
    changed = [
        f"{part}.{name}"
        for part in then
        if isinstance(then[part], dict)
        for name in then[part].keys() | now[part].keys()
        if then[part].get(name) != now[part].get(name)
    ]
    assert now == then, f"changed: {changed}. {FROZEN}"


@pytest.mark.parametrize("name", DECODERS)
def test_every_line_of_version_1_reads_as_it_did(name):
    read = [DECODERS[name](line) for line in lines_of(name)]
    assert read == frozen(name), FROZEN


@pytest.mark.parametrize("name", DECODERS)
def test_a_line_that_was_read_and_written_again_reads_the_same(name):
    for line in lines_of(name):
        message = DECODERS[name](line)
        assert DECODERS[name](encode(message)) == message


@pytest.mark.parametrize("name", DECODERS)
def test_lines_are_written_byte_for_byte_as_they_were(name):
    for line in lines_of(name):
        assert encode(json.loads(line)) == line, FROZEN


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("request", {"hello", "c", "end"}),
        ("response", {"hello", "v", "scope", "row", "gone", "reset", "end"}),
    ],
)
def test_the_golden_files_hold_every_kind_of_line(name, kinds):
    assert {json.loads(line)["k"] for line in lines_of(name)} == kinds


def test_the_golden_request_holds_every_type_field_and_operation():
    changes = [json.loads(line) for line in lines_of("request")[1:-1]]
    assert {change["o"] for change in changes} == {"put", "del", "undel", "resolve"}
    for name, kind in TYPES.items():
        given = {f for c in changes if c["t"] == name for f in c.get("f", {})}
        left_out = {"result": {"censored", "detection_limit"}}.get(name, set())
        assert given == set(kind.fields) - left_out


def test_the_chain_over_the_golden_request_is_frozen():
    digest = chain.START
    links = []
    for n, line in enumerate(lines_of("request")[1:-1], start=1):
        digest = chain.link(digest, line)
        links.append({"n": n, "hash": digest.hex()})
    assert links == frozen("chain"), FROZEN
    end = decode_request(lines_of("request")[-1])
    assert (end["n"], end["hash"]) == (links[-1]["n"], links[-1]["hash"])


def test_a_change_of_version_1_is_still_lifted_and_accepted():
    for line in lines_of("request")[1:-1]:
        change = decode_request(line)
        fields = evolve.up_cast(change["t"], change["v"], change["f"])
        _, problems = load_patch(change["t"], fields)
        assert problems == [], FROZEN


def test_every_row_of_version_1_is_a_record_without_problems():
    rows = [decode_response(line) for line in lines_of("response")]
    for row in rows:
        if row["k"] == "row":
            _, problems = load_record(row["t"], row["f"])
            assert problems == [], FROZEN
