"""A slow and lossy link, as a rule for when bytes arrive. No I/O.

A connection is a row of segments. All connections of one direction share one line: a
segment takes its bits at the rate of the line, then half a round trip. A lost segment is
noticed after a timeout, takes the line once more, and holds up what follows it on its own
connection, as TCP delivers in order. Acknowledgements are free. Slow start is left out: at
64 kbit/s and 600 ms less is under way than a first window holds.
"""

import random  # noqa: TID251 - seeded: which segments are lost
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

#: What TCP carries in one packet of 1,500 bytes, and what lies around it.
SEGMENT: Final = 1448
HEADERS: Final = 52
#: RFC 6298: the timeout is never below a second.
_TIMEOUT_S: Final = 1.0
_APART_S: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Link:
    """How good a link is."""

    bits_s: float
    round_trip_s: float
    loss: float
    seed: int = 0

    @property
    def timeout_s(self) -> float:
        """The time after which a lost segment is sent again."""
        return max(_TIMEOUT_S, self.round_trip_s)

    def floor_s(self, payload: int) -> float:
        """Return what a request of so many bytes takes at least: a handshake and one turn."""
        segments = -(-payload // SEGMENT)
        return 2 * self.round_trip_s + (payload + segments * HEADERS) * 8 / self.bits_s


@dataclass(slots=True)
class Line:
    """One direction of a link, shared by its connections."""

    link: Link
    free_at_s: float = 0.0
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.link.seed)  # noqa: S311 - seeded

    def opened_s(self, now_s: float) -> float:
        """Return when a handshake that begins now lets the first bytes go."""
        at_s = now_s + self.link.round_trip_s
        while self._is_lost():
            at_s += self.link.timeout_s
        return at_s

    def arrival_s(self, now_s: float, segment: int) -> float:
        """Return when a segment that is sent now arrives."""
        sent_s = self._take(now_s, segment)
        late_s = 0.0
        while self._is_lost():
            late_s += self.link.timeout_s
            self._take(now_s, segment)
        return sent_s + late_s + self.link.round_trip_s / 2

    def _take(self, now_s: float, segment: int) -> float:
        """Occupy the line for a segment; return when it has left."""
        begins_s = max(now_s, self.free_at_s)
        self.free_at_s = begins_s + (segment + HEADERS) * 8 / self.link.bits_s
        return self.free_at_s

    def _is_lost(self) -> bool:
        return self.chance.random() < self.link.loss


@dataclass(slots=True)
class Stream:
    """One direction of one connection: bytes arrive in order, from when it is open."""

    line: Line
    opened_s: float
    last_s: float = 0.0

    def arrivals(self, now_s: float, size: int) -> Iterator[tuple[float, int]]:
        """Yield when each segment of so many bytes arrives, with its size."""
        sent_s = max(now_s, self.opened_s)
        while size > 0:
            segment = min(size, SEGMENT)
            arrives_s = self.line.arrival_s(sent_s, segment)
            # No two at once: an event loop may turn these round.
            self.last_s = max(self.last_s + _APART_S, arrives_s)
            yield self.last_s, segment
            size -= segment
