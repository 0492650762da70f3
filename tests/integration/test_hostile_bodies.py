"""Whatever arrives, the server answers 4xx with a problem document and goes on."""

import asyncio
import gzip
import json
import zlib
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession
from backports import zstd

from schemas import limits
from schemas.problem_kinds import KINDS
from schemas.signing import enrolment_text, public_key, sign
from server.access.enrolment import issue_code
from server.clock import Clock
from tests.laptop import new_id


@pytest.fixture
async def laptop(server):
    found = await server.laptop("a")
    await found.sync()
    return found


def problem(raw, code):
    document = json.loads(raw)
    assert document["code"] == code, document
    assert document["status"] == KINDS[code].status
    assert document["title"] == KINDS[code].text
    assert document["hint"]
    assert document["request_id"]


CASES = {
    "an empty body": (lambda _: b"", {}, "bad_message"),
    "garbage": (lambda _: bytes(range(255, 10, -1)) + b"\n{}", {}, "bad_json"),
    "no JSON at the start": (lambda b: b"nonsense" + b, {}, "bad_json"),
    "no end line": (lambda b: b.split(b"\n")[0], {}, "cut_body"),
    "a JSON array": (lambda b: b"[1]\n" + b.split(b"\n")[-2], {}, "bad_message"),
    "deep nesting": (
        lambda b: b"[" * 90_000 + b"\n" + b.split(b"\n")[-2],
        {},
        "bad_json",
    ),
    "another protocol": (
        lambda b: b.replace(b'"protocol":1', b'"protocol":3'),
        {},
        "protocol_unknown",
    ),
    "a wrong end hash": (lambda b: b.replace(b'"hash":"', b'"hash":"f', 1), {}, None),
    "gzip garbage": (lambda b: b, {"Content-Encoding": "gzip"}, "bad_encoding"),
    "zstd garbage": (lambda b: b, {"Content-Encoding": "zstd"}, "bad_encoding"),
    "an unknown encoding": (
        lambda b: b,
        {"Content-Encoding": "br"},
        "unknown_encoding",
    ),
    "cut gzip": (
        lambda b: gzip.compress(b)[:-9],
        {"Content-Encoding": "gzip"},
        "cut_body",
    ),
    "cut zstd": (
        lambda b: zstd.compress(b)[:-3],
        {"Content-Encoding": "zstd"},
        "cut_body",
    ),
    "data after the zstd frame": (
        lambda b: zstd.compress(b) + b"more",
        {"Content-Encoding": "zstd"},
        "bad_encoding",
    ),
    "two gzip members": (
        lambda b: gzip.compress(b) + gzip.compress(b),
        {"Content-Encoding": "gzip"},
        "bad_encoding",
    ),
    "a zstd bomb": (
        lambda _: zstd.compress(bytes(200 * 1024 * 1024)),
        {"Content-Encoding": "zstd"},
        "too_large",
    ),
    "a gzip bomb": (
        lambda _: zlib.compress(bytes(100 * 1024 * 1024), wbits=31),
        {"Content-Encoding": "gzip"},
        "too_large",
    ),
    "a large body": (lambda _: bytes(limits.BODY_BYTES + 1), {}, "too_large"),
    "a long line": (
        lambda b: b"x" * (limits.LINE_BYTES + 1) + b"\n" + b,
        {},
        "too_large",
    ),
    "another content type": (
        lambda b: b,
        {"Content-Type": "text/plain"},
        "unknown_media_type",
    ),
    "no token": (lambda b: b, {"Authorization": ""}, "no_token"),
    "an unknown token": (lambda b: b, {"Authorization": "Bearer x"}, "bad_token"),
}


@pytest.mark.parametrize("case", CASES)
async def test_a_hostile_body_is_answered_with_its_problem(laptop, case):
    make, headers, code = CASES[case]
    status, raw = await laptop.post(make(laptop.body()), **headers)
    assert 400 <= status < 500, raw
    problem(raw, code or json.loads(raw)["code"])
    assert (await laptop.sync()).end["more"] is False


@pytest.mark.parametrize("packed", [gzip.compress, zstd.compress, bytes])
async def test_every_offered_encoding_is_read(laptop, packed):
    names = {gzip.compress: "gzip", zstd.compress: "zstd", bytes: "identity"}
    body = packed(laptop.body())
    status, _ = await laptop.post(body, **{"Content-Encoding": names[packed]})
    assert status == 200


async def test_a_changed_line_breaks_the_chain_and_stores_nothing(server, laptop):
    laptop.add("plot", {"code": "P1"})
    body = laptop.body().replace(b'"code":"P1"', b'"code":"P2"')
    status, raw = await laptop.post(body)
    problem(raw, "bad_chain")
    assert status == 409
    assert "plot" not in (await server.report("stats"))["records"]


