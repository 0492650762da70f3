"""Strangers take nothing from laptops: neither connections, nor guesses, nor the log."""

import asyncio
import io
import json
import socket
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession
from structlog.testing import capture_logs

from schemas import limits
from server.app import Listening
from server.clock import Clock
from server.config import DataDirectory
from server.data import init_data
from server.http.addresses import networks
from tests.conftest import running, running_with_project
from tests.laptop import new_id

HEAD = b"POST /v1/sync HTTP/1.1\r\nHost: x\r\n"
#: Nobody is trusted: loopback counts as any address.
NOBODY = ()


def bounded(path, trusted=NOBODY, **moved):
    """Serve one project within other bounds than the usual ones."""
    at = Listening("127.0.0.1", 0, networks(trusted))
    return running_with_project(DataDirectory(path / "server"), at, **moved)


async def opened(server, said=b""):
    """Open a connection that says something, and perhaps no more."""
    place = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    writer.write(said)
    return reader, writer


async def answer_of(connection):
    """Return status and document of what comes before a connection ends."""
    reader, writer = connection
    raw = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    head, _, body = raw.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def closed(connections):
    for _, writer in connections:
        writer.close()


# Connections -----------------------------------------------------------------------

SILENT = {"nothing": b"", "half a head": HEAD, "half a line": HEAD[:9]}


@pytest.mark.parametrize("said", SILENT.values(), ids=SILENT)
@pytest.mark.parametrize(
    "bound", [{"connections": 10}, {"connections_per_address": 10}], ids=["all", "one"]
)
async def test_who_only_waits_makes_room_for_who_speaks(tmp_path, said, bound):
    async with bounded(tmp_path, **bound) as server:
        laptop = await server.laptop()
        waiting = [await opened(server, said) for _ in range(30)]
        laptop.add("plot", {"code": "P1"})
        assert (await laptop.sync()).outcomes == ["accepted"]
        closed(waiting)


async def test_a_head_that_does_not_end_is_ended_in_words_and_drops_win_no_time(
    tmp_path,
):
    async with bounded(tmp_path, head_seconds=1) as server:

        async def dropping(connection):
            for _ in range(20):
                connection[1].write(b"X-Drop: 1\r\n")
                await asyncio.sleep(0.1)

        silent = [await opened(server, said) for said in SILENT.values()]
        drops = asyncio.create_task(dropping(silent[1]))
        for status, document in await asyncio.gather(*map(answer_of, silent)):
            assert (status, document["code"]) == (408, "too_slow")
        drops.cancel()


async def test_an_idle_connection_ends_and_a_working_one_stays(tmp_path):
    async with bounded(tmp_path, idle_seconds=1) as server:
        laptop = await server.laptop()
        head = HEAD.replace(b"POST /v1/sync", b"GET /v1/health") + b"\r\n"
        reader, writer = await opened(server, head)
        assert b"200 OK" in await reader.readuntil(b"}")
        assert await asyncio.wait_for(reader.read(), 10) == b""
        writer.close()
        body = laptop.body()

        async def slowly():
            yield body[:20]
            await asyncio.sleep(2.2)
            yield body[20:]

        async with ClientSession() as session:
            said = {"Authorization": f"Bearer {laptop.token}"}
            said["Content-Type"] = "application/x-ndjson"
            async with session.post(
                f"{server.url}/v1/sync", data=slowly(), headers=said
            ) as got:
                assert got.status == 200


async def test_a_head_is_bounded_however_it_is_cut(tmp_path):
    async with bounded(tmp_path) as server:
        for header in (b"X: " + b"y" * 70_000, b"X-%d: y\r\n" * 9_000, b"y" * 70_000):
            connection = await opened(server, HEAD + header)
            assert (await answer_of(connection))[0] in {400, 408}


async def test_who_is_refused_before_the_body_has_come_still_hears_why(tmp_path):
    async with bounded(tmp_path) as server, ClientSession() as session:
        for _ in range(3):
            async with session.post(
                f"{server.url}/v1/sync", data=io.BytesIO(bytes(limits.BODY_BYTES))
            ) as got:
                assert got.status == 401
                assert (await got.json(content_type=None))["code"] == "no_token"


