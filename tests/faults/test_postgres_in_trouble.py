"""PostgreSQL in trouble: what was acknowledged is there, once, and laptops just come again."""

import asyncio
import contextlib
import signal
import socket
import tempfile
import threading
from functools import partial
from pathlib import Path

import psycopg
import pytest

from demo.postgres import SAFE, Cluster, cluster
from server.clock import Clock
from server.data import look_into, open_store
from server.operations.audit.audit import find_faults
from server.operations.copy_detection import notice_copy, notice_move
from tests.conftest import RunningServer, running
from tests.databases import on_cluster, project_of
from tests.faults.test_writers import of_either

pytestmark = pytest.mark.timeout(180)

SOCKET = ".s.PGSQL.5432"
#: What a laptop may be told meanwhile: to come again.
AGAIN = 503


@pytest.fixture
def own():
    """A cluster of the test's own, which it may end."""
    with cluster(SAFE) as found:
        yield found


@contextlib.asynccontextmanager
async def served(data, *at):
    """Serve a data directory, perhaps in another way; return server and laptop."""
    project_id = await project_of(data)
    async with running(data, *at) as url:
        server = RunningServer(data, url, project_id)
        laptop = await server.laptop()
        await laptop.sync()
        yield server, laptop


async def push_until_taken(laptop, patience_s=60):
    """Push as a laptop does, again and again; return how often it was told to wait."""
    end_s, told = asyncio.get_running_loop().time() + patience_s, 0
    while laptop.acked < len(laptop.lines):
        assert asyncio.get_running_loop().time() < end_s
        status, raw = await laptop.post(laptop.body())
        if status == AGAIN:
            told += 1
            await asyncio.sleep(0.1)
            continue
        assert status == 200, raw
        laptop.acked = len(laptop.lines)
    return told


def check(data, plots):
    """Hold what is kept against its chains, and count it."""
    with look_into(data) as tx:
        assert list(find_faults(tx, lambda *_: None)) == []
        assert tx.stats().records["plot"] == plots


def more(laptop, count):
    for _ in range(count):
        laptop.add("plot", {"code": f"P{len(laptop.lines)}"})


async def test_a_crash_is_waited_out(own, tmp_path):
    data = on_cluster(own, tmp_path)
    async with served(data) as (_, laptop):
        for how in (signal.SIGQUIT, signal.SIGINT):
            more(laptop, 20)
            assert await push_until_taken(laptop) == 0
            await asyncio.to_thread(own.stop, how)
            more(laptop, 20)
            status, raw = await laptop.post(laptop.body())
            assert (status, b"busy" in raw or b"storage" in raw) == (AGAIN, True), raw
            await asyncio.to_thread(own.start)
            await push_until_taken(laptop)
    check(data, 80)


async def test_a_promoted_standby_goes_on_in_a_new_timeline(own, tmp_path):
    with cluster(SAFE, own) as standby:
        data = on_cluster(own, tmp_path, partial(of_either, own, standby))
        async with served(data) as (server, laptop):
            more(laptop, 20)
            assert await push_until_taken(laptop) == 0
            epoch = await server.report("epoch")
            await asyncio.to_thread(own.stop, signal.SIGQUIT)
            await asyncio.to_thread(standby.promote)
            more(laptop, 20)
            await push_until_taken(laptop)
            for _ in range(100):
                if await server.report("epoch") != epoch:
                    break
                await asyncio.sleep(0.1)
            assert await server.report("epoch") != epoch
            assert (await server.report("home")).endswith("/2")
            answer = await laptop.sync()
            assert answer.hello["epoch"] != epoch
        check(data, 40)


def take_all(own, taken):
    """Take every connection that a cluster has left."""
    with contextlib.suppress(psycopg.OperationalError):
        while True:
            taken.append(psycopg.connect(own.url(), autocommit=True))


async def test_where_no_connection_is_left_laptops_come_again(tmp_path):
    with cluster(SAFE | {"max_connections": "12"}) as own:
        data = on_cluster(own, tmp_path)
        async with served(data) as (_, laptop):
            taken = []
            take_all(own, taken)
            more(laptop, 5)
            # Its own connections end, and there is no room for others.
            taken[0].execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> ALL(%s)",
                ([each.info.backend_pid for each in taken],),
            )
            await asyncio.sleep(0.5)
            take_all(own, taken)
            assert (await laptop.post(laptop.body()))[0] == AGAIN
            for each in taken:
                each.close()
            await push_until_taken(laptop)
        check(data, 5)


