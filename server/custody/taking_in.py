"""An export of ours taken in again: records under their own ids, parents first."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from schemas.changes import Draft
from schemas.export.reading import (
    JudgedRecord,
    ReadMass,
    ReadRecord,
    RecordStanding,
    in_batches,
    judge,
)
from schemas.export.taking_in import Taken
from schemas.groups import completed
from schemas.messages import Op
from schemas.operations import Operation
from server.clock import Clock
from server.custody.own_log import write_each
from server.merge.model import Record
from server.store.merge_values import Wanted
from server.store.port import Store, Transaction
from server.store.values import FrozenMass

#: Told after a batch is on disk: records looked at so far, records kept.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class TakingIn:
    """How an export is taken in: as which operation, by whom, and what of it."""

    done: Operation
    person: str
    writes: bool = False
    takes_differing: bool = False


async def take_in(
    store: Store,
    clock: Clock,
    records: Iterable[ReadRecord],
    how: TakingIn,
    progress: Progress,
) -> Taken:
    """Judge the records of an export by those that are here, and keep what is new."""
    taken, seen = Taken(), 0
    for batch in in_batches(records):
        judged = await store.read(partial(_judged, batch))
        for one in judged:
            taken.note(one)
        if how.writes:
            await _keep(store, clock, judged, how, taken)
        seen += len(batch)
        progress(seen, taken.kept)
    return taken


async def keep_masses(store: Store, clock: Clock, masses: Iterable[ReadMass]) -> None:
    """Keep the soil masses of plots that are not here yet, before they are derived.

    Else they would be found anew, of the points that are here by then.
    """
    found = [FrozenMass(*one) for one in masses]
    now = clock.stamp()

    def job(tx: Transaction) -> None:
        for project_id in {one.project_id for one in found}:
            own = [one for one in found if one.project_id == project_id]
            wanted = Wanted(record_ids={one.plot_id for one in own})
            here = {record.id for record in tx.lookup(project_id, wanted).records}
            tx.freeze([one for one in own if one.plot_id not in here], now)

    if found:
        await store.write(job)


async def _keep(
    store: Store,
    clock: Clock,
    judged: Sequence[JudgedRecord],
    how: TakingIn,
    taken: Taken,
) -> None:
    wanted = [
        one for one in judged if one.is_wanted(takes_differing=how.takes_differing)
    ]
    drafts = await store.read(partial(_drafts, wanted, how.done.reason))
    if not drafts:
        return
    whys = await write_each(store, clock, drafts, how.person, how.done.reason)
    for one, why in zip(wanted, whys, strict=True):
        if why is None:
            taken.kept += not one.record.completes
        else:
            taken.refuse(one.record, why)


def _judged(batch: Sequence[ReadRecord], tx: Transaction) -> list[JudgedRecord]:
    project_id = batch[0].project_id
    wanted = Wanted(record_ids={one.record_id for one in batch})
    found = tx.lookup(project_id, wanted)
    here = {record.id: record for record in found.records}
    codes = tx.codes_in_use() if batch[0].record_type == "project" else {}
    judged = []
    for one in batch:
        record = here.get(one.record_id)
        if one.record_id in found.purged:
            judged.append(JudgedRecord(one, RecordStanding.DELETED, {}, "long ago"))
            continue
        result = judge(
            one,
            record.fields if record else None,
            is_deleted=bool(record and record.deleted),
        )
        taken_by = codes.get(str(one.fields.get("code", "")).strip().casefold())
        if result.standing is RecordStanding.NEW and taken_by:
            why = f"a project {one.fields['code']} is here under another id"
            result = JudgedRecord(one, RecordStanding.REFUSED, {}, why)
        judged.append(result)
    return judged


def _drafts(
    wanted: Sequence[JudgedRecord], reason: str, tx: Transaction
) -> list[Draft]:
    """Draft records on those that are here, as they stand in one snapshot."""
    if not wanted:
        return []
    project_id = wanted[0].record.project_id
    ids = Wanted(record_ids=[one.record.record_id for one in wanted])
    here = {record.id: record for record in tx.lookup(project_id, ids).records}
    epoch = tx.epoch()
    return [
        _draft(one, here.get(one.record.record_id), epoch, reason) for one in wanted
    ]


def _draft(one: JudgedRecord, here: Record | None, epoch: str, reason: str) -> Draft:
    read = one.record
    place = (read.project_id, read.record_type, read.record_id)
    if here is None:
        return Draft(*place, fields=one.patch, is_new=True, reason=reason)
    op = Op.UNDELETE if here.deleted else Op.PUT
    fields = completed(read.record_type, here.fields, one.patch) if one.patch else {}
    return Draft(*place, op, fields, (epoch, here.seq), reason=reason)