@pytest.mark.parametrize("pieces", [1, 2])
async def test_after_a_body_that_was_not_waited_for_the_next_request_is_served(
    tmp_path, pieces
):
    async with bounded(tmp_path) as server:
        reader, writer = await opened(server)
        size = 24_000
        said = f"POST /v1/sync HTTP/1.1\r\nHost: x\r\nContent-Length: {size * pieces}"
        writer.write(said.encode() + b"\r\n\r\n" + b"x" * size * (pieces - 1))
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        assert head.startswith(b"HTTP/1.1 401")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]
        await reader.readexactly(int(length))
        writer.write(b"x" * size)
        await asyncio.sleep(0.2)
        writer.write(b"GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.close()


@pytest.mark.slow
async def test_an_answer_that_nobody_reads_is_let_go_of(tmp_path, monkeypatch):
    monkeypatch.setattr("server.http.connections._UNREAD_S", 0.5)
    async with bounded(tmp_path) as server:
        laptop = await server.laptop()
        # More than the system keeps on its way.
        monkeypatch.setattr(limits, "REPAIR_BYTES", 2**30)
        for number in range(2_400):
            laptop.add("plot", {"code": f"P{number}", "note": "x" * 4_000})
        for _ in range(10):
            await laptop.sync(most=240)
        every = ",".join(f"{n:02x}" for n in range(256))
        path = f"/v1/streams/{server.project_id}/rows?in={every}"
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            deaf.connect(("127.0.0.1", urlsplit(server.url).port))
            deaf.sendall(
                f"GET {path} HTTP/1.1\r\nHost: x\r\n"
                f"Authorization: Bearer {laptop.token}\r\n\r\n".encode()
            )
            with capture_logs() as lines:
                for _ in range(100):
                    await asyncio.sleep(0.1)
                    if any(line.get("why") == "nobody reads" for line in lines):
                        break
            assert [line["why"] for line in lines if "why" in line] == ["nobody reads"]


# Guesses ---------------------------------------------------------------------------


async def asked(server, path, **more):
    async with (
        ClientSession() as session,
        session.post(f"{server.url}{path}", **more) as got,
    ):
        return got.status, got.headers.get("Retry-After"), await got.read()


def token(text):
    return {"headers": {"Authorization": f"Bearer {text}"}}


def enrolment(code):
    key = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
    log = "0190a000-0000-7000-8000-0000000000aa"
    return {"json": {"code": code, "name": "x", "log": log, "public_key": key}}


GUESSES = {"/v1/sync": token, "/v1/enrol": enrolment}


@pytest.mark.parametrize("path", GUESSES)
async def test_after_some_wrong_guesses_an_address_waits_longer_and_longer(
    tmp_path, path
):
    async with bounded(tmp_path, wrong_guesses=3) as server:
        laptop = await server.laptop()
        await laptop.sync()
        make = GUESSES[path]
        found = [await asked(server, path, **make(f"no {n}")) for n in range(5)]
        statuses = [status for status, _, _ in found]
        assert statuses == [401 if path == "/v1/sync" else 403] * 3 + [429] * 2
        assert 1 <= int(found[-1][1]) <= 5
        assert json.loads(found[-1][2])["code"] == "too_many_guesses"
        assert (await laptop.sync()).end["more"] is False, (
            "who was right before goes on"
        )


async def test_guesses_behind_a_proxy_are_those_of_who_guesses(tmp_path):
    async with bounded(tmp_path, ["127.0.0.0/8"], wrong_guesses=3) as server:

        async def guess(address):
            said = token("no")
            said["headers"] |= {"X-Forwarded-For": f"203.0.113.9, {address}"}
            return (await asked(server, "/v1/sync", **said))[0]

        assert [await guess("192.0.2.1") for _ in range(4)] == [401, 401, 401, 429]
        assert await guess("192.0.2.2") == 401
        own = [await guess(f"2001:db8::{n}") for n in range(1, 5)]
        assert own == [401, 401, 401, 429], "one owner has a whole network of these"


async def test_nobody_else_may_say_where_a_request_came_from(tmp_path):
    async with bounded(tmp_path, wrong_guesses=2) as server:
        found = []
        for number in range(3):
            said = token("no")
            said["headers"]["X-Forwarded-For"] = f"192.0.2.{number}"
            found.append((await asked(server, "/v1/sync", **said))[0])
        assert found == [401, 401, 429]


# The log ---------------------------------------------------------------------------


async def test_what_strangers_repeat_is_one_line_and_names_their_address(tmp_path):
    async with bounded(tmp_path, wrong_guesses=1000) as server:
        with capture_logs() as lines:
            for _ in range(20):
                await asked(server, "/v1/sync")
                await asked(server, "/v1/sync", **token("no"))
                await asked(server, f"/{new_id()}\x1b")
        said = [(line["code"], line["address"]) for line in lines]
        codes = ["no_token", "bad_token", "not_found"]
        assert said == [(code, "127.0.0.1") for code in codes]


async def test_what_is_asked_without_a_token_and_answered_is_one_line_too(tmp_path):
    async with bounded(tmp_path) as server, ClientSession() as session:
        with capture_logs() as lines:
            for _ in range(20):
                async with session.get(f"{server.url}/v1/health") as got:
                    assert got.status == 200
        assert [line["path"] for line in lines] == ["/v1/health"]


async def test_what_is_no_http_is_one_line_without_a_traceback(tmp_path, caplog):
    async with bounded(tmp_path) as server:
        with capture_logs() as lines:
            for _ in range(5):
                connection = await opened(server, b"\x16\x03\x01\x00 hello\r\n\r\n")
                status, document = await answer_of(connection)
                assert (status, document["code"]) == (400, "bad_request")
        (line,) = lines
        assert line["address"] == "127.0.0.1"
        assert "Traceback" not in json.dumps(line) + caplog.text


async def test_the_line_of_a_request_names_the_laptop(tmp_path):
    async with bounded(tmp_path) as server:
        laptop = await server.laptop()
        (device,) = await server.report("devices")
        with capture_logs() as lines:
            await laptop.sync()
        (line,) = [line for line in lines if line["event"] == "request"]
        assert (line["device"], line["address"]) == (device.id, "127.0.0.1")


# Where it listens ------------------------------------------------------------------


async def test_an_address_of_ipv6_is_printed_as_a_url_that_is_one(tmp_path):
    with socket.socket(socket.AF_INET6) as found:
        try:
            found.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no ::1")
    data = DataDirectory(tmp_path / "server")
    init_data(data, Clock())
    async with running(data, Listening("::1", 0)) as url, ClientSession() as session:
        assert url.startswith("http://[::1]:")
        async with session.get(f"{url}/v1/health") as got:
            assert got.status == 200
