"""docs/protocol.md says every key, code and limit, and its examples are true."""

import ast
import json
import re
import sys
from pathlib import Path

import pytest
from marshmallow import ValidationError, missing

from schemas import (
    chain,
    columns,
    digest,
    hlc,
    limits,
    message_shapes,
    messages,
    records,
    signing,
)
from schemas.messages import Op, Outcome
from schemas.problem_kinds import CHAPTERS, KINDS, WARNINGS
from schemas.version import NEWEST_PROTOCOL, PROTOCOL
from tests.protocol import client, rules, values
from tests.protocol.kinds import values_of
from tests.protocol.page import DOCS, PAGE, example, plain, rows_of, tables

ROOT = DOCS.parent
KEY_HEAD = ["key", "type", "needed", "default", "meaning"]
#: The heading above the keys of each line and body; a second table of one heading is the
#: answer.
SCHEMAS = {
    "Enrolment": [message_shapes.EnrolRequest, message_shapes.EnrolResponse],
    "Blocks of labels": [
        message_shapes.LabelsRequest,
        message_shapes.LabelsResponse,
    ],
    "Request hello": [message_shapes.RequestHello],
    "Map log": [message_shapes.HelloLog],
    "Map acked": [message_shapes.Position],
    "Map receipt": [message_shapes.ReceiptShown],
    "Request c": [message_shapes.ChangeLine],
    "Request cs": [message_shapes.ColumnsLine],
    "Request end": [message_shapes.RequestEnd],
    "Response hello": [message_shapes.ResponseHello],
    "Response v": [message_shapes.VerdictLine],
    "Response scope": [message_shapes.ScopeLine],
    "Response reset": [message_shapes.Reset],
    "Response purged": [message_shapes.Purged],
    "Response row": [message_shapes.RowLine],
    "Response gone": [message_shapes.Gone],
    "Response end": [message_shapes.ResponseEnd],
}


def keys_by_schema():
    found = {}
    for heading, (head, *rows) in tables():
        if head == KEY_HEAD:
            found.setdefault(plain(heading), []).append(rows)
    return [
        pytest.param(schema, rows, id=schema.__name__)
        for heading, schemas in SCHEMAS.items()
        for schema, rows in zip(schemas, found.get(heading, [[]] * 2), strict=True)
    ]


def test_every_line_and_body_has_its_table():
    lines = {
        kind
        for kind in vars(message_shapes).values()
        if isinstance(kind, type) and issubclass(kind, message_shapes._MessageLine)
    }
    documented = {schema for schemas in SCHEMAS.values() for schema in schemas}
    assert documented == lines - {message_shapes._MessageLine}


@pytest.mark.parametrize(("schema", "rows"), keys_by_schema())
def test_every_key_is_told_with_type_need_and_default(schema, rows):
    fields = schema().load_fields
    said = {
        plain(key): (needed, "or null" in kind, default)
        for key, kind, needed, default, _ in rows
    }
    assert said == {
        name: (
            "yes" if field.required else "no",
            bool(field.allow_none) or name == "bg",  # null as the base of a group
            default_of(field),
        )
        for name, field in fields.items()
    }


def default_of(field):
    if field.load_default is missing:
        return "-"
    value = field.load_default
    text = json.dumps(value() if callable(value) else value)
    return text if text == "null" else f"`{text}`"


@pytest.mark.parametrize(("schema", "rows"), keys_by_schema())
def test_every_key_takes_what_its_type_says_and_nothing_beyond(schema, rows):
    fields = schema().load_fields
    for key, kind, _, _, meaning in rows:
        name = plain(key)
        if (
            name in {"log", "acked", "receipt"}
            and schema is message_shapes.RequestHello
        ):
            continue  # they have tables of their own
        field = fields[name]
        good, bad = values_of(kind, meaning)
        for value in good:
            assert field.deserialize(value) == value, (name, value)
        for value in bad:
            assert is_refused(field, value), (name, repr(value)[:80])


def is_refused(field, value):
    try:
        field.deserialize(value)
    except ValidationError:
        return True
    return False