async def test_a_lock_that_is_not_given_back_is_not_waited_for_for_ever(own, tmp_path):
    data = on_cluster(own, tmp_path, lambda url: f"{url}&options=-clock_timeout%3D300")
    async with served(data) as (server, laptop):
        with psycopg.connect(data.address) as other:
            other.execute(
                "SELECT 1 FROM project WHERE project_id = %s FOR UPDATE",
                (server.project_id,),
            )
            more(laptop, 5)
            assert (await laptop.post(laptop.body()))[0] == AGAIN
        await push_until_taken(laptop)
    check(data, 5)


async def test_a_statement_that_takes_too_long_is_ended(own, tmp_path):
    data = on_cluster(
        own, tmp_path, lambda url: f"{url}&options=-cstatement_timeout%3D300"
    )
    async with served(data) as (server, laptop):
        with psycopg.connect(data.address) as other:
            other.execute("SELECT 1 FROM project FOR UPDATE")
            more(laptop, 5)
            assert (await laptop.post(laptop.body()))[0] == AGAIN
        await push_until_taken(laptop)
        assert server
    check(data, 5)


class Cutting:
    """Stands between server and database; a commit is passed on and its answer is not."""

    def __init__(self, folder, beyond):
        self.beyond = str(beyond / SOCKET)
        self.cuts, self.is_cutting = 0, False
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(folder / SOCKET))
        self._listening.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(self.beyond)
                is_cut = threading.Event()
                for work in (self._there, self._back):
                    of = (near, far, is_cut)
                    threading.Thread(target=work, args=of, daemon=True).start()

    def _there(self, near, far, is_cut):
        is_push = False
        with contextlib.suppress(OSError):
            while data := near.recv(65536):
                # The receipt is the last that a push writes; others commit, too.
                is_push = is_push or (self.is_cutting and b"INTO receipt" in data)
                if is_push and b"COMMIT" in data:
                    is_cut.set()
                far.sendall(data)
        _close(far)

    def _back(self, near, far, is_cut):
        with contextlib.suppress(OSError):
            while data := far.recv(65536):
                if is_cut.is_set():
                    self.cuts += 1
                    break
                near.sendall(data)
        _close(near)

    def close(self):
        self._listening.close()


def _close(end):
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
        end.close()


async def test_where_the_answer_to_a_commit_is_lost_a_repeat_is_told_the_same(
    own, tmp_path
):
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        cutting = Cutting(Path(folder), own.folder)
        data = on_cluster(
            own, tmp_path, lambda url: url.replace(str(own.folder), folder)
        )
        async with served(data) as (_, laptop):
            more(laptop, 10)
            cutting.is_cutting = True
            assert (await laptop.post(laptop.body()))[0] == AGAIN
            assert cutting.cuts > 0
            cutting.is_cutting = False
            status, raw = await laptop.post(laptop.body())
            assert status == 200
            assert raw.count(b'"d":true') == 10
            laptop.acked = len(laptop.lines)
        check(data, 10)
        cutting.close()


async def test_a_database_that_was_restored_elsewhere_begins_a_new_timeline(
    own, tmp_path
):
    """Another cluster has another identifier: its database is a copy."""
    data = on_cluster(own, tmp_path)
    store = open_store(data)
    try:
        assert not await notice_copy(store, data.mark, Clock())
        assert not await notice_move(store, Clock())
        await store.write(lambda tx: tx.set_setting("home", "1234567/1"))
        assert await notice_move(store, Clock())
        assert not await notice_move(store, Clock())
    finally:
        store.close()


async def test_a_base_backup_that_is_put_back_begins_a_new_timeline(own, tmp_path):
    """It has the identifier and the timeline of before: the mark of the directory tells."""
    data = on_cluster(own, tmp_path)
    async with served(data) as (server, laptop):
        more(laptop, 5)
        await push_until_taken(laptop)
        epoch = await server.report("epoch")
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        backup = Cluster(Path(folder), SAFE)
        backup.restore(own)
        async with running(data) as url:
            laptop.url = url
            more(laptop, 5)
            await push_until_taken(laptop)
        own.stop()
        # The drill: a fresh cluster of the backup holds, and is known for what it is.
        backup.start()
        try:
            data.remembered.write_text(
                data.address.replace(str(own.folder), str(backup.folder))
            )
            check(data, 5)
            async with running(data) as url:
                restored = RunningServer(data, url, server.project_id)
                assert await restored.report("epoch") != epoch
                laptop.url = url
                answer = await laptop.sync()
                assert answer.hello["need_from"] == 6
        finally:
            backup.stop()
