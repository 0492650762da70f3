"""The way of a change through the server: accept, merge, answer.

Read it from top to bottom. Each step asks the store for one transaction and
leaves the rules to server.sync. The numbers follow in server.flow.derive.
"""

import asyncio
from dataclasses import dataclass, field

from schemas import hlc
from server.clock import Clock, iso
from server.errors import refuse
from server.store.port import Device, FeedRow, LogHead, Store, Unit
from server.sync.judge import judge
from server.sync.merge import merge
from server.sync.model import Judged, Origin, Verdict
from server.sync.request import Push


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a push: verdicts in log order, and how far it is acknowledged."""

    head: LogHead
    streams: frozenset[str]
    verdicts: list[Verdict] = field(default_factory=list)
    need_from: int | None = None


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a laptop has not seen yet, with its new cursors."""

    epoch: str
    resets: list[str]
    rows: list[FeedRow]
    cursors: dict[str, int]
    more: bool


async def sync(
    store: Store, clock: Clock, device: Device, push: Push
) -> tuple[Accepted, Pulled]:
    """Serve one round trip. Push and pull commit independently."""
    accepted = await accept(store, clock, device, push)
    pulled = await store.read(lambda unit: pull(unit, push, accepted.streams))
    return accepted, pulled


async def accept(store: Store, clock: Clock, device: Device, push: Push) -> Accepted:
    """Store the changes of a push and merge them; after this they are on disk.

    Raises
    ------
    RequestError
        If the log is another laptop's, or went on elsewhere.
    """
    # Judging fields is most of the work and needs no lock.
    batch = await asyncio.to_thread(lambda: [judge(change) for change in push.changes])
    now_ms = clock.now_ms()
    origin = Origin(push.log, device.id, iso(now_ms), hlc.at(now_ms + 1))
    return await store.write(
        lambda unit: _merge_push(unit, device, push, batch, origin)
    )


def _merge_push(
    unit: Unit, device: Device, push: Push, batch: list[Judged], origin: Origin
) -> Accepted:
    unit.saw(device.id, origin.received_at)
    streams = frozenset(device.projects)
    head = unit.log_head(push.log) or unit.add_log(push.log, device.id)
    if head.device != device.id:
        raise refuse("foreign_log", f"log {push.log}")
    if push.acked_n > head.n:
        return Accepted(head, streams, need_from=head.n + 1)
    _check_lineage(unit, push, head)
    new = [judged for judged in batch if judged.change.n > head.n]
    repeated = unit.verdicts(push.log, push.acked_n + 1, _end(push)[0])
    # What is acknowledged never goes beyond what this response gives verdicts for.
    answered = LogHead(push.log, device.id, *_end(push))
    if not new:
        return Accepted(answered, streams, repeated)
    desk = unit.lay_desk(new, set(streams))
    merge(desk, new, origin)
    unit.keep(desk, new, origin)
    return Accepted(answered, frozenset(desk.streams), repeated + desk.verdicts)


def _end(push: Push) -> tuple[int, bytes]:
    """Give the place and hash after the last change of a push."""
    if not push.changes:
        return push.acked_n, push.acked_hash
    return push.changes[-1].n, push.changes[-1].hash


def _check_lineage(unit: Unit, push: Push, head: LogHead) -> None:
    """Refuse a log that says other things than what is stored of it."""
    stored = unit.line_hash(push.log, push.acked_n)
    known = [change for change in push.changes if change.n <= head.n]
    if known:
        stored_last = unit.line_hash(push.log, known[-1].n)
        same = stored_last == known[-1].hash
    else:
        same = True
    if stored != push.acked_hash or not same or push.head < head.n:
        raise refuse("fork", f"the server has {head.n} changes of this log")


def pull(unit: Unit, push: Push, streams: frozenset[str]) -> Pulled:
    """Gather what the laptop has not seen, in one snapshot."""
    epoch = unit.epoch()
    pulled = Pulled(epoch, [], [], {}, more=False)
    left, more = push.want, False
    for stream in sorted(streams):
        cursor = push.cursors.get(stream)
        after = cursor[1] if cursor and cursor[0] == epoch else 0
        if cursor and cursor[0] not in {"", epoch}:
            pulled.resets.append(stream)
        if left <= 0:
            more = more or unit.count_after(stream, after) > 0
            continue
        page = unit.page(stream, after, left, push)
        pulled.rows.extend(page.rows)
        left -= len(page.rows)
        more = more or page.more
        if cursor is None or cursor != (epoch, page.cursor):
            pulled.cursors[stream] = page.cursor
    return Pulled(epoch, pulled.resets, pulled.rows, pulled.cursors, more)
