"""A server killed with -9 while laptops push: nothing acknowledged is lost or doubled."""

import asyncio
import random
import signal

import aiohttp
import pytest

from server.access.enrolment import Enrolment, enrol, issue_code
from server.clock import Clock
from server.config import DataDirectory
from server.custody.own_log import add_project
from server.store.sqlite import SqliteStore, create
from tests.laptop import TestLaptop
from tests.processes import start_server, stop

pytestmark = pytest.mark.timeout(240)

CYCLES = 6
BATCH = 40
SEED = 20261122


async def prepared(path):
    """Return a data directory with one project, and a laptop that may push to it."""
    data = DataDirectory(path / "server")
    create(data.database, Clock())
    store = SqliteStore(data.database)
    project_id = await add_project(
        store, Clock(), {"code": "HF", "title": "Highfield"}, {}
    )
    laptop = TestLaptop("", "", project_id)
    code, _ = await issue_code(store, Clock(), (project_id,), "a")
    asked = Enrolment(code, "a", laptop.log, laptop.public_key)
    _, laptop.token = await enrol(store, Clock(), asked)
    store.close()
    return data, laptop


async def push_until_killed(laptop, process, delay_s):
    """Push batch after batch; return the verdicts that arrived before the kill."""
    acknowledged = {}
    killer = asyncio.create_task(kill_later(process, delay_s))
    try:
        while True:
            for _ in range(BATCH):
                laptop.add("plot", {"code": f"P{len(laptop.lines)}"})
            for verdict in (await laptop.sync()).verdicts:
                acknowledged[verdict["n"]] = verdict
    except aiohttp.ClientError:
        pass
    await killer
    return acknowledged


async def kill_later(process, delay_s):
    await asyncio.sleep(delay_s)
    stop(process, signal.SIGKILL)


async def kill_servers(path, seed, cycles):
    """Kill a server that takes pushes; return how many acknowledgements it gave."""
    data, laptop = await prepared(path)
    delays = random.Random(seed)
    acknowledged = {}
    for _ in range(cycles):
        process, laptop.url = start_server(data.path)
        try:
            acknowledged |= await push_until_killed(
                laptop, process, delays.uniform(0.02, 0.35)
            )
        finally:
            stop(process, signal.SIGKILL)
    process, laptop.url = start_server(data.path)
    try:
        laptop.acked = 0
        verdicts = {}
        while laptop.acked < len(laptop.lines):
            for verdict in (await laptop.sync()).verdicts:
                verdicts[verdict["n"]] = verdict
    finally:
        stop(process)
    for n, verdict in acknowledged.items():
        assert verdicts[n] | {"d": False} == verdict | {"d": False}
    store = SqliteStore(data.database)
    try:
        stats = await store.read(lambda tx: tx.stats())
    finally:
        store.close()
    assert stats.records["plot"] == len(laptop.lines)
    assert stats.verdicts["accepted"] == len(laptop.lines) + 1
    return len(acknowledged)


async def test_a_killed_server_keeps_what_it_acknowledged_once(tmp_path):
    assert await kill_servers(tmp_path, SEED, CYCLES) > CYCLES * BATCH / 2
