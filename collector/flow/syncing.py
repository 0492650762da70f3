"""Keep -> sync: trade changes for verdicts and rows until nothing waits."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from collector.core.batches import first_batch
from collector.core.overlay import Status
from collector.core.reply import Reply
from collector.core.retry import delays
from collector.errors import RefusedError, UnreachableError
from collector.flow import laptop as names
from collector.flow.laptop import Laptop
from collector.store.lock import held
from collector.store.port import Cursor, LogHead
from collector.wire import Client
from schemas import limits
from schemas.messages import encode, hello
from schemas.version import SCHEMA_VERSION, __version__

#: Told after each round: changes still to push, rows received so far.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Report:
    """What one sync did."""

    pushed: int
    accepted: int
    merged: int
    conflicts: int
    quarantined: int
    duplicates: int
    received: int
    pending: int
    requests: int
    bytes_sent: int
    bytes_received: int
    duration_s: float

    def as_data(self) -> dict[str, Any]:
        """Give the JSON object."""
        return asdict(self)


async def sync(laptop: Laptop, progress: Progress) -> Report:
    """Push what waits and pull what is new, round by round.

    Raises
    ------
    UnreachableError
        If the server cannot be reached; what was agreed before stays.
    RefusedError
        If this laptop is not enrolled, or the server refuses it.
    """
    server = laptop.store.setting(names.SERVER)
    token = laptop.store.setting(names.TOKEN)
    if server is None or token is None:
        raise RefusedError(
            "this laptop is not enrolled",
            "ask the administrator for a code, then: permille enrol URL CODE",
            code="not_enrolled",
        )
    began_s = laptop.clock.monotonic_s()
    tally = _Tally()
    with held(laptop.home.sync_lock):
        async with Client(server, token) as client:
            while await _round(laptop, client, tally):
                progress(laptop.store.count_unacknowledged(), tally.received)
    return tally.report(laptop, client, laptop.clock.monotonic_s() - began_s)


class _Tally:
    def __init__(self) -> None:
        self.pushed = self.received = self.duplicates = 0
        self.verdicts: Counter[Status] = Counter()

    def add(self, verdicts: list[tuple[Status, bool]], received: int) -> None:
        self.received += received
        for status, repeated in verdicts:
            self.verdicts[status] += 1
            self.duplicates += repeated

    def report(self, laptop: Laptop, client: Client, duration_s: float) -> Report:
        return Report(
            pushed=self.pushed,
            accepted=self.verdicts[Status.ACCEPTED],
            merged=self.verdicts[Status.MERGED],
            conflicts=self.verdicts[Status.CONFLICT],
            quarantined=self.verdicts[Status.QUARANTINED],
            duplicates=self.duplicates,
            received=self.received,
            pending=laptop.store.count_unacknowledged(),
            requests=client.traffic.requests,
            bytes_sent=client.traffic.bytes_sent,
            bytes_received=client.traffic.bytes_received,
            duration_s=round(duration_s, 3),
        )


async def _round(laptop: Laptop, client: Client, tally: _Tally) -> bool:
    """Do one request; tell whether another one is needed."""
    store = laptop.store
    head, asked = store.head(), store.streams()
    batch = first_batch(store.tail(head.acked_n, limits.BATCH_CHANGES + 1))
    body = _request(laptop, head, batch, asked)
    reply = await _exchange(laptop, client, body)
    if reply.need_from is not None and reply.need_from <= head.acked_n:
        store.rewind(max(reply.need_from - 1, 0))
        return True
    applied = store.apply(reply, asked, laptop.moment())
    tally.pushed += len(batch)
    tally.add(list(applied.verdicts), applied.received)
    left = store.count_unacknowledged()
    if left and store.head().acked_n == head.acked_n:
        raise UnreachableError(
            "the server did not take the changes", "nothing is lost; permille sync"
        )
    return bool(left) or reply.more or applied.stale


def _request(
    laptop: Laptop,
    head: LogHead,
    batch: list[tuple[int, bytes]],
    asked: Mapping[str, Cursor | None],
) -> bytes:
    log = laptop.store.setting(names.LOG)
    assert log is not None, "an opened laptop has a log"
    first = hello(
        log_id=log,
        head=head.n,
        acked_n=head.acked_n,
        acked_hash=head.acked_hash,
        wall=laptop.clock.stamp(),
        cursors={stream: cursor for stream, cursor in asked.items() if cursor},
        app=f"permille {__version__}",
        schema=SCHEMA_VERSION,
    )
    last_n = batch[-1][0] if batch else head.acked_n
    last_hash = laptop.store.hash_at(last_n)
    assert last_hash is not None, "a batch ends inside the log"
    last = {"k": "end", "n": last_n, "hash": last_hash.hex()}
    lines = [encode(first), *(raw for _, raw in batch), encode(last)]
    return b"\n".join(lines) + b"\n"


async def _exchange(laptop: Laptop, client: Client, body: bytes) -> Reply:
    """Send a request, and again while the server is away for a moment."""
    chance = laptop.clock.random_bits(16) / 2**16
    waits = None
    while True:
        try:
            return await client.sync(body)
        except UnreachableError as error:
            if waits is None:
                waits = delays(error.retry_after_s, chance)
            wait = next(waits, None)
            if wait is None:
                raise
            await asyncio.sleep(wait)


def needs_person(laptop: Laptop) -> bool:
    """Tell whether conflicts or quarantined changes are open."""
    waiting = laptop.store.count_changes().get(Status.QUARANTINED, 0)
    return bool(waiting or laptop.store.contested())
