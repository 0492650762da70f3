"""The way of a change through the server: accept, merge, answer.

Read it from top to bottom. Each step asks the store for one transaction and
leaves the rules to server.merge. The numbers follow in server.derivation.derive.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from schemas import hlc
from schemas.signing import is_signed, push_text
from server.clock import Clock, iso
from server.errors import refuse
from server.intake.load import load_merge_state
from server.intake.log_checks import (
    check_lineage,
    missing_part,
    notice_lost_timeline,
    with_own_ids,
    with_true_bases,
    with_whole_groups,
)
from server.intake.pull import Pulled, pull
from server.intake.receipts import give_receipt, repeat_receipt
from server.intake.request import Push
from server.intake.save import save
from server.merge.merge import merge
from server.merge.model import Origin, ValidatedChange, Verdict
from server.merge.preconditions import validate
from server.store.port import ALONE, Holds, Store, Transaction
from server.store.values import Device, DeviceState, LineQuery, LogState, StoredReceipt


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a push: verdicts in log order, and what the server still needs.

    `need` names a log and the change from which the server wants it.
    """

    project_ids: frozenset[str]
    verdicts: list[Verdict] = field(default_factory=list)
    need: tuple[str, int] | None = None
    receipt: StoredReceipt | None = None


#: What else is done in the transaction of a push, once it is merged.
Beside = Callable[[Transaction, Accepted], None]


async def sync(
    store: Store, clock: Clock, device: Device, push: Push
) -> tuple[Accepted, Pulled]:
    """Serve one round trip. Push and pull commit independently."""
    accepted = await accept(store, clock, device, push)
    pulled = await store.read(lambda tx: pull(tx, device, push, accepted.project_ids))
    return accepted, pulled


async def accept(
    store: Store,
    clock: Clock,
    device: Device,
    push: Push,
    beside: Beside | None = None,
) -> Accepted:
    """Store the changes of a push and merge them; after this they are on disk.

    `beside` is what else is done in the transaction, once they are merged.

    Raises
    ------
    RequestError
        If it is not signed by the device, the log is another laptop's, or it went on
        elsewhere.
    """
    # Judging fields is most of the work and needs no lock.
    batch = await asyncio.to_thread(validated, device, push)
    now_ms = clock.now_ms()
    origin = Origin(device.id, iso(now_ms), hlc.at(now_ms + 1))
    epoch = clock.new_id()

    def job(tx: Transaction) -> Accepted:
        accepted = accept_in(tx, device, push, batch, origin, epoch)
        if beside is not None:
            beside(tx, accepted)
        return accepted

    return await store.write(job, _holds(push))


def _holds(push: Push) -> Holds | None:
    """Return what a push touches: all where it may begin a project, whose code is sought."""
    if any(change.type == "project" for change in push.changes):
        return ALONE
    return Holds({push.log_id}, {change.project_id for change in push.changes})


def validated(device: Device, push: Push) -> list[ValidatedChange]:
    """Return the changes of a push, each judged by itself.

    Raises
    ------
    RequestError
        If it is not signed by the device.
    """
    if push.changes:
        signed = push_text(push.log_id, *push.end)
        if not is_signed(device.public_key or "", push.signature, signed):
            raise refuse("bad_signature", f"log {push.log_id}, change {push.end[0]}")
    return [validate(change) for change in push.changes]


def accept_in(
    tx: Transaction,
    device: Device,
    push: Push,
    batch: list[ValidatedChange],
    origin: Origin,
    epoch: str,
) -> Accepted:
    """Store and merge a push in a transaction, beside what else is written in it.

    `epoch` is the id of the timeline that begins where the push shows that one was lost.

    Raises
    ------
    RequestError
        If the log is another laptop's, or it went on elsewhere.
    """
    skew_s = push.skew_s(origin.received_at)
    tx.update_device(device.id, last_seen_at=origin.received_at, skew_s=skew_s)
    if push.app:
        behind = push.head - push.end[0]
        state = DeviceState(push.app, behind, push.free_mib, origin.received_at)
        tx.note_device_state(device.id, state)
    # While this request waited, another may have begun projects for the same laptop.
    device = tx.device(device.id)
    notice_lost_timeline(tx, device, push, epoch, origin.received_at)
    project_ids = frozenset(device.projects)
    need = missing_part(tx, device, push)
    if need is not None:
        return Accepted(project_ids, need=need)
    head = tx.log_head(push.log_id) or _new_log(tx, device, push)
    check_lineage(tx, push, head)
    if push.changes and head.device_id != device.id:
        # The same laptop, enrolled again: the signature shows that it has the key.
        tx.save_log(push.log_id, device.id)
    new = [one for one in batch if one.change.n > head.n]
    if new:
        new = with_whole_groups(tx, head, with_own_ids(tx, device, new))
    return _merge(tx, device, push, with_true_bases(tx, new), origin)


def _new_log(tx: Transaction, device: Device, push: Push) -> LogState:
    tx.save_log(push.log_id, device.id, push.parent)
    head = tx.log_head(push.log_id)
    assert head is not None
    return head


def _merge(
    tx: Transaction,
    device: Device,
    push: Push,
    new: list[ValidatedChange],
    origin: Origin,
) -> Accepted:
    project_ids = frozenset(device.projects)
    # What is acknowledged never goes beyond what this response gives verdicts for.
    if not new:
        repeated = _verdicts(tx, push, push.end[0])
        receipt = None
        if push.changes:
            receipt = repeat_receipt(tx, push, origin.received_at)
        return Accepted(project_ids, repeated, receipt=receipt)
    state = load_merge_state(tx, new, device)
    for one in new:
        for place in push.stood.get(one.change.id, ()):
            state.note_stood(one.change.id, *place)
    merge(state, new, origin)
    save(tx, state, origin, new, stood=push.stood)
    if state.new_projects:
        tx.count_begun(device.id, len(state.new_projects))
    # Read after the merge: it may have released what was held before.
    repeated = _verdicts(tx, push, new[0].change.n - 1)
    receipt = give_receipt(tx, push, state, origin.received_at)
    return Accepted(
        frozenset(state.project_ids), repeated + state.verdicts, receipt=receipt
    )


def _verdicts(tx: Transaction, push: Push, last: int) -> list[Verdict]:
    """Return the stored verdicts of lines that the laptop has none of, up to one."""
    places = range(push.acked_n + 1, last + 1)
    query = LineQuery(log_id=push.log_id, places=places)
    return [line.verdict for line in tx.lines(query)]
