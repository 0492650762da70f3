"""A server killed with -9 while laptops push: nothing acknowledged is lost or doubled."""

import asyncio
import json
import random
import signal

import aiohttp
import pytest

from server.clock import Clock
from server.config import DataDirectory
from server.flow.access import Enrolment, enrol, issue_code
from server.flow.admin import add_project
from server.store.sqlite import SqliteStore, create
from tests.laptop import TestLaptop
from tests.processes import start_server, stop

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

CYCLES = 20
BATCH = 40


@pytest.fixture
async def prepared(tmp_path):
    """A data directory with one project, and a laptop that may push to it."""
    data = DataDirectory(tmp_path / "server")
    create(data.database, Clock())
    store = SqliteStore(data.database)
    stream = await add_project(store, Clock(), {"code": "HF", "title": "Highfield"}, {})
    laptop = TestLaptop("", "", stream)
    code, _ = await issue_code(store, Clock(), (stream,), "a")
    asked = Enrolment(code, "a", laptop.log, laptop.public_key)
    _, laptop.token = await enrol(store, Clock(), asked)
    store.close()
    return data, laptop


async def push_until_killed(laptop, process, delay_s):
    """Push batch after batch; give the ids whose verdicts arrived before the kill."""
    acknowledged = {}
    killer = asyncio.create_task(kill_later(process, delay_s))
    try:
        while True:
            for _ in range(BATCH):
                laptop.add("plot", {"code": f"P{len(laptop.lines)}"})
            for verdict in (await laptop.sync()).verdicts:
                change = json.loads(laptop.lines[verdict["n"] - 1])
                acknowledged[change["i"]] = verdict
    except aiohttp.ClientError:
        pass
    await killer
    return acknowledged


async def kill_later(process, delay_s):
    await asyncio.sleep(delay_s)
    stop(process, signal.SIGKILL)


async def test_a_killed_server_keeps_what_it_acknowledged_once(prepared):
    data, laptop = prepared
    delays = random.Random(20261122)
    acknowledged = {}
    for _ in range(CYCLES):
        process, laptop.url = start_server(data.path)
        acknowledged |= await push_until_killed(
            laptop, process, delays.uniform(0.02, 0.35)
        )
    process, laptop.url = start_server(data.path)
    try:
        laptop.acked = 0
        verdicts = {}
        while laptop.acked < len(laptop.lines):
            for verdict in (await laptop.sync()).verdicts:
                change = json.loads(laptop.lines[verdict["n"] - 1])
                verdicts[change["i"]] = verdict
    finally:
        stop(process)
    assert len(acknowledged) > CYCLES * BATCH / 2
    for name, verdict in acknowledged.items():
        assert verdicts[name] | {"d": False} == verdict | {"d": False}
    store = SqliteStore(data.database)
    try:
        stats = await store.read(lambda unit: unit.stats())
    finally:
        store.close()
    assert stats["records"]["plot"] == len(laptop.lines)
    assert stats["verdicts"]["accepted"] == len(laptop.lines) + 1
