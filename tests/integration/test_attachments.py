"""Attached files between real laptops and a real server: cut, wrong, hostile, missing."""

import asyncio
import hashlib
import io
import json
import os
import re
import socket
import threading
from contextlib import contextmanager, suppress
from random import Random
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession
from PIL import Image

from schemas import limits
from schemas.records import record_id
from server.files.disk import BlobFiles
from server.operations.audit.audit import find_faults
from tests.integration.test_laptop_sync import Laptop, Served, prepare
from tests.laptop import new_id
from tests.processes import PERMILLE_SERVER, run, server_process, typed

pytestmark = pytest.mark.slow

PIECE = limits.BLOB_PIECE_BYTES


def photo(size=0, seed=1):
    """Return a real JPEG with time and place, made longer by noise after its end."""
    tags = Image.Exif()
    tags.get_ifd(0x8769).update({0x9003: "2026:05:03 10:17:04", 0x9011: "+02:00"})
    place = {1: "N", 2: (48.0, 12.0, 9.0), 3: "E", 4: (1.0, 30.0, 9.0)}
    tags.get_ifd(0x8825).update(place)
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG", exif=tags)
    made = out.getvalue()
    return made + Random(seed).randbytes(max(0, size - len(made)))


def told(data, name="a.jpg", mime="image/jpeg"):
    digest = hashlib.sha256(data).hexdigest()
    return {"sha256": digest, "size": len(data), "mime": mime, "name": name}


# One request at a time ---------------------------------------------------------


class Sender:
    """Speaks to /v1/blobs as a device, well or badly."""

    def __init__(self, laptop):
        self.laptop = laptop

    async def __call__(self, method, sha256, body=None, **headers):
        sent = {"Authorization": f"Bearer {self.laptop.token}"}
        sent |= {name.replace("_", "-"): str(v) for name, v in headers.items()}
        url = f"{self.laptop.url}/v1/blobs/{sha256}"
        async with (
            ClientSession() as session,
            session.request(
                method, url, data=body and io.BytesIO(body), headers=sent
            ) as got,
        ):
            return got.status, got.headers, await got.read()

    async def patch(self, data, body, offset=0, length=None, **headers):
        usual = {"Content_Type": "application/octet-stream"}
        usual |= {"Upload_Offset": offset, "Upload_Length": length or len(data)}
        name = hashlib.sha256(data).hexdigest()
        return await self("PATCH", name, body, **(usual | headers))

    async def head(self, data):
        status, headers, body = await self("HEAD", hashlib.sha256(data).hexdigest())
        assert body == b""
        if status != 200:
            return status
        return int(headers["Upload-Offset"]), headers["Upload-Complete"]


async def sender_of(server, *files):
    """Return a device of the project, with a plot on the server that names files."""
    laptop = await server.laptop("camera")
    laptop.add("plot", {"code": "P1", "attachments": list(files)})
    assert (await laptop.sync()).outcomes[0] in {"accepted", "merged"}
    return Sender(laptop)


def code_of(answer):
    return answer[0], json.loads(answer[2])["code"]


def stored(server):
    """Return every file under blobs/ by its path there."""
    root = server.data.blobs
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


async def test_a_file_arrives_in_pieces_and_is_seen_only_when_its_hash_fits(server):
    data = photo(3 * PIECE)
    send = await sender_of(server, told(data))
    name = hashlib.sha256(data).hexdigest()
    assert await send.head(data) == 404
    for offset in range(0, len(data), PIECE):
        status, headers, _ = await send.patch(
            data, data[offset : offset + PIECE], offset
        )
        reached = min(offset + PIECE, len(data))
        assert (status, headers["Upload-Offset"]) == (204, str(reached))
        if reached < len(data):
            assert await send.head(data) == (reached, "?0")
            assert code_of(await send("GET", name)) == (404, "not_found")
    assert await send.head(data) == (len(data), "?1")
    assert stored(server) == {f"{name[:2]}/{name}": data}
    status, headers, body = await send("GET", name)
    assert (status, body) == (200, data)
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["X-Content-Type-Options"] == "nosniff"
    status, headers, body = await send("GET", name, Range="bytes=100-199")
    assert (status, body) == (206, data[100:200])


