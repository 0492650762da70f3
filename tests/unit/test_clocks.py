"""The clocks of both sides mean the same by a name."""

import asyncio
import inspect
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from collector.clock import Clock as LaptopClock
from server.clock import Clock as ServerClock

each = pytest.mark.parametrize("clock", [LaptopClock(), ServerClock()])


def methods(clock):
    return {
        name: inspect.signature(method)
        for name, method in inspect.getmembers(clock, inspect.isfunction)
        if not name.startswith("_")
    }


def test_what_both_have_is_called_and_asked_alike():
    laptop, server = methods(LaptopClock), methods(ServerClock)
    both = laptop.keys() & server.keys()
    assert both == {"now_ms", "stamp", "new_id", "pause"}
    assert {n: laptop[n] for n in both} == {n: server[n] for n in both}


@each
def test_a_stamp_is_the_time_as_text(clock):
    before_ms = clock.now_ms()
    stamp = datetime.fromisoformat(clock.stamp())
    assert stamp.utcoffset() == timedelta()
    assert before_ms <= round(stamp.timestamp() * 1000) <= clock.now_ms()


@each
def test_an_id_carries_the_time_and_is_new(clock):
    before_ms = clock.now_ms()
    ids = {UUID(clock.new_id()) for _ in range(100)}
    assert len(ids) == 100
    assert {(found.version, found.int >> 80 >= before_ms) for found in ids} == {
        (7, True)
    }


@each
async def test_a_pause_lets_others_work(clock):
    worked = []
    other = asyncio.ensure_future(asyncio.to_thread(worked.append, 1))
    await clock.pause(0.05)
    await other
    assert worked == [1]
