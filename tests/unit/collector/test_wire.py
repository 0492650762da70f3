"""The client against servers that misbehave: real HTTP on loopback."""

import asyncio
import json
import threading
from datetime import timedelta
from threading import Timer

import pytest
from aiohttp import web
from backports import zstd
from filelock import FileLock

from collector.client.files import BlobClient
from collector.client.sync import SyncClient
from collector.clock import Clock
from collector.errors import RefusedError, UnreachableError, UsageError
from collector.store import lock
from schemas import limits
from schemas.messages import NDJSON
from tests.unit.collector.replies import PROJECT_ID, end, hello, lines, row, verdict

pytestmark = pytest.mark.slow


def body(*messages):
    return b"\n".join(lines(*messages)) + b"\n"


class Scripted:
    """A server that gives prepared answers, and remembers what it was asked."""

    def __init__(self):
        self.answers, self.asked = [], []

    async def handle(self, request):
        self.asked.append((request.headers.copy(), await request.read()))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if callable(answer):
            answer = answer(self.asked[-1])
        if isinstance(answer, bytes):
            return web.Response(body=answer, content_type=NDJSON)
        if answer is None:
            request.transport.abort()
            return web.Response()
        return web.Response(**answer)


@pytest.fixture
def scripted():
    """Serve in a thread of its own, so that commands can use their own loop."""
    found, ready, loop = Scripted(), threading.Event(), asyncio.new_event_loop()

    async def start():
        app = web.Application(client_max_size=2**24)
        app.router.add_route("*", "/{path:.*}", found.handle)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0]
        found.url = f"http://{host}:{port}"
        found.runner = runner
        ready.set()

    def serve():
        asyncio.set_event_loop(loop)
        loop.run_until_complete(start())
        loop.run_forever()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    assert ready.wait(10)
    yield found
    asyncio.run_coroutine_threadsafe(found.runner.cleanup(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


async def send(scripted, request=b"x" * 1000):
    async with SyncClient(scripted.url, "token") as client:
        return await client.sync(request), client.traffic


@pytest.fixture
def enrolled(permille, scripted):
    store = permille.open_store()
    store.set_settings({"server": scripted.url, "token": "t"})
    store.close()
    return permille


async def test_a_request_is_packed_when_it_pays_and_carries_few_headers(scripted):
    scripted.answers = [body(hello(), end())]
    await send(scripted)
    headers, sent = scripted.asked[0]
    # The server library has unpacked it; the header says what travelled.
    assert sent == b"x" * 1000
    assert int(headers["Content-Length"]) < 100
    assert set(headers) == {
        "Host",
        "Authorization",
        "Content-Type",
        "Content-Encoding",
        "Content-Length",
        "Accept-Encoding",
    }


async def test_a_small_request_is_sent_as_it_is(scripted):
    scripted.answers = [body(hello(), end())]
    await send(scripted, b"small")
    headers, sent = scripted.asked[0]
    assert (sent, headers.get("Content-Encoding")) == (b"small", None)


async def test_a_packed_answer_is_unpacked(scripted):
    packed = zstd.compress(body(hello(), row(3), end(3)))
    scripted.answers = [{"body": packed, "headers": {"Content-Encoding": "zstd"}}]
    reply, traffic = await send(scripted)
    assert reply.received == 1
    assert traffic.requests == 1
    assert traffic.bytes_received > len(packed)


@pytest.mark.parametrize("cut", [1, 20, 60])
async def test_a_packed_answer_that_was_cut_is_no_answer(scripted, cut):
    packed = zstd.compress(body(hello(), row(3), end(3)))[:-cut]
    scripted.answers = [{"body": packed, "headers": {"Content-Encoding": "zstd"}}]
    with pytest.raises(UnreachableError, match="cut"):
        await send(scripted)


async def test_garbage_that_calls_itself_zstd_is_no_answer(scripted):
    scripted.answers = [{"body": b"garbage", "headers": {"Content-Encoding": "zstd"}}]
    with pytest.raises(UnreachableError, match="garbled"):
        await send(scripted)


async def test_an_answer_that_unpacks_without_end_is_stopped(scripted):
    bomb = zstd.compress(bytes(limits.ANSWER_BYTES * 4))
    scripted.answers = [{"body": bomb, "headers": {"Content-Encoding": "zstd"}}]
    with pytest.raises(UnreachableError, match="too large"):
        await send(scripted)


async def test_the_page_of_a_captive_portal_is_no_answer(scripted):
    scripted.answers = [{"text": "<html>log in</html>"}]
    with pytest.raises(UnreachableError):
        await send(scripted)


async def send_records(url):
    async with SyncClient(url, "token") as client:
        await client.sync(b"x" * 1000)


async def send_file(url):
    async with BlobClient(url, "token", Clock()) as client:
        await client.patch("a" * 64, 0, 1000, b"x" * 1000)


async def fetch_file(url):
    async with BlobClient(url, "token", Clock()) as client:
        await client.get("a" * 64, 0, lambda _part: None)


EACH_REQUEST = pytest.mark.parametrize("ask", [send_records, send_file, fetch_file])


@EACH_REQUEST
async def test_a_connection_that_breaks_is_no_answer(scripted, ask):
    scripted.answers = [None]
    with pytest.raises(UnreachableError, match=f"{scripted.url} was not reached"):
        await ask(scripted.url)


@EACH_REQUEST
async def test_a_server_that_is_away_was_not_reached(ask):
    with pytest.raises(UnreachableError, match="was not reached: Connect"):
        await ask("http://127.0.0.1:9")


@EACH_REQUEST
@pytest.mark.parametrize("url", ["soil.example.org", "ftp://x", "http://"])
async def test_an_address_that_is_none_is_wrong_usage(ask, url):
    with pytest.raises(UsageError):
        await ask(url)


@EACH_REQUEST
async def test_the_servers_own_words_reach_the_person(scripted, ask):
    document = {"code": "bad_code", "title": "the code is used", "hint": "ask again"}
    scripted.answers = [{"status": 403, "text": json.dumps(document)}]
    with pytest.raises(RefusedError) as found:
        await ask(scripted.url)
    assert (found.value.code, found.value.hint) == ("bad_code", "ask again")


@EACH_REQUEST
async def test_a_busy_server_says_when_to_ask_again(scripted, ask):
    scripted.answers = [{"status": 503, "headers": {"Retry-After": "7"}}]
    with pytest.raises(UnreachableError) as found:
        await ask(scripted.url)
    assert (found.value.code, found.value.retry_after_s) == ("server_busy", 7)


async def test_a_rate_that_is_bounded_is_kept_by_the_clock(scripted):
    class Waiting(Clock):
        waited = 0.0

        async def pause(self, seconds):
            self.waited += seconds

    scripted.answers = [{"status": 204, "headers": {"Upload-Offset": "40000"}}]
    slow = Waiting()
    async with BlobClient(scripted.url, "token", slow, rate_kbit=32) as client:
        await client.patch("a" * 64, 0, 40_000, b"x" * 40_000)
    assert slow.waited == pytest.approx(10)


async def test_a_file_travels_counted_and_with_few_headers(scripted):
    scripted.answers = [{"status": 204, "headers": {"Upload-Offset": "1000"}}]
    async with BlobClient(scripted.url, "token", Clock()) as client:
        there = await client.patch("a" * 64, 0, 1000, b"x" * 1000)
    headers, sent = scripted.asked[0]
    assert (there.offset, sent) == (1000, b"x" * 1000)
    assert set(headers) == {
        "Host",
        "Authorization",
        "Content-Type",
        "Content-Length",
        "Upload-Offset",
        "Upload-Length",
    }
    assert client.traffic.requests == 1
    assert 1000 < client.traffic.bytes_sent < 1500


async def test_a_file_that_comes_is_counted(scripted):
    taken = []
    scripted.answers = [{"status": 206, "body": b"x" * 1000}]
    async with BlobClient(scripted.url, "token", Clock()) as client:
        await client.get("a" * 64, 0, taken.append)
    assert b"".join(taken) == b"x" * 1000
    assert 1000 < client.traffic.bytes_received < 1500


def test_a_cut_answer_applies_nothing_and_the_next_sync_gets_it_all(enrolled, scripted):
    """The server had committed; its answer was lost on the way."""
    whole = body(hello(1), verdict(None, q=1, d=True), end(1))
    scripted.answers = [whole[:-20]]
    enrolled("sync", code=3)
    status = enrolled.json("status")
    assert (status["pending"], status["last_sync_at"]) == (1, None)
    scripted.answers = [whole]
    found = enrolled.json("sync")
    assert (found["pushed"], found["accepted"], found["duplicates"]) == (1, 1, 1)
    assert enrolled.json("status")["pending"] == 0


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(0, None), (4, None), (30, "30 minutes behind"), (-30, "30 minutes ahead of")],
)
def test_a_clock_that_is_far_off_is_told_and_refuses_nothing(
    enrolled, scripted, clock, minutes, said
):
    now = clock.now() + timedelta(minutes=minutes)
    answer = hello(1) | {"now": now.isoformat(timespec="milliseconds")}
    scripted.answers = [body(answer, verdict(None, q=1), end(1))]
    text = enrolled("sync").out
    assert "1 accepted" in text
    assert ("clock" in text) is bool(said)
    assert (said or "") in text
    assert enrolled.json("sync")["clock_skew_s"] == pytest.approx(-60 * minutes, abs=1)