async def test_a_wrong_offset_is_told_the_true_one(server):
    data = photo(1000)
    send = await sender_of(server, told(data))
    await send.patch(data, data[:500])
    for offset in (0, 499, 501, 10**14):
        answer = await send.patch(data, data[500:], offset)
        assert code_of(answer) == (409, "blob_offset")
        assert answer[1]["Upload-Offset"] == "500"
        assert answer[1]["Upload-Complete"] == "?0"
    await send.patch(data, data[500:], 500)
    answer = await send.patch(data, data[500:], 500)
    assert code_of(answer) == (409, "blob_offset")
    assert answer[1]["Upload-Complete"] == "?1"


async def begin(send, data, sent):
    """Begin to send a whole file, and stop after some bytes."""
    url = urlsplit(send.laptop.url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    head = (
        f"PATCH /v1/blobs/{told(data)['sha256']} HTTP/1.1\r\nHost: x\r\n"
        f"Content-Type: application/octet-stream\r\nUpload-Offset: 0\r\n"
        f"Upload-Length: {len(data)}\r\nContent-Length: {len(data)}\r\n"
        f"Authorization: Bearer {send.laptop.token}\r\n\r\n"
    )
    writer.write(head.encode() + sent)
    await writer.drain()
    return reader, writer


async def test_a_body_that_never_ends_is_left_and_what_came_of_it_counts(
    server, monkeypatch
):
    monkeypatch.setattr(limits, "BODY_TIMEOUT_S", 0.3)
    data = photo(5000)
    send = await sender_of(server, told(data))
    reader, writer = await begin(send, data, data[:2000])
    assert b" 408 " in await reader.readline()
    writer.close()
    await writer.wait_closed()
    assert await send.head(data) == (2000, "?0")


async def test_bytes_that_arrived_before_a_cut_count(server):
    data = photo(400_000)
    send = await sender_of(server, told(data))
    _, writer = await begin(send, data, data[:150_000])
    await asyncio.sleep(0.3)  # what the server has not read when we go is lost
    writer.close()
    await writer.wait_closed()
    for _ in range(200):
        if await send.head(data) != 404:
            break
        await asyncio.sleep(0.02)
    arrived, complete = await send.head(data)
    assert (0 < arrived <= 150_000, complete) == (True, "?0")
    status, _, _ = await send.patch(data, data[arrived:], arrived)
    assert (status, await send.head(data)) == (204, (len(data), "?1"))


async def test_a_file_with_another_hash_is_dropped_and_can_be_sent_anew(server):
    data = photo(1000)
    send = await sender_of(server, told(data))
    answer = await send.patch(data, data[:-1] + b"!")
    assert code_of(answer) == (422, "blob_hash")
    assert (await send.head(data), stored(server)) == (404, {})
    assert (await send.patch(data, data))[0] == 204


async def test_a_file_that_arrived_before_the_server_died_is_finished(server):
    data = photo(1000)
    send = await sender_of(server, told(data))
    BlobFiles(server.data.blobs).append(told(data)["sha256"], data)
    assert await send.head(data) == (1000, "?0")
    assert (await send.patch(data, b"", 1000))[0] == 204
    assert await send.head(data) == (1000, "?1")


EXE = b"MZ" + bytes(998)
BAD = {
    "a program": (EXE, {}, 415, "blob_type"),
    "another type than named": (b"%PDF-1.7" + bytes(992), {}, 415, "blob_type"),
    "another content type": (
        None,
        {"Content_Type": "text/html"},
        415,
        "unknown_media_type",
    ),
    "packed": (None, {"Content_Encoding": "gzip"}, 415, "unknown_encoding"),
    "no offset": (None, {"Upload_Offset": ""}, 400, "bad_header"),
    "an offset below zero": (None, {"Upload_Offset": "-1"}, 400, "bad_header"),
    "an offset in other digits": (None, {"Upload_Length": "x"}, 400, "bad_header"),
    "another length": (None, {"Upload_Length": "999"}, 422, "blob_length"),
    "oversize": (
        None,
        {"Upload_Length": limits.ATTACHMENT_BYTES + 1},
        413,
        "too_large",
    ),
    "no token": (None, {"Authorization": ""}, 401, "no_token"),
}


@pytest.mark.parametrize("case", BAD)
async def test_a_bad_piece_is_refused_and_leaves_nothing(server, case):
    data, headers, status, code = BAD[case]
    data = data or photo(1000)
    send = await sender_of(server, told(data))
    assert code_of(await send.patch(data, data, **headers)) == (status, code)
    assert stored(server) == {}


async def test_more_than_a_request_or_a_file_may_hold_is_refused(server):
    data = photo(2 * limits.BLOB_BODY_BYTES)
    send = await sender_of(server, told(data))
    too_much = data[: limits.BLOB_BODY_BYTES + 1]
    assert code_of(await send.patch(data, too_much)) == (413, "too_large")
    small = photo(1000)
    send = await sender_of(server, told(small))
    assert code_of(await send.patch(small, small + b"!")) == (413, "too_large")
    assert stored(server) == {}


async def test_a_file_that_no_record_of_its_projects_names_is_foreign(server):
    data, unnamed = photo(1000), photo(1000, seed=2)
    send = await sender_of(server, told(data))
    await send.patch(data, data)
    assert code_of(await send.patch(unnamed, unnamed)) == (403, "blob_foreign")
    assert await send.head(unnamed) == 403
    founder = await server.laptop("elsewhere", may_begin=True)
    other = record_id(server.project_id, "plot", {"code": "another"})
    founder.project_id = other
    founder.draft("project", other, {"code": "Z", "title": "Z"})
    await founder.sync()
    stranger = Sender(await server.laptop("stranger", [other]))
    name = told(data)["sha256"]
    assert code_of(await stranger("GET", name)) == (403, "blob_foreign")
    assert await stranger.head(data) == 403
    assert code_of(await stranger.patch(data, data)) == (403, "blob_foreign")


async def test_a_deleted_record_names_no_file(server):
    data = photo(1000)
    send = await sender_of(server, told(data))
    plot = record_id(server.project_id, "plot", {"code": "P1"})
    send.laptop.draft("plot", plot, {}, op="del", base=await server.seen(plot))
    assert (await send.laptop.sync()).outcomes == ["accepted"]
    assert code_of(await send.patch(data, data)) == (403, "blob_foreign")


async def test_who_may_read_a_file_is_looked_up_and_not_searched(server):
    """However many files there are, those who name this one are found by its hash."""
    await sender_of(server, told(photo(1000)))

    def plan(tx):
        seen = []
        tx.connection.set_trace_callback(seen.append)
        tx.attached([server.project_id], "0" * 64)
        tx.connection.set_trace_callback(None)
        rows = tx.connection.execute(f"EXPLAIN QUERY PLAN {seen[0]}")
        return [row[3] for row in rows]

    steps = await server.ask(lambda store: store.read(plan))
    assert any(step.startswith("SEARCH named USING") for step in steps), steps
    assert any(step.startswith("SEARCH r USING") for step in steps), steps
    scanned = [step for step in steps if step.startswith("SCAN")]
    assert all("VIRTUAL TABLE" in step for step in scanned), steps


async def test_a_file_is_named_as_long_as_a_record_names_it(server):
    data = photo(1000)
    send = await sender_of(server, told(data))
    await send.patch(data, data)
    plot = record_id(server.project_id, "plot", {"code": "P1"})
    for op, fields, code in (
        ("put", {"note": "x"}, 200),
        ("put", {"attachments": None}, 403),
        ("put", {"attachments": [told(data, "b.jpg")]}, 200),
        ("del", {}, 403),
        ("undel", {}, 200),
    ):
        base = [await server.report("epoch"), await head_of(server)]
        send.laptop.draft("plot", plot, fields, op=op, base=base)
        assert (await send.laptop.sync()).outcomes == ["accepted"]
        assert (await send("GET", told(data)["sha256"]))[0] == code, (op, fields)
    faults = await server.ask(
        lambda store: store.read(lambda tx: list(find_faults(tx, lambda *_: None)))
    )
    assert faults == []


async def head_of(server):
    return (await server.report("project_heads", [server.project_id]))[
        server.project_id
    ].head


async def test_files_that_nothing_names_are_listed_and_removed_when_old(server):
    """Nothing is removed that a record names, or may name again, or named lately."""
    kept, lately, waits, old = (photo(1000, seed=n) for n in range(4))
    send = await sender_of(server, *map(told, (kept, lately, waits, old)))
    for data in (kept, lately, waits, old):
        assert (await send.patch(data, data))[0] == 204
    plot = record_id(server.project_id, "plot", {"code": "P1"})
    bad = {"code": "BAD", "area_ha": -1, "attachments": [told(waits)]}
    base = [await server.report("epoch"), await head_of(server)]
    send.laptop.draft("plot", new_id(), bad)
    send.laptop.draft("plot", plot, {"attachments": [told(kept)]}, base=base)
    assert (await send.laptop.sync()).outcomes == ["quarantined", "accepted"]
    stray = server.data.blobs / "ab" / f"{'ab' * 32}.part"
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"begun")
    await let_go_long_ago(server, told(old)["sha256"])
    assert names_listed(server, "--older-than", "1") == [], "all was written today"
    for path in server.data.blobs.glob("??/*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    gone = {told(old)["sha256"], "ab" * 32}
    assert set(names_listed(server)) == gone
    assert len(stored(server)) == 5, "listing removes nothing"
    refused = run(PERMILLE_SERVER, *unnamed(server, "--remove", "--json"), check=2)
    assert "--yes" in json.loads(refused.stdout)["error"]["text"]
    run(PERMILLE_SERVER, *unnamed(server, "--remove"), check=1, input="n\n")
    assert len(stored(server)) == 5, "nobody said yes"
    assert set(names_listed(server, "--remove", "--yes")) == gone
    assert {path.split("/")[1] for path in stored(server)} == {
        told(data)["sha256"] for data in (kept, lately, waits)
    }
    assert names_listed(server) == []


def unnamed(server, *words):
    return ("--data", server.data.path, "attachments", "unnamed", *words)


def names_listed(server, *words):
    done = run(PERMILLE_SERVER, *unnamed(server, *words, "--json"), check=0)
    return [one["sha256"] for one in json.loads(done.stdout)["files"]]


async def let_go_long_ago(server, sha256):
    """Pretend that a file was taken off its record years ago."""
    await server.ask(
        lambda store: store.write(
            lambda tx: tx.connection.execute(
                "UPDATE attachment SET gone_at = '2001-01-01T00:00:00.000Z'"
                " WHERE sha256 = ?",
                (sha256,),
            )
        )
    )


async def test_more_files_than_a_record_holds_wait_for_a_person(server):
    one, two = await server.laptop("one"), await server.laptop("two")
    for laptop, first in ((one, 0), (two, 30)):
        files = [
            {**told(b"x"), "sha256": f"{n:064x}"} for n in range(first, first + 30)
        ]
        laptop.add("plot", {"code": "P1", "attachments": files})
        answer = await laptop.sync()
    assert answer.outcomes == ["quarantined"]
    assert [why["code"] for why in answer.verdicts[0]["why"]] == ["too_many"]
    plot = record_id(server.project_id, "plot", {"code": "P1"})
    assert len((await server.row(plot))["f"]["attachments"]) == 30


@pytest.mark.parametrize("name", ["..", "..%2f..%2fetc%2fpasswd", "A" * 64, "a" * 63])
async def test_only_a_hash_is_an_address(server, name):
    send = await sender_of(server, told(photo(1000)))
    for method in ("GET", "PATCH"):
        status, code = code_of(await send(method, name))
        assert (status, code) == (404, "not_found")


HOSTILE = {
    "../../etc/passwd": "accepted",
    "C:\\Windows\\x.jpg": "accepted",
    "\u202egpj.exe": "accepted",
    "a\0b.jpg": "quarantined",
    "x" * 10_000: "quarantined",
    "\x1b[31m": "quarantined",
    " ": "quarantined",
}


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: ascii(name[:20]))
async def test_a_hostile_name_is_data_and_never_a_path(server, name):
    data = photo(1000)
    laptop = await server.laptop()
    laptop.add("plot", {"code": "P1", "attachments": [told(data, name)]})
    answer = await laptop.sync()
    assert answer.outcomes == [HOSTILE[name]]
    why = [problem["code"] for problem in answer.verdicts[0]["why"]]
    assert why == ([] if HOSTILE[name] == "accepted" else ["bad_attachment"])
    await Sender(laptop).patch(data, data)
    assert all(re.fullmatch("[0-9a-f]{2}/[0-9a-f]{64}", p) for p in stored(server))