async def test_a_hole_in_the_numbers_is_refused(laptop):
    laptop.add("plot", {"code": "P1"})
    laptop.lines[0] = laptop.lines[0].replace(b'"n":1', b'"n":2')
    status, raw = await laptop.post(laptop.body())
    problem(raw, "log_gap")
    assert status == 409


async def test_another_laptops_log_is_refused(server, laptop):
    other = await server.laptop("b")
    other.log = laptop.log
    status, raw = await other.post(other.body())
    problem(raw, "foreign_log")
    assert status == 403


async def test_a_log_that_says_something_else_is_a_fork(laptop):
    laptop.add("plot", {"code": "P1"})
    await laptop.sync()
    laptop.lines[0] = laptop.lines[0].replace(b"P1", b"P9")
    laptop.acked = 0
    status, raw = await laptop.post(laptop.body())
    problem(raw, "fork")
    assert status == 409


async def test_a_server_that_has_less_asks_for_the_rest(laptop):
    laptop.add("plot", {"code": "P1"})
    laptop.add("plot", {"code": "P2"})
    laptop.acked = 1
    _status, raw = await laptop.post(laptop.body())
    assert json.loads(raw.splitlines()[0])["need_from"] == 1


async def test_more_changes_than_a_batch_holds_are_refused_whole(server, laptop):
    for number in range(limits.BATCH_CHANGES + 1):
        laptop.add("plot", {"code": f"P{number}"})
    _status, raw = await laptop.post(laptop.body(most=10_000))
    problem(raw, "too_large")
    assert "plot" not in (await server.report("stats"))["records"]


async def test_a_body_that_stops_half_way_is_dropped(server, laptop):
    url = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    head = (
        "POST /v1/sync HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
        f"Authorization: Bearer {laptop.token}\r\nContent-Length: 5000\r\n\r\n"
    )
    writer.write(head.encode() + b'{"k":"hello"')
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    del reader
    assert (await laptop.sync()).end["more"] is False


async def test_a_revoked_laptop_is_refused_and_told_what_to_do(server, laptop):
    (device,) = await server.report("devices")
    await server.ask(
        lambda store: store.write(
            lambda tx: tx.update_device(device.id, revoked_at="2026-01-01")
        )
    )
    status, raw = await laptop.post(laptop.body())
    problem(raw, "bad_token")
    assert status == 401


async def test_a_code_enrols_one_laptop_only(server):
    code, _ = await server.ask(
        lambda store: issue_code(store, Clock(), (server.project_id,), "one")
    )
    log = "0190a000-0000-7000-8000-0000000000aa"
    key = public_key(bytes(32))
    answers = []
    async with ClientSession() as session:
        for _ in range(2):
            body = {"code": code.lower(), "name": "x", "log": log}
            body["public_key"] = key
            async with session.post(f"{server.url}/v1/enrol", json=body) as answer:
                answers.append((answer.status, await answer.json(content_type=None)))
    assert [status for status, _ in answers] == [200, 403]
    assert answers[1][1]["code"] == "bad_code"


async def test_nobody_enrols_with_a_key_that_is_only_known(server):
    victim = await server.laptop("victim")
    code, _ = await server.ask(
        lambda store: issue_code(store, Clock(), (server.project_id,), "thief")
    )
    body = {"code": code, "name": "thief", "log": new_id()}
    thief, text = Clock().key(), enrolment_text(code)
    answers = []
    async with ClientSession() as session:
        for key, proof in (
            (victim.public_key, None),
            (victim.public_key, sign(thief, text)),
            (victim.public_key, sign(victim.secret, enrolment_text("another"))),
            (public_key(thief), sign(thief, text)),
        ):
            asked = {**body, "public_key": key} | ({"proof": proof} if proof else {})
            async with session.post(f"{server.url}/v1/enrol", json=asked) as answer:
                said = await answer.json(content_type=None)
                answers.append((answer.status, said.get("code")))
    assert answers == [(403, "bad_signature")] * 3 + [(200, None)]


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/v1/sync", "method_not_allowed"),
        ("GET", "/nothing", "not_found"),
        ("POST", "/v1/enrol", "bad_json"),
    ],
)
async def test_a_wrong_address_or_method_gets_a_problem_document(
    server, method, path, code
):
    async with (
        ClientSession() as session,
        session.request(method, server.url + path, data=b"{") as answer,
    ):
        problem(await answer.read(), code)
        assert answer.content_type == "application/problem+json"