def test_every_operation_and_verdict_is_told():
    assert {plain(row[0]) for row in rows_of("`o`", "means")} == {*Op}
    verdicts = rows_of("verdict", "the server", "the client")
    assert {plain(row[0]) for row in verdicts} == {*Outcome}


# Refusals and reasons ---------------------------------------------------------------


def refused_in(*paths):
    """Return the codes that these modules refuse a request with."""
    found = set()
    for path in paths:
        for node in ast.walk(ast.parse((ROOT / path).read_text("utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                code = node.args[0]
                if name in {"refuse", "Problem"} and isinstance(code, ast.Constant):
                    found.add(code.value)
    return found


def test_every_code_that_a_route_can_answer_is_told():
    guards = (ROOT / "server/http/guards.py").read_text("utf-8")
    edge = set(re.findall(r'^    \d{3}: "(\w+)"', guards, re.MULTILINE))
    modules = [
        *(
            f"server/http/{name}.py"
            for name in ("body", "connections", "enrol", "labels", "speakers")
        ),
        *(f"server/http/{name}.py" for name in ("sync", "repair")),
        *(f"server/intake/{name}.py" for name in ("request", "push", "log_checks")),
        *("server/http/guards.py", "server/access/enrolment.py", "server/errors.py"),
        "server/access/label_blocks.py",
        *(f"schemas/{name}.py" for name in ("changes", "columns", "messages")),
    ]
    answered = edge | refused_in(*modules)
    assert {"bad_json", "fork", "no_token", "storage"} <= answered
    requests = set(CHAPTERS["Requests"])
    told = {plain(code) for _, _, code, _ in refusals()}
    assert told == answered & requests


def test_every_refusal_of_a_file_is_told_on_the_page_of_files():
    text = (DOCS / "attachments.md").read_text("utf-8")
    told = re.findall(r"(\d{3}) `(\w+)`|, `(\w+)` \|$", text, re.MULTILINE)
    codes = {code or other for _, code, other in told}
    own = refused_in("server/http/files.py", "server/files/upload.py")
    assert codes == own | {"cut_body", "busy", "quota"}, (
        "how bodies arrive they share with sync"
    )
    assert {(int(n), code) for n, code, _ in told if n} <= {
        (KINDS[code].status, code) for code in codes
    }


def test_every_refusal_has_the_status_of_its_code():
    said = {(plain(code), int(status)) for _, status, code, _ in refusals()}
    assert said == {(code, KINDS[code].status) for code, _ in said}
    names = [plain(name) for name, *_ in refusals()]
    assert len(set(names)) == len(names)


def refusals():
    return rows_of("rule", "status", "code", "refused when")


def test_every_reason_that_the_server_gives_for_a_change_is_told():
    words = {
        node.value
        for folder in ("server/merge", "server/intake", "server/custody")
        for path in (ROOT / folder).glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant)
    }
    told = {plain(row[0]) for row in rows_of("code", "verdict", "path", "given when")}
    custody = set(CHAPTERS["Custody and merge"])
    assert told - WARNINGS == words & custody
    assert told & WARNINGS == {"not_deleted"}


# Limits -----------------------------------------------------------------------------


def test_every_limit_of_sync_is_told():
    text = (ROOT / "schemas/limits.py").read_text("utf-8")
    chapter = text.split("# Sync ---")[1].split("# Attachments ---")[0]
    said = {plain(name): float(at) for _, name, at in rows_of("bound", "name", "at")}
    named = re.findall(r"^([A-Z_]+): Final", chapter, re.MULTILINE)
    assert said == {name: float(getattr(limits, name)) for name in named}


def test_the_protocol_has_the_version_that_the_page_describes():
    assert f"sync protocols {PROTOCOL} and {NEWEST_PROTOCOL}," in PAGE


# Worked examples --------------------------------------------------------------------


def test_the_example_of_signatures_is_true():
    said = example("signatures")
    secret, other = (bytes.fromhex(said[f"{w}_secret"]) for w in ("device", "server"))
    hashed = bytes.fromhex(said["hash"])
    for module in (rules, signing):
        assert module.public_key(secret) == said["device_key"]
        assert module.public_key(other) == said["server_key"]
        text = module.enrolment_text(said["code"])
        assert (text.decode(), module.sign(secret, text)) == (
            said["enrolment_text"],
            said["proof"],
        )
        text = module.push_text(said["log"], said["n"], hashed)
        assert (text.decode(), module.sign(secret, text)) == (
            said["push_text"],
            said["sig"],
        )
    assert hashed.hex() == example("chain")["hashes"][-1]


def test_the_example_of_a_log_is_true():
    said = example("chain")
    lines = [line.encode() for line in said["lines"]]
    assert [len(line) for line in lines] == said["bytes"]
    for module in (rules, chain):
        found = [module.START]
        for line in lines:
            found.append(module.link(found[-1], line))
        assert [h.hex() for h in found] == [said["start"], *said["hashes"]]
        assert [module.change_id(h) for h in found[1:]] == said["ids"]
    for line in lines:
        assert messages.encode(json.loads(line)) == line
        assert messages.decode_request(line)["k"] == "c"
    assert [json.loads(line)["h"] for line in lines] == [
        found["h"] for found in example("stamps")[:2]
    ]


def test_the_example_of_columns_is_true():
    said = example("columns")
    lines = [line.encode() for line in said["lines"]]
    assert lines[:2] == [line.encode() for line in example("chain")["lines"]]
    folded = said["cs"].encode()
    assert columns.fold(lines) == folded
    assert folded.startswith(columns.START)
    assert said["bytes"] == [sum(map(len, lines)), len(folded)]
    for unfold in (rules.unfold, columns.unfold):
        assert unfold(folded) == lines
        assert unfold(rules.fold(lines)) == lines


def test_the_example_of_stamps_is_true():
    for said in example("stamps"):
        for make in (rules.stamp, hlc.tick):
            assert make(said["last"], said["wall_ms"]) == said["h"]
        assert 1 <= said["h"] < 2**63


def test_the_example_of_record_ids_is_true():
    said = example("record-ids")
    for found in said["records"]:
        kind, fields = found["type"], found["fields"]
        for make in (rules.record_id, records.record_id):
            assert make(said["stream"], kind, fields) == found["id"]
        parts = found["name"].split("\x1f")
        assert parts[0] == kind
        assert len(parts) == 1 + len(parts_of(kind))
    assert len({found["type"] for found in said["records"]}) >= 7


def parts_of(kind):
    """Return the parts of the name of a record's id, as the page lists them."""
    (parts,) = [
        parts
        for types, parts in rows_of("type", "parts")
        if f"`{kind}`" in types.split(", ")
    ]
    return [plain(part) for part in parts.split(", ")]


@pytest.mark.parametrize("kind", records.TYPES)
def test_the_parts_of_a_record_id_are_told(kind):
    found = records.TYPES[kind]
    parent = [] if found.parent in found.key else [found.parent or "None"]
    assert parts_of(kind) == [*parent, *found.key]
    assert rules.KEYS[kind] == list(found.key)


def test_the_example_of_receipts_is_true():
    said = example("receipt")
    link, project_ids = signing.NO_RECEIPT, set()
    assert link == rules.FIRST_RECEIPT_FOLLOWS
    for number, receipt in enumerate(said["receipts"], start=1):
        raw = receipt["raw"]
        for module in (rules, signing):
            text = module.receipt_text(raw)
            assert module.is_signed(said["server_key"], receipt["sig"], text)
        assert [*json.loads(raw)["streams"].values()] == [[number, link]]
        project_ids |= json.loads(raw)["streams"].keys()
        link = receipt["link"]
        assert link == rules.receipt_link(raw) == signing.receipt_hash(raw)
        assert [plain(key) for row in receipt_keys() for key in row] == [
            *json.loads(raw)
        ]
    assert len(project_ids) == 1


def receipt_keys():
    return [row[0].split(", ") for row in rows_of("key of `raw`", "is")]


def test_the_example_of_digests_is_true():
    said = example("digest")
    assert set(records.DERIVED) == rules.DERIVED
    items = []
    for row in said["rows"]:
        hashed = row["f"]
        if row["t"] in rules.DERIVED:
            hashed = {"digest": hashed["digest"]}
        assert f"{row['r']}:{row['q']}:{rules.canonical(hashed)}" == row["text"]
        number = rules.row_hash(row["t"], row["r"], row["q"], row["f"])
        assert f"{number:016x}" == row["hash"]
        items.append((row["r"], number))
    for found in said["conflicts"]:
        assert f"{found['r']}:{found['id']}" == found["text"]
        number = rules.conflict_hash(found["r"], found["id"])
        assert f"{number:016x}" == found["hash"]
        items.append((found["r"], number))
    assert rules.digest_of(number for _, number in items) == said["digest"]
    assert said["buckets"] == {
        name: rules.digest_of(h for r, h in items if rules.bucket(r) == name)
        for name in sorted({rules.bucket(record) for record, _ in items})
    }


def test_the_example_of_digests_is_that_of_the_program():
    said = example("digest")
    items = [
        *(
            (r["r"], digest.row_hash(r["t"], r["r"], r["q"], r["f"]))
            for r in said["rows"]
        ),
        *((c["r"], digest.conflict_hash(c["r"], c["id"])) for c in said["conflicts"]),
    ]
    assert digest.digest_of(items).as_data() == said["digest"]
    found = {name: d.as_data() for name, d in digest.buckets_of(items).items()}
    assert found == said["buckets"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (
            {"b": 1, "a": 2.0, "é": [None, True], "Z": -0.0},
            '{"Z":0,"a":2,"b":1,"é":[null,true]}',
        ),
        ({"a": None, "b": {"c": None, "A": 1e3}}, '{"b":{"A":1000,"c":null}}'),
        (
            {"a": 0.0001, "b": 1e-05, "c": 2.5e-07, "d": 0.1},
            '{"a":0.0001,"b":1e-05,"c":2.5e-07,"d":0.1}',
        ),
        ({"a": 'x"\\\n\u0001\u007f😀/'}, '{"a":"x\\"\\\\\\n\\u0001\u007f😀/"}'),
        (
            {"a": 1e22, "\ue000": 1, "\U00010000": 2},
            '{"a":10000000000000000000000,"\ue000":1,"\U00010000":2}',
        ),
    ],
)
def test_canonical_json_is_as_the_page_says(value, text):
    assert rules.canonical(value) == text


# The client -------------------------------------------------------------------------


def test_the_test_client_shares_no_code_with_us():
    found = set()
    for module in (client, rules, values):
        for node in ast.walk(ast.parse(Path(module.__file__).read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0
                found |= {f"{node.module}.{alias.name}" for alias in node.names}
    ours = {name for name in found if name.startswith("tests.")}
    assert {".".join(name.split(".")[:3]) for name in ours} == {
        "tests.protocol.rules",
        "tests.protocol.values",
    }
    packages = {name.split(".")[0] for name in found - ours}
    assert packages - sys.stdlib_module_names == {"aiohttp", "cryptography"}


def test_the_groups_of_the_test_client_are_those_of_the_page_of_records():
    """What it knows of records it has from docs/reference/records.md."""
    page = (DOCS / "reference/records.md").read_text("utf-8")
    head = ["field", "meaning", "takes", "required", "class", "group"]
    found = {}
    for heading, (first, *rows) in tables(page):
        for row in rows if first == head else ():
            if row[5]:
                groups = found.setdefault(heading, {})
                groups.setdefault(row[5], []).append(plain(row[0]))
    assert found == rules.GROUPS


# Links ------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["protocol.md", "sync.md"])
def test_every_link_leads_somewhere(page):
    text = (DOCS / page).read_text("utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        path, _, anchor = target.partition("#")
        other = (DOCS / (path or page)).resolve()
        assert other.exists(), target
        if anchor:
            assert anchor in anchors(other), target


def anchors(path):
    lines = path.read_text("utf-8").splitlines()
    heads = [line.lstrip("# ") for line in lines if line.startswith("#")]
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_newcomers_find_the_page():
    assert "(docs/protocol.md)" in (ROOT / "README.md").read_text("utf-8")
    assert "(protocol.md)" in (DOCS / "sync.md").read_text("utf-8")