async def test_a_full_disk_takes_no_files_and_still_takes_records(server, monkeypatch):
    data = photo(1000)
    send = await sender_of(server, told(data))
    monkeypatch.setattr(limits, "BLOB_RESERVE_BYTES", 2**62)
    assert code_of(await send.patch(data, data)) == (507, "disk_full")
    send.laptop.add("plot", {"code": "P2"})
    assert (await send.laptop.sync()).outcomes == ["accepted"]


# Whole laptops -----------------------------------------------------------------


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    data = tmp_path_factory.mktemp("served") / "data"
    typed(data, "init")
    with server_process(data) as url:
        yield Served(data, url)


@pytest.fixture
def pair(served, tmp_path):
    """Two laptops of one project; the first has plot HF and a core."""
    project = served.project()
    laptops = [Laptop(tmp_path, name) for name in ("one", "two")]
    for laptop in laptops:
        laptop("enrol", served.url, served.code(project))
        laptop.sync()
    prepare(laptops[0])
    return served, project, *laptops


def on_server(served, project, *more):
    text = served.admin("attachments", "list", "--project", project, "--json", *more)
    return [(one["name"], one["state"]) for one in json.loads(text)]


def states(laptop, *more):
    found = laptop.json("attachments", *more)
    return [(one["name"], one["state"], one["here"]) for one in found]


