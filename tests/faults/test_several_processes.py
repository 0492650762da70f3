"""Several processes serve one address from PostgreSQL; each may end at any moment."""

import asyncio
import os
import signal

import pytest

from server.clock import Clock
from server.config import DataDirectory
from server.data import init_data
from tests.conftest import RunningServer
from tests.databases import new_server, project_of
from tests.processes import children, is_there, start_server, stop, typed, until

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def data(request, tmp_path):
    """A data directory whose database is PostgreSQL."""
    return new_server(request, tmp_path, "postgres")


async def test_one_that_is_killed_is_started_again_and_no_laptop_waits(data):
    project_id = await project_of(data)
    process, url = start_server(data.path, 0, (), "--workers", "2")
    try:
        first = children(process.pid)
        assert len(first) == 2
        server = RunningServer(data, url, project_id)
        laptop = await server.laptop()
        os.kill(first[0], signal.SIGKILL)
        await asyncio.to_thread(until, lambda: not is_there(first[0]))
        for code in range(20):
            laptop.add("plot", {"code": f"P{code}"})
            answer = await laptop.sync()
            assert answer.outcomes == ["accepted"]
        again = await asyncio.to_thread(
            until, lambda: len(found := children(process.pid)) == 2 and found
        )
        assert first[1] in again
    finally:
        assert stop(process) == 0
    assert not any(map(is_there, again))


async def test_the_one_that_leads_is_followed_by_another(data):
    project_id = await project_of(data)
    process, url = start_server(data.path, 0, (), "--workers", "2")
    try:
        server = RunningServer(data, url, project_id)
        laptop = await server.laptop()
        for number, pid in enumerate(children(process.pid)):
            laptop.add("plot", {"code": f"P{number}"})
            await laptop.sync()
            os.kill(pid, signal.SIGKILL)
            await asyncio.to_thread(until, lambda gone=pid: not is_there(gone))
        laptop.add("plot", {"code": "last"})
        await asyncio.to_thread(until, lambda: len(children(process.pid)) == 2)
        assert (await laptop.sync()).outcomes == ["accepted"]
        for _ in range(600):
            if not await server.report("waiting_jobs"):
                break
            await asyncio.sleep(0.1)
        assert await server.report("waiting_jobs") == []
    finally:
        assert stop(process) == 0


def test_a_file_takes_one_process(tmp_path):
    init_data(DataDirectory(tmp_path / "server"), Clock())
    done = typed(tmp_path / "server", "run", "--workers", "2", code=2)
    assert "2 processes cannot write to one SQLite file" in done.output
    assert "--database" in done.output


def test_a_database_that_cannot_be_reached_is_said_once(tmp_path):
    address = f"postgresql://permille@/none?host={tmp_path}"
    done = typed(tmp_path / "server", "--database", address, "init", code=4)
    assert "the database cannot be reached" in done.output
    assert "Traceback" not in done.output
    assert not (tmp_path / "server").exists()