def test_the_report_has_exactly_the_documented_keys(enrolled, scripted):
    scripted.answers = [body(hello(1), verdict(None, q=1), end(1))]
    assert list(enrolled.json("sync")) == [
        "pushed",
        "accepted",
        "merged",
        "conflicts",
        "quarantined",
        "held",
        "duplicates",
        "settled_late",
        "received",
        "repaired",
        "pending",
        "new_logs",
        "moved",
        "notes",
        "figures_later",
        "requests",
        "bytes_sent",
        "bytes_received",
        "duration_s",
        "clock_skew_s",
        "attachments",
    ]


def test_a_server_that_restarts_is_tried_again(enrolled, scripted):
    busy = {"status": 503, "headers": {"Retry-After": "0"}, "text": "{}"}
    scripted.answers = [busy, lambda asked: body(hello(), end())]
    found = enrolled("sync", "--json", code=3).data
    # The second answer judged nothing: the change stays, nothing is lost.
    assert found["error"]["code"] == "unreachable"
    assert len(scripted.asked) == 2


def test_a_revoked_laptop_keeps_everything(enrolled, scripted):
    document = '{"code": "bad_token", "title": "unknown device", "status": 401}'
    scripted.answers = [{"status": 401, "text": document}]
    found = enrolled.json("sync", code=4)["error"]
    assert found["code"] == "bad_token"
    assert "deleted" in found["hint"]
    assert enrolled.json("status")["pending"] == 1