def test_a_photo_travels_from_one_laptop_to_another(pair, tmp_path):
    served, project, one, two = pair
    data = photo(600_000)
    (tmp_path / "hole.jpg").write_bytes(data)
    (tmp_path / "sheet.txt").write_bytes(b"%PDF-1.7 a scan %%EOF")
    done = one.json(
        "attach", "HF/1/2026", tmp_path / "hole.jpg", tmp_path / "sheet.txt"
    )
    assert (done["type"], done["warnings"]) == ("core", [])
    assert done["files"][0] == told(data, "hole.jpg") | {
        "taken_at": "2026-05-03T10:17:04+02:00",
        "lon": 1.5025,
        "lat": 48.2025,
    }
    assert done["files"][1]["mime"] == "application/pdf"
    assert {state for _, state, _ in states(one)} == {"here only"}
    standing = one.json("status")
    assert (standing["attachments_waiting"], standing["safe_to_wipe"]) == (2, False)
    assert "2 attached files are not on the server" in " ".join(standing["reasons"])

    assert one.json("sync", "--no-attachments")["accepted"] == 5
    assert sorted(on_server(served, project, "--missing")) == [
        ("hole.jpg", "missing"),
        ("sheet.txt", "missing"),
    ]
    standing = one.json("status")
    assert (standing["pending"], standing["safe_to_wipe"]) == (0, False)
    two.sync()
    assert sorted(states(two, "--missing")) == [
        ("hole.jpg", "missing here", False),
        ("sheet.txt", "missing here", False),
    ]
    refused = ["attachments", "get", "HF/1/2026", "hole.jpg", "--out"]
    error = two.json(*refused, tmp_path / "none.jpg", code=4)["error"]
    assert "not here yet" in error["text"]
    assert not (tmp_path / "none.jpg").exists()

    files = one.json("sync")["attachments"]
    assert files == {"sent": 2, "waiting": 0, "refused": [], "error": None}
    assert on_server(served, project, "--missing") == []
    assert {state for _, state, _ in states(one)} == {"on the server"}
    assert one.json("status")["safe_to_wipe"] is True
    two("attachments", "get", "HF/1/2026", "hole.jpg", "--out", tmp_path / "got.jpg")
    assert (tmp_path / "got.jpg").read_bytes() == data
    assert states(two, "--missing") == [("sheet.txt", "missing here", False)]


