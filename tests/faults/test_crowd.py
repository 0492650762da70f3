"""Strangers, liars and a large database: short here, long in `make soak`."""

import asyncio

import pytest

from server.store.driver import connect
from tests.faults.crowd import (
    Fuzz,
    fill,
    hostile_bodies,
    send_at_once,
    served,
    start_s,
    syncs_beside_idle,
)
from tests.faults.homes import admin
from tests.integration.test_memory_of_requests import Grown

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

GROWTH_MIB = 64.0


def fuzz(path, seed, requests):
    """Send requests, a third of which carry changes that stand; verify what is kept."""

    async def run():
        async with served(path, 4) as (_, data, laptops):
            found = Fuzz(laptops, seed)
            await found.run(requests)
            return data, found

    data, found = asyncio.run(run())
    assert found.sent >= requests
    assert found.applied >= requests / 3, found.applied
    admin(data.path, "verify")
    return found.sent


def test_requests_of_which_a_third_stands_never_fail_the_server(tmp_path):
    fuzz(tmp_path, 1, 300)


async def test_100_hostile_bodies_at_once_take_bounded_memory(tmp_path):
    async with served(tmp_path, 25) as (pid, _, laptops):
        for laptop in laptops[:2]:
            laptop.add("plot", {"code": laptop.log[-6:]})
            await laptop.sync()
        grown = Grown(pid)
        statuses = await send_at_once(laptops, hostile_bodies(), 4)
        assert len(statuses) == 100
        assert {*statuses} <= {400, 413, 429, 503}
        assert grown.mib() < GROWTH_MIB
        laptops[0].add("plot", {"code": "AFTER"})
        assert (await laptops[0].sync()).outcomes == ["accepted"]


def crowd(path, seed, idle):
    """Sync beside idle connections: hardly slower than without them."""
    quiet_s, crowded_s = asyncio.run(syncs_beside_idle(path, seed, idle, 20, 10))
    assert crowded_s <= 3 * quiet_s, (quiet_s, crowded_s)
    return quiet_s, crowded_s


def start_large(path, seed, changes):
    """Start after kill -9 with so many changes: hardly later than an empty server."""
    del seed
    (path / "empty").mkdir(parents=True)
    (path / "large").mkdir()
    empty = asyncio.run(fill(path / "empty", 0))
    large = asyncio.run(fill(path / "large", changes))
    connection = connect(large.database)
    (count,) = connection.execute('SELECT count(*) FROM "change"').fetchone()
    connection.close()
    assert count >= changes
    late_s = start_s(large) - start_s(empty)
    assert late_s <= 5.0, late_s
    return late_s
