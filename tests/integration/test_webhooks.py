"""What is sent to a webhook, on the wire: signed, bounded, retried, to public hosts alone."""

import asyncio
import hashlib
import hmac
import json
import sys
import time
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from server.clock import Clock
from server.config import DataDirectory
from server.custody.own_log import add_project
from server.data import init_data, open_store
from server.store.webhook_values import DeliveryStatus, Webhook
from server.webhooks.delivering import PAUSES_S, deliver_all, deliver_due, send_test
from server.webhooks.events import delivery_of
from server.webhooks.hosts import allow_host, disallow_host, is_public
from server.webhooks.sending import send

pytestmark = pytest.mark.slow
SECRET = "a secret of a test"
MIB = 1024 * 1024


class Shifted(Clock):
    """A clock that goes so many seconds ahead."""

    ahead_s = 0

    def now_ms(self):
        return super().now_ms() + self.ahead_s * 1000


class Receiver:
    """A real receiver on loopback; `answer` is what it does."""

    def __init__(self):
        self.came, self.answer, self.url = [], self.ok, ""

    async def take(self, request):
        self.came.append((dict(request.headers), await request.read(), request.path))
        return await self.answer(request)

    async def ok(self, _request):
        return web.Response(status=204)

    async def fail(self, _request):
        return web.Response(status=500)

    async def redirect(self, _request):
        return web.Response(status=302, headers={"Location": f"{self.url}/other"})

    async def hang(self, _request):
        await asyncio.sleep(3_600)

    async def flood(self, request):
        answer = web.StreamResponse(status=200)
        await answer.prepare(request)
        for _ in range(10_000):
            await answer.write(b"x" * MIB)
        return answer

    async def long_header(self, _request):
        return web.Response(headers={"X-Long": "x" * 4 * MIB})