def test_nothing_of_a_file_lies_readable_on_the_laptop(pair, tmp_path):
    _, _, one, _ = pair
    data = photo(300_000)
    (tmp_path / "hole.jpg").write_bytes(data)
    one("attach", "HF", tmp_path / "hole.jpg")
    one.sync()
    files = [path for path in (one.home).rglob("*") if path.is_file()]
    assert any(path.suffix == ".enc" for path in files)
    needles = {data[place : place + 24] for place in range(0, len(data) - 24, 997)}
    for path in files:
        raw = path.read_bytes()
        assert not any(needle in raw for needle in needles), path
        assert b"hole.jpg" not in raw


def test_what_may_not_be_attached_is_refused_before_anything_is_kept(pair, tmp_path):
    _, _, one, _ = pair
    good = tmp_path / "good.jpg"
    good.write_bytes(photo())
    bad = {
        "program.jpg": (EXE, "whatever its name says"),
        "empty.pdf": (b"", "0 bytes"),
        "large.jpg": (photo(limits.ATTACHMENT_BYTES + 1), "bytes; 1 to 26214400"),
        "\x1bname.jpg": (photo(), "rename the file"),
    }
    for name, (content, words) in bad.items():
        (tmp_path / name).write_bytes(content)
        error = one.json("attach", "HF", good, tmp_path / name, code=4)["error"]
        assert words in f"{error['text']} {error['hint']}"
    assert states(one) == []
    assert not (one.home / "attachments").exists()
    assert one.json("attach", "nowhere", good, code=4)["error"]["code"] == "not_found"


