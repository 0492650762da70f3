"""A server moves to another database and back: laptops notice nothing but the timeline."""

import asyncio

import pytest

from server.clock import Clock
from server.config import DataDirectory
from server.data import init_data
from tests.conftest import RunningServer, running
from tests.databases import project_of
from tests.processes import server_process, typed

PLOT = {"area_ha": 2.5}


@pytest.fixture
async def data(tmp_path):
    """A data directory with a project, in a file."""
    found = DataDirectory(tmp_path / "server")
    init_data(found, Clock())
    return found


async def state(server):
    """Return what is to be the same wherever the records are."""
    heads = await server.report("heads")
    return heads, await server.report("digest", server.project_id)


async def test_there_and_back_in_the_middle_of_a_sync(data, empty_postgres):
    project_id = await project_of(data)
    laptop, before = None, None
    for number, target in enumerate((empty_postgres(), "file", None)):
        async with running(data) as url:
            server = RunningServer(data, url, project_id)
            if laptop is None:
                laptop = await server.laptop()
            else:
                assert await state(server) == before
            laptop.url = url
            for code in range(6):
                laptop.add("plot", PLOT | {"code": f"P{number}-{code}"})
            # Three of six: what is left goes on after the move.
            answer = await laptop.sync(most=3)
            assert answer.outcomes == ["accepted"] * 3
            await server.derived()
            before = await state(server)
        if target is not None:
            done = await asyncio.to_thread(typed, data.path, "move", "--to", target)
            assert "all of them checked" in done.output
            assert "Next: permille-server" in done.output
    async with running(data) as url:
        laptop.url = url
        while laptop.acked < len(laptop.lines):
            await laptop.sync()
        server = RunningServer(data, url, project_id)
        assert (await server.report("stats"))["records"]["plot"] == 18
        assert len(await server.report("epochs")) == 3
    done = await asyncio.to_thread(typed, data.path, "verify")
    assert "everything holds" in done.output


def test_who_is_served_is_not_moved(data, empty_postgres):
    with server_process(data.path):
        done = typed(data.path, "move", "--to", empty_postgres(), code=4)
    assert "another server process has" in done.output


def test_where_a_server_is_nothing_is_written(data, new_postgres):
    done = typed(data.path, "move", "--to", new_postgres(), code=4)
    assert "the database has a server already" in done.output
    assert data.address is None


def test_what_is_no_address_is_said(data):
    done = typed(data.path, "move", "--to", "mysql://x", code=2)
    assert "mysql://x is no address such as postgresql://user@host/name" in done.output