@pytest.mark.parametrize(
    "words", [["sync"], ["enrol", "http://127.0.0.1:9", "K7QF-93MD"]]
)
def test_a_sync_that_does_not_end_keeps_the_next_one_outside(
    enrolled, scripted, monkeypatch, words
):
    monkeypatch.setattr(lock, "WAIT_S", 0.1)
    store = enrolled.open_store()
    store.set_settings({"server": words[1] if words[1:] else store.setting("server")})
    store.close()
    with lock.held(enrolled.home / "sync.lock"):
        found = enrolled(*words, "--json", code=5)
    assert found.data["error"]["code"] == "busy"
    assert "wait" in found.data["error"]["hint"]
    assert scripted.asked == []


def test_a_sync_waits_for_another_one_that_ends(enrolled, scripted):
    scripted.answers = [body(hello(1), verdict(None, q=1), end(1))]
    other = FileLock(enrolled.home / "sync.lock", thread_local=False)
    other.acquire()
    timer = Timer(0.3, other.release)
    timer.start()
    found = enrolled("sync", "--json")
    timer.join()
    assert found.data["pushed"] == 1
    assert "another sync of this laptop is running; waiting up to 10 s" in found.err


def test_a_busy_server_is_no_busy_laptop(enrolled, scripted):
    busy = {"status": 503, "headers": {"Retry-After": "0"}, "text": '{"code": "busy"}'}
    scripted.answers = [busy] * 3
    found = enrolled("sync", "--json", code=3).data
    assert "the server is busy" in found["error"]["text"]