def test_a_file_attached_twice_is_attached_once(pair, tmp_path):
    _, _, one, _ = pair
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(photo())
        one("attach", "HF", tmp_path / name)
    assert [name for name, _, _ in states(one)] == ["a.jpg"]


def test_what_was_sent_can_be_dropped_and_fetched_again(pair, tmp_path):
    _, _, one, _ = pair
    (tmp_path / "a.jpg").write_bytes(photo(5000))
    (tmp_path / "b.jpg").write_bytes(photo(6000))
    one("attach", "HF", tmp_path / "a.jpg")
    one.sync()
    one("attach", "HF", tmp_path / "b.jpg")
    dropped = one.json("attachments", "drop", "--sent", "--yes")["dropped"]
    assert [file["name"] for file in dropped] == ["a.jpg"]
    assert sorted(states(one)) == [
        ("a.jpg", "on the server", False),
        ("b.jpg", "here only", True),
    ]
    one("attachments", "get", "HF", "a.jpg", "--out", tmp_path / "again.jpg")
    assert (tmp_path / "again.jpg").read_bytes() == photo(5000)


def test_a_file_attached_by_mistake_is_taken_off(pair, tmp_path):
    served, project, one, two = pair
    for name in ("a.jpg", "b.jpg"):
        one("attach", "HF", _made(tmp_path / name, name))
    one.sync()
    one("attachments", "remove", "HF", "a.jpg")
    one.sync()
    two.sync()
    assert [name for name, _, _ in states(two)] == ["b.jpg"]
    assert on_server(served, project) == [("b.jpg", "here")]
    one("attachments", "remove", "HF", "b.jpg")
    assert "attachments" not in one.json("plot", "show", "HF")["fields"]
    error = one.json("attachments", "remove", "HF", "b.jpg", code=4)["error"]
    assert error["code"] == "not_found"


class Proxy:
    """Passes bytes on to a server, and cuts a connection after so many upward."""

    def __init__(self, url):
        target = urlsplit(url)
        self.target = (target.hostname, target.port)
        self.up = 0
        self.cuts: list[int] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(self.target)
            for source, sink, counts in ((near, far, True), (far, near, False)):
                threading.Thread(
                    target=self._pass, args=(source, sink, counts), daemon=True
                ).start()

    def _pass(self, source, sink, counts):
        try:
            while part := source.recv(16 * 1024):
                sink.sendall(part)
                if counts:
                    self.up += len(part)
                    if self.cuts and self.up >= self.cuts[0]:
                        self.cuts.pop(0)
                        break
        except OSError:
            pass
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@contextmanager
def through(url):
    proxy = Proxy(url)
    try:
        yield proxy
    finally:
        proxy.listener.close()


