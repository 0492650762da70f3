"""Failures in a row are waited for, a little longer each time, until it is enough."""

import pytest

from collector.client.http import Patience
from collector.client.retry import DELAYS_S
from collector.clock import Clock
from collector.errors import UnreachableError


class Waiting(Clock):
    """A clock that waits for nothing, and remembers for how long it was to."""

    def __init__(self):
        self.waited = []

    def random_bits(self, _count):
        return 0

    async def pause(self, seconds):
        self.waited.append(seconds)


async def wait_out(patience, error):
    for _ in DELAYS_S:
        await patience.wait(error)
    with pytest.raises(UnreachableError) as found:
        await patience.wait(error)
    assert found.value is error


async def test_it_gives_up_after_a_few_failures_in_a_row():
    clock = Waiting()
    await wait_out(Patience(clock), UnreachableError("away"))
    assert clock.waited == list(DELAYS_S)


async def test_what_moved_on_meanwhile_renews_it():
    clock, error = Waiting(), UnreachableError("away")
    patience = Patience(clock)
    await patience.wait(error)
    patience.renew()
    await wait_out(patience, error)
    assert clock.waited == [DELAYS_S[0], *DELAYS_S]


async def test_a_busy_server_is_waited_for_as_long_as_it_asks():
    clock, busy = Waiting(), UnreachableError("busy")
    busy.retry_after_s = 7.0
    await Patience(clock).wait(busy)
    assert clock.waited == [7.0]
