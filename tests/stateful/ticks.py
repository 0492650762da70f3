"""The one course of time of a simulated season, and the clocks that look at it."""

from datetime import UTC, datetime, timedelta

from collector.clock import Clock as LaptopClock
from schemas.ids import uuid7
from server.clock import Clock as ServerClock

START = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Ticks:
    """The one course of time: every look at a clock is a millisecond later."""

    def __init__(self):
        self.ms = int(START.timestamp() * 1000)
        self.drawn = 0

    def look(self):
        self.ms += 1
        return self.ms

    def bits(self, count):
        self.drawn += 1
        mixed = self.drawn * 0x9E3779B97F4A7C15F39CC0605CEDC835 + 0x1234567
        return (mixed * mixed >> 31) % (1 << count)


class ServerTime(ServerClock):
    def __init__(self, ticks):
        self.ticks = ticks

    def now_ms(self):
        return self.ticks.look()

    def new_id(self):
        return uuid7(self.now_ms(), self.ticks.bits(74))

    def key(self):
        return self.ticks.bits(256).to_bytes(32, "big")


class LaptopTime(LaptopClock):
    """A laptop's clock, off by `skew_s`; nobody waits in a simulation."""

    def __init__(self, ticks, skew_s=0.0):
        self.ticks, self.skew_s = ticks, skew_s

    def now(self):
        ms = self.ticks.look() + int(self.skew_s * 1000)
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)

    def monotonic_s(self):
        return self.ticks.ms / 1000

    def random_bits(self, count):
        return self.ticks.bits(count)

    async def pause(self, seconds):
        self.ticks.ms += int(seconds * 1000)