def test_a_file_cut_in_the_middle_goes_on_where_it_was(served, tmp_path):
    size = 12 * PIECE
    with through(served.url) as proxy:
        project = served.project()
        one = Laptop(tmp_path, "one")
        one("enrol", proxy.url, served.code(project))
        one.sync()
        prepare(one)
        (tmp_path / "a.jpg").write_bytes(photo(size))
        one("attach", "HF", tmp_path / "a.jpg")
        one.json("sync", "--no-attachments")
        begun = proxy.up
        proxy.cuts = [begun + round(part * PIECE) for part in (2.5, 5.5, 8.5)]
        files = one.json("sync")["attachments"]
        assert (files["sent"], files["error"], proxy.cuts) == (1, None, [])
        # A cut costs one piece at most; from the beginning it would be twenty.
        assert proxy.up - begun < size + 3.5 * PIECE
        assert on_server(served, project) == [("a.jpg", "here")]


def test_a_server_that_goes_away_during_a_file_keeps_records_and_place(
    served, tmp_path
):
    with through(served.url) as proxy:
        project = served.project()
        one = Laptop(tmp_path, "one")
        one("enrol", proxy.url, served.code(project))
        one.sync()
        prepare(one)
        (tmp_path / "a.jpg").write_bytes(photo(4 * PIECE))
        one("attach", "HF", tmp_path / "a.jpg")
        one.json("sync", "--no-attachments")
        one("plot", "edit", "HF", "--note", "wet")
        # Every connection after the records and one and a half pieces is cut at once.
        proxy.cuts = [proxy.up + round(1.5 * PIECE), *[0] * 50]
        report = one.json("sync", code=3)
        assert (report["pushed"], report["pending"]) == (1, 0)
        assert report["attachments"]["error"]["code"] == "unreachable"
        (state,) = one.json("attachments")
        assert state["state"] == "sending"
        assert "sending" in one("attachments")
        ((name, arriving),) = on_server(served, project, "--missing")
        assert (name, arriving) == ("a.jpg", "arriving")
        proxy.cuts = []
        assert one.json("sync")["attachments"]["sent"] == 1


def test_a_laptop_starts_anew_when_what_the_server_had_was_something_else(
    pair, tmp_path
):
    served, _, one, _ = pair
    data = photo(3 * PIECE)
    (tmp_path / "a.jpg").write_bytes(data)
    one("attach", "HF", tmp_path / "a.jpg")
    name = hashlib.sha256(data).hexdigest()
    BlobFiles(served.data / "blobs").append(name, photo(PIECE, seed=9))
    assert one.json("sync")["attachments"]["sent"] == 1
    assert (served.data / "blobs" / name[:2] / name).read_bytes() == data


def test_a_bounded_rate_still_sends_whole_files(pair, tmp_path):
    served, project, one, _ = pair
    (tmp_path / "a.jpg").write_bytes(photo(30_000))
    one("attach", "HF", tmp_path / "a.jpg")
    one("sync", "--attachment-rate", "2000")
    assert on_server(served, project) == [("a.jpg", "here")]
    one("sync", "--attachment-rate", "1", code=2)


def test_a_file_of_a_quarantined_record_waits_and_stops_no_other(pair, tmp_path):
    served, project, one, two = pair
    one.sync()
    two.sync()
    two("attach", "HF", _made(tmp_path / "b.jpg", 2))
    two("plot", "delete", "HF", "--yes", code=4)
    one("attach", "HF", _made(tmp_path / "a.jpg", 1))
    one("plot", "add", "--code", "X")
    one("attach", "X", _made(tmp_path / "x.jpg", 3))
    assert one.json("sync")["attachments"]["sent"] == 2
    assert two.json("sync")["attachments"]["sent"] == 1
    assert sorted(on_server(served, project)) == [
        ("a.jpg", "here"),
        ("b.jpg", "here"),
        ("x.jpg", "here"),
    ]
    one.sync()
    assert {name for name, _, _ in states(one)} == {"a.jpg", "b.jpg", "x.jpg"}


def _made(path, seed):
    path.write_bytes(photo(2000, seed))
    return path
