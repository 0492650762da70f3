"""Every published schema version, and protocol 1, are frozen: they never change again."""

import json

import pytest

from schemas import chain, describe, evolve
from schemas.messages import decode_request, decode_response, encode
from schemas.records import TYPES
from schemas.validate import load_patch, load_record
from schemas.version import PROTOCOL, SCHEMA_VERSION
from tests.corpus import FIXTURES
from tests.golden import LEFT_OUT

VERSIONS = sorted(evolve.PUBLISHED)
FROZEN = (
    "Laptops in the field speak the published versions and may push them for ever."
    " Do not edit fixtures/wire/v*: raise SCHEMA_VERSION (or PROTOCOL) in"
    " schemas/version.py, add the step to schemas/evolve.py, and freeze the new"
    " version beside the old ones with make golden."
)
DECODERS = {"request": decode_request, "response": decode_response}

every_version = pytest.mark.parametrize("version", VERSIONS)
both_bodies = pytest.mark.parametrize("name", DECODERS)


def lines_of(version, name):
    return (FIXTURES / f"wire/v{version}/{name}.ndjson").read_bytes().splitlines()


def frozen(version, name):
    path = FIXTURES / f"wire/v{version}/{name}.json"
    return json.loads(path.read_text("utf-8"))


def test_every_published_version_is_frozen():
    names = sorted(path.name for path in (FIXTURES / "wire").iterdir())
    assert names == [f"v{version}" for version in VERSIONS], FROZEN
    assert PROTOCOL == 1, FROZEN


def test_the_fields_limits_and_lists_of_the_present_version_are_frozen():
    now = json.loads(json.dumps(describe.contract()))
    then = frozen(SCHEMA_VERSION, "records")
    changed = [
        f"{part}.{name}"
        for part in then
        if isinstance(then[part], dict)
        for name in then[part].keys() | now[part].keys()
        if then[part].get(name) != now[part].get(name)
    ]
    assert now == then, f"changed: {changed}. {FROZEN}"


#: Keys of answers that nobody ever read; they are no longer sent.
NEVER_READ = {"have", "limits", "w", "need_blobs"}


@every_version
@both_bodies
def test_every_published_line_reads_as_it_did(version, name):
    read = [DECODERS[name](line) for line in lines_of(version, name)]
    assert read == [promised(line) for line in frozen(version, name)], FROZEN


def promised(line):
    left_out = NEVER_READ | ({"why"} if line["k"] == "gone" else set())
    if "k" not in line or line["k"] in {"c", "v"}:
        left_out = set()
    return {key: value for key, value in line.items() if key not in left_out}


@every_version
@both_bodies
def test_a_line_that_was_read_and_written_again_reads_the_same(version, name):
    for line in lines_of(version, name):
        message = DECODERS[name](line)
        assert DECODERS[name](encode(message)) == message


@every_version
@both_bodies
def test_lines_are_written_byte_for_byte_as_they_were(version, name):
    for line in lines_of(version, name):
        assert encode(json.loads(line)) == line, FROZEN


@every_version
@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("request", {"hello", "c", "end"}),
        ("response", {"hello", "v", "scope", "row", "gone", "reset", "end"}),
    ],
)
def test_the_golden_files_hold_every_kind_of_line(version, name, kinds):
    assert {json.loads(line)["k"] for line in lines_of(version, name)} == kinds


def test_the_golden_request_holds_every_type_field_and_operation():
    lines = lines_of(SCHEMA_VERSION, "request")[1:-1]
    changes = [json.loads(line) for line in lines]
    assert {change["o"] for change in changes} == {"put", "del", "undel", "resolve"}
    for name, kind in TYPES.items():
        given = {f for c in changes if c["t"] == name for f in c.get("f", {})}
        left_out = LEFT_OUT.get(name, set())
        assert given == set(kind.fields) - left_out


@every_version
def test_the_chain_over_the_golden_request_is_frozen(version):
    digest = chain.START
    links = []
    for n, line in enumerate(lines_of(version, "request")[1:-1], start=1):
        digest = chain.link(digest, line)
        links.append({"n": n, "hash": digest.hex()})
    assert links == frozen(version, "chain"), FROZEN
    end = decode_request(lines_of(version, "request")[-1])
    assert (end["n"], end["hash"]) == (links[-1]["n"], links[-1]["hash"])


@every_version
def test_a_change_of_any_version_is_lifted_and_accepted(version):
    for line in lines_of(version, "request")[1:-1]:
        change = decode_request(line)
        assert change["v"] == version
        fields = evolve.up_cast(change["t"], change["v"], change["f"])
        _, problems = load_patch(change["t"], fields)
        assert problems == [], FROZEN


@every_version
def test_every_row_of_any_version_is_a_record_without_problems(version):
    rows = [decode_response(line) for line in lines_of(version, "response")]
    for row in rows:
        if row["k"] == "row":
            _, problems = load_record(row["t"], evolve.up_cast_row(row["t"], row["f"]))
            assert problems == [], FROZEN