@pytest.mark.parametrize("words", [["--wait"], ["--watch"]])
def test_who_waits_for_the_server_waits_for_another_sync_too(
    enrolled, scripted, monkeypatch, words
):
    monkeypatch.setattr(lock, "WAIT_S", 0.1)
    scripted.answers = [body(hello(1), verdict(None, q=1), end(1))]
    other = FileLock(enrolled.home / "sync.lock", thread_local=False)
    other.acquire()
    paused = []

    async def pause(_clock, seconds):
        paused.append(seconds)
        other.release()
        if len(paused) > 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(type(enrolled.app.clock), "pause", pause)
    found = enrolled("sync", *words, "--json", code=None)
    assert "trying again in 2 s" in found.err
    assert json.loads(found.out)["pushed"] == 1


def test_a_server_that_lost_changes_gets_them_again(enrolled, scripted):
    """After a restore it asks from where it needs the log."""
    first = body(hello(1), verdict(None, q=1), end(1))
    scripted.answers = [first]
    enrolled("sync")
    assert enrolled.json("status")["pending"] == 0
    scripted.answers = [body(hello(0, need_from=1), end(0)), first]
    found = enrolled.json("sync")
    assert (found["pushed"], found["requests"], found["pending"]) == (1, 2, 0)


def test_conflicts_show_both_values(enrolled, scripted):
    found = {
        "id": "c1:area_ha",
        "group": "area_ha",
        "base": {"area_ha": 1.0},
        "theirs": {"area_ha": 2.0},
        "ours": {"area_ha": 3.0},
        "change": "c1",
        "device": "lap-2",
        "person": "Bo",
        "at": "2026-06-01T12:00:00Z",
    }
    contested = row(5, x=[found], code="HF", area_ha=2.0)
    scripted.answers = [body(hello(1), verdict(None, q=1), contested, end(5))]
    enrolled("sync", code=1)
    (shown,) = enrolled.json("conflicts", code=1)
    assert (shown["name"], shown["other"]) == ("HF", {"area_ha": 3.0})
    text = enrolled("conflicts", code=1).out
    assert "area-ha 2" in text
    assert "Bo" in text
    assert enrolled.json("status", code=1)["conflicts"] == 1


def test_stocks_are_shown_as_the_server_wrote_them(enrolled, scripted):
    point = {"plot": "HF", "campaign": "1959", "point": "1", "soc_stock_t_ha": 61.857}
    between = {
        "plot": "HF",
        "from_campaign": "1959",
        "to_campaign": "2014",
        "n0": 4,
        "n1": 4,
        "stock0_t_ha": 63.02,
        "stock1_t_ha": 30.69,
        "change_t_ha": -32.33,
        "change_ci95_t_ha": [-35.0, None],
        "rate_permille_year": -9.37,
        "rate_ci95_permille_year": [-10.2, -8.5],
        "verdict_4permille": "BELOW",
        "reasons": ["BD_ESTIMATED"],
    }
    scripted.answers = [
        body(
            hello(1),
            verdict(None, q=1),
            row(2, record=PROJECT_ID[:-1] + "2", t="stock", points=[point]),
            row(3, record=PROJECT_ID[:-1] + "3", t="change", change=between),
            end(3),
        )
    ]
    enrolled("sync")
    assert enrolled.json("stocks") == {
        "stocks": [point],
        "changes": [between],
        "trends": [],
    }
    text = enrolled("stocks").out
    assert "-32.3 (-35.0 to ∞)" in text
    assert "BD_ESTIMATED" in text
    assert "61.9" in enrolled("stocks", "--points").out
