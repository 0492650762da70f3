"""Who watches a server hears the truth while a database or a process ends."""

import asyncio
import os
import signal
import socket
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import psycopg
import pytest
from aiohttp import ClientSession

from demo.postgres import cluster
from schemas.messages import NDJSON
from server.app import Listening
from server.clock import Clock
from server.custody.own_log import add_project
from server.http.addresses import LOOPBACK, networks
from tests.conftest import RunningServer, running
from tests.databases import DATABASES, new_server, on_cluster
from tests.laptop import read_answer
from tests.processes import children, is_there, start_server, stop, until
from tests.watching import asked, counted, failed

pytestmark = pytest.mark.timeout(120)

AT = Listening("127.0.0.1", 0, networks(LOOPBACK))


@asynccontextmanager
async def own_cluster(path):
    """Serve from a cluster that the test may stop; return it with the address."""
    with cluster() as own:
        async with running(on_cluster(own, path), AT) as url:
            yield own, url


async def test_while_the_database_is_stopped_the_process_lives_and_is_not_ready(
    tmp_path,
):
    async with own_cluster(tmp_path) as (own, url):
        assert (await asked(url, "/readyz"))[0] == 200
        own.stop()
        said = await failed(url)
        assert list(said) == ["database"]
        assert (await asked(url, "/healthz"))[0] == 200
        assert await counted(url, "permille_waiting_plots") == {}
        own.start()
        assert (await asked(url, "/readyz"))[0] == 200


async def test_a_database_that_only_listens_is_waited_for_two_seconds(tmp_path):
    async with own_cluster(tmp_path) as (own, url):
        with psycopg.connect(own.url()) as db:
            found = db.execute("SELECT pid FROM pg_stat_activity WHERE datname <> ''")
            pids = [pid for (pid,) in found if pid != db.info.backend_pid]
        for pid in [own.pid, *pids]:
            os.kill(pid, signal.SIGSTOP)
        try:
            said = await failed(url)
            assert said == {"database": "the database did not answer within 2 s"}
        finally:
            for pid in [own.pid, *pids]:
                os.kill(pid, signal.SIGCONT)


async def with_project(data, url):
    """Add a project to a server that runs."""
    found = RunningServer(data, url, "")
    fields = {"code": "HF", "title": "Highfield"}
    found.project_id = await found.ask(lambda s: add_project(s, Clock(), fields, {}))
    return found


async def test_several_processes_tell_the_counts_of_all_of_them(request, tmp_path):
    data = new_server(request, tmp_path, "postgres")
    process, url = start_server(data.path, 0, (), "--workers", "2")
    try:
        laptop = await (await with_project(data, url)).laptop()
        for _ in range(10):
            await laptop.sync()
        found = await counted(url, "permille_requests_total")
        assert found['{method="POST",route="/v1/sync",status="200"}'] == 10
        first = await asyncio.to_thread(until, lambda: children(process.pid))
        os.kill(first[0], signal.SIGKILL)
        await asyncio.to_thread(until, lambda: not is_there(first[0]))
        await asyncio.to_thread(until, lambda: len(children(process.pid)) == 2)
        for _ in range(100):
            if await counted(url, "permille_leads") == {"": 1}:
                break
            await asyncio.sleep(0.1)
        assert await counted(url, "permille_leads") == {"": 1}
        found = await counted(url, "permille_requests_total")
        assert found['{method="POST",route="/v1/sync",status="200"}'] == 10
    finally:
        assert stop(process) == 0


def refuses(url):
    """Return whether nobody listens at an address."""
    with socket.socket() as found:
        return found.connect_ex(("127.0.0.1", urlsplit(url).port)) != 0


async def pushed(laptop, goes_on):
    """Push with a body whose end waits; return what was answered."""
    body = laptop.body()

    async def slowly():
        yield body[:20]
        await goes_on.wait()
        yield body[20:]

    said = {"Authorization": f"Bearer {laptop.token}", "Content-Type": NDJSON}
    async with (
        ClientSession() as session,
        session.post(f"{laptop.url}/v1/sync", data=slowly(), headers=said) as got,
    ):
        return got.status, read_answer(await got.read())


@pytest.mark.parametrize("database", DATABASES)
async def test_what_is_under_way_when_a_server_is_told_to_stop_is_finished(
    request, tmp_path, database
):
    data = new_server(request, tmp_path, database)
    process, url = start_server(data.path)
    try:
        laptop = await (await with_project(data, url)).laptop()
        laptop.add("plot", {"code": "P1"})
        goes_on = asyncio.Event()
        pushing = asyncio.create_task(pushed(laptop, goes_on))
        async with ClientSession() as watching:
            async with watching.get(f"{url}/readyz") as ready:
                assert ready.status == 200
                await ready.read()
            os.kill(process.pid, signal.SIGTERM)
            await asyncio.to_thread(until, lambda: refuses(url))
            async with watching.get(f"{url}/readyz") as stopping:
                said = await stopping.json(content_type=None)
                assert said["failed"] == {"process": "the server is stopping"}
                assert stopping.headers["Connection"] == "close"
        goes_on.set()
        status, answer = await pushing
        assert (status, answer.outcomes) == (200, ["accepted"])
        assert await asyncio.to_thread(process.wait, 30) == 0
    finally:
        stop(process)
