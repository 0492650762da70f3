"""The way of a change through the server: accept, merge, answer.

Read it from top to bottom. Each step asks the store for one transaction and
leaves the rules to server.sync. The numbers follow in server.flow.derive.
"""

import asyncio
from dataclasses import dataclass, field

from schemas import hlc
from schemas.signing import is_signed, push_text
from server.clock import Clock, iso
from server.errors import refuse
from server.flow.lineage import (
    check_lineage,
    missing_part,
    notice_lost_timeline,
    with_own_ids,
    with_true_bases,
    with_whole_groups,
)
from server.flow.pull import Pulled, pull
from server.flow.receipts import give_receipt, repeat_receipt
from server.store.port import Store, Unit
from server.store.values import Device, Receipt
from server.sync.judge import judge
from server.sync.merge import merge
from server.sync.model import Judged, Origin, Verdict
from server.sync.request import Push


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a push: verdicts in log order, and what the server still needs.

    `need` names a log and the change from which the server wants it.
    """

    streams: frozenset[str]
    verdicts: list[Verdict] = field(default_factory=list)
    need: tuple[str, int] | None = None
    receipt: Receipt | None = None


async def sync(
    store: Store, clock: Clock, device: Device, push: Push
) -> tuple[Accepted, Pulled]:
    """Serve one round trip. Push and pull commit independently."""
    accepted = await accept(store, clock, device, push)
    pulled = await store.read(lambda unit: pull(unit, device, push, accepted.streams))
    return accepted, pulled


async def accept(store: Store, clock: Clock, device: Device, push: Push) -> Accepted:
    """Store the changes of a push and merge them; after this they are on disk.

    Raises
    ------
    RequestError
        If it is not signed by the device, the log is another laptop's, or it went on
        elsewhere.
    """
    # Judging fields is most of the work and needs no lock.
    batch = await asyncio.to_thread(_judged, device, push)
    now_ms = clock.now_ms()
    origin = Origin(device.id, iso(now_ms), hlc.at(now_ms + 1))
    epoch = clock.fresh_id()
    return await store.write(
        lambda unit: _accept(unit, device, push, batch, origin, epoch)
    )


def _judged(device: Device, push: Push) -> list[Judged]:
    if push.changes:
        signed = push_text(push.log, *push.end)
        if not is_signed(device.public_key or "", push.signature, signed):
            raise refuse("bad_signature", f"log {push.log}, change {push.end[0]}")
    return [judge(change) for change in push.changes]


def _accept(
    unit: Unit,
    device: Device,
    push: Push,
    batch: list[Judged],
    origin: Origin,
    epoch: str,
) -> Accepted:
    unit.saw(device.id, origin.received_at, push.skew_s(origin.received_at))
    notice_lost_timeline(unit, device, push, epoch, origin.received_at)
    streams = frozenset(device.projects)
    need = missing_part(unit, device, push)
    if need is not None:
        return Accepted(streams, need=need)
    head = unit.log_head(push.log) or unit.add_log(push.log, device.id, push.parent)
    check_lineage(unit, push, head)
    if push.changes and head.device != device.id:
        # The same laptop, enrolled again: the signature shows that it has the key.
        unit.take_over_log(push.log, device.id)
    new = [judged for judged in batch if judged.change.n > head.n]
    if new:
        new = with_whole_groups(unit, head, with_own_ids(unit, device, new))
    return _merge(unit, device, push, with_true_bases(unit, new), origin)


def _merge(
    unit: Unit, device: Device, push: Push, new: list[Judged], origin: Origin
) -> Accepted:
    streams = frozenset(device.projects)
    # What is acknowledged never goes beyond what this response gives verdicts for.
    if not new:
        repeated = unit.verdicts(push.log, push.acked_n + 1, push.end[0])
        receipt = None
        if push.changes:
            receipt = repeat_receipt(unit, push, origin.received_at)
        return Accepted(streams, repeated, receipt=receipt)
    desk = unit.lay_desk(new, set(streams), set(device.withdrawn))
    for judged in new:
        for place in push.stood.get(judged.change.id, ()):
            desk.note_stood(judged.change.id, *place)
    merge(desk, new, origin)
    unit.keep(desk, new, origin)
    unit.note_stood(new, push.stood)
    # Read after the merge: it may have released what was held before.
    repeated = unit.verdicts(push.log, push.acked_n + 1, new[0].change.n - 1)
    receipt = give_receipt(unit, push, desk, origin.received_at)
    return Accepted(frozenset(desk.streams), repeated + desk.verdicts, receipt=receipt)