@asynccontextmanager
async def receiving():
    found, app = Receiver(), web.Application()
    app.router.add_route("*", "/{path:.*}", found.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield found
    finally:
        await runner.cleanup()


@pytest.fixture
async def receiver():
    async with receiving() as found:
        yield found


@pytest.fixture
async def told(tmp_path, receiver):
    """A store with one webhook at the receiver and one delivery that waits."""
    data = DataDirectory(tmp_path / "server")
    init_data(data, Clock())
    store = open_store(data)
    project = await add_project(store, Clock(), {"code": "HF", "title": "HF"}, {})
    hook = await add_hook(store, project, receiver.url)
    yield store, hook
    store.close()


async def add_hook(store, project, url):
    clock = Clock()
    hook = Webhook(
        *(clock.new_id(), project, f"{url}/hook?a=%2F", SECRET),
        *(("conflict-opened",), clock.stamp(), "{}"),
    )

    def job(tx):
        allow_host(tx, "127.0.0.1")
        tx.add_webhook(hook)

    await store.write(job)
    await add_delivery(store, hook)
    return hook


async def add_delivery(store, hook):
    new = delivery_of(Clock(), hook, "HF", "conflict-opened", [{"id": "c"}])
    await store.write(lambda tx: tx.add_delivery(new))


async def first(store):
    return (await store.read(lambda tx: tx.deliveries(None, None, 10)))[0]


async def go(store, ahead_s=0):
    clock = Shifted()
    clock.ahead_s = ahead_s
    return await deliver_all(store, clock, may_be_local=True)


async def test_what_is_sent_is_signed_with_the_time_and_names_its_event(told, receiver):
    store, _ = told
    assert (await go(store)).delivered == 1
    ((headers, body, path),) = receiver.came
    text = headers["Permille-Timestamp"].encode() + b"." + body
    expected = hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest()
    assert headers["Permille-Signature"] == f"sha256={expected}"
    assert abs(int(headers["Permille-Timestamp"]) - time.time()) < 60
    said = json.loads(body)
    assert said["id"] == headers["Permille-Event"]
    assert (said["event"], said["project"]["code"]) == ("conflict-opened", "HF")
    assert path == "/hook"
    assert (await first(store)).status == DeliveryStatus.DELIVERED
    assert (await go(store, 10**6)).delivered == 0, "what arrived is not sent again"


async def test_what_fails_is_sent_again_after_growing_pauses_and_then_given_up(
    told, receiver
):
    store, _ = told
    receiver.answer, ahead = receiver.fail, 0
    for number, pause in enumerate(PAUSES_S, 1):
        assert (await go(store, ahead)).again == 1
        assert (await go(store, ahead + pause - 5)).again == 0
        assert (await first(store)).error == "answered 500"
        assert len(receiver.came) == number
        ahead += pause + 5
    assert (await go(store, ahead)).given_up == 1
    assert (await first(store)).status == DeliveryStatus.GIVEN_UP
    assert await go(store, ahead + 10**6) == await go(store, ahead + 10**6)
    assert len(receiver.came) == len(PAUSES_S) + 1
    assert len({headers["Permille-Event"] for headers, *_ in receiver.came}) == 1
    assert len({headers["Permille-Signature"] for headers, *_ in receiver.came}) > 1


async def test_a_redirect_is_not_followed(told, receiver):
    store, _ = told
    receiver.answer = receiver.redirect
    assert (await go(store)).again == 1
    assert [path for *_, path in receiver.came] == ["/hook"]
    assert (await first(store)).error == "answered 302; redirects are not followed"


async def test_a_host_that_is_taken_off_the_list_gets_nothing(told, receiver):
    store, _ = told
    await store.write(lambda tx: disallow_host(tx, "127.0.0.1"))
    assert (await go(store)).again == 1
    assert receiver.came == []
    assert "not on the list" in (await first(store)).error


@pytest.mark.parametrize("path", ["https://{}", "http://{}"])
async def test_this_machine_is_refused_by_number_and_by_name(told, receiver, path):
    store, hook = told
    delivery = await first(store)
    port = receiver.url.rpartition(":")[2]
    for host in ("127.0.0.1", "localhost", "[::1]", "0.0.0.0", "127.1", "2130706433"):  # noqa: S104 - refused
        there = hook._replace(url=path.format(f"{host}:{port}/hook"))
        assert (await send(there, delivery, 0)).error, host
    assert receiver.came == []


def test_only_addresses_of_the_public_internet_are_public():
    public = ("93.184.216.34", "2606:2800:220:1::1")
    other = (
        *("10.0.0.1", "172.16.0.1", "192.168.1.1", "127.0.0.1", "169.254.169.254"),
        *("0.0.0.0", "100.64.0.1", "224.0.0.1", "255.255.255.255", "198.18.0.1"),  # noqa: S104 - refused
        *("::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1", "fec0::1"),
        *("::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::10.0.0.1", "64:ff9b:1::1"),
    )
    assert [one for one in public if not is_public(one)] == []
    assert [one for one in other if is_public(one)] == []


@pytest.mark.parametrize("trouble", ["hang", "flood", "long_header"])
async def test_a_bad_receiver_takes_bounded_time_and_memory_and_delays_nobody(
    told, receiver, trouble
):
    store, hook = told
    receiver.answer = getattr(receiver, trouble)
    async with receiving() as other:
        await add_hook(store, hook.project_id, other.url)
        begun = time.monotonic()
        sending = asyncio.create_task(deliver_due(store, Clock(), may_be_local=True))
        while not other.came:
            assert time.monotonic() - begun < 5
            await asyncio.sleep(0.01)
        # The store is free meanwhile, to write too.
        await store.write(lambda tx: tx.set_setting("tried", "yes"))
        assert time.monotonic() - begun < 5
        done = await sending
    assert time.monotonic() - begun < 15
    # What answers 200 has arrived, whatever follows; nobody reads it.
    assert (done.delivered, done.again) == ((2, 0) if trouble == "flood" else (1, 1))


async def test_one_webhook_does_not_wait_for_another_whose_events_are_many(
    told, receiver
):
    store, hook = told
    receiver.answer = receiver.fail
    for _ in range(20):
        await add_delivery(store, hook)
    async with receiving() as other:
        await add_hook(store, hook.project_id, other.url)
        await deliver_due(store, Clock(), may_be_local=True)
        assert (len(receiver.came), len(other.came)) == (1, 1)


KILLED = """
import asyncio, sys
from pathlib import Path
from server.clock import Clock
from server.config import DataDirectory
from server.data import open_store
from server.webhooks.delivering import deliver_due
store = open_store(DataDirectory(Path(sys.argv[1])))
asyncio.run(deliver_due(store, Clock(), may_be_local=True))
"""


async def test_who_is_killed_between_sending_and_noting_sends_again_with_the_same_id(
    told, receiver, tmp_path
):
    store, _ = told
    receiver.answer = receiver.hang  # it came, and nothing of it is noted
    command = [sys.executable, "-c", KILLED, str(tmp_path / "server")]
    process = await asyncio.create_subprocess_exec(*command)
    for _ in range(600):
        if receiver.came:
            break
        await asyncio.sleep(0.05)
    process.kill()
    await process.wait()
    receiver.answer = receiver.ok
    assert (await go(store)).delivered == 0, "it is still taken"
    assert (await go(store, 600)).delivered == 1
    ids = [headers["Permille-Event"] for headers, *_ in receiver.came]
    assert len(ids) == 2
    assert len(set(ids)) == 1


async def test_a_test_is_sent_once_and_told(told, receiver):
    store, hook = told
    tried = await send_test(store, Clock(), hook.id, may_be_local=True)
    assert (tried.status, tried.error) == (DeliveryStatus.DELIVERED, None)
    receiver.answer = receiver.fail
    tried = await send_test(store, Clock(), "127.0.0.1", may_be_local=True)
    assert (tried.status, tried.error) == (DeliveryStatus.GIVEN_UP, "answered 500")
    assert len(receiver.came) == 2


async def test_a_removed_webhook_gets_nothing_more(told, receiver):
    store, hook = told
    await store.write(lambda tx: tx.remove_webhook(hook.id, Clock().stamp()))
    assert (await go(store, 10**6)).delivered == 0
    assert receiver.came == []
    assert (await first(store)).status == DeliveryStatus.GIVEN_UP


async def test_finished_deliveries_are_bounded_and_waiting_ones_stay(told):
    store, hook = told
    waiting = await first(store)
    for _ in range(5):
        new = delivery_of(Clock(), hook, "HF", "test", [])
        done = new._replace(status=DeliveryStatus.DELIVERED)
        await store.write(lambda tx, d=done: tx.add_delivery(d))
    assert await store.write(lambda tx: tx.forget_deliveries("", 3)) == 2
    left = await store.read(lambda tx: tx.deliveries(None, None, 10))
    assert len(left) == 4
    assert left[-1] == waiting
    assert await store.write(lambda tx: tx.forget_deliveries("9", 1_000)) == 3
    assert await store.read(lambda tx: tx.deliveries(None, None, 10)) == [waiting]
