"""Steps on many records, written in the server's own log on the rows that were looked at."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Final, NamedTuple

from schemas.changes import Draft, Place
from schemas.groups import completed
from schemas.messages import Op
from schemas.operations import Operation
from schemas.records import TYPES, references_of
from schemas.undo.plan import Kept, Referrer, Step
from server.access.labels import Named, labels
from server.clock import Clock
from server.custody.own_log import why_not, write_each
from server.intake.push import Accepted
from server.merge.model import Record
from server.store.port import Store, Transaction

#: Changes of one transaction.
_BATCH: Final = 500

#: Told after a batch is on disk: steps so far, steps in all.
Progress = Callable[[int, int], None]


class RecordSteps(NamedTuple):
    """Steps on records of a project, and the row in which each record was looked at.

    `reopens` has the settled conflicts that the last step on a record opens again.
    """

    project_id: str
    steps: Sequence[Step]
    seen: Mapping[str, Place]
    reopens: Mapping[str, Sequence[str]] = MappingProxyType({})


async def write_steps(
    store: Store,
    clock: Clock,
    given: RecordSteps,
    done: Operation,
    person: str,
    progress: Progress,
) -> list[Kept]:
    """Write steps as changes that name the operation; return those that do not stand."""
    refused: list[Kept] = []
    last = {step.record.id: place for place, step in enumerate(given.steps)}
    for start in range(0, len(given.steps), _BATCH):
        batch = given.steps[start : start + _BATCH]
        drafts = [_draft(given, step, done) for step in batch]
        names = [
            given.reopens.get(step.record.id, ())
            if last[step.record.id] == place
            else ()
            for place, step in enumerate(batch, start)
        ]
        beside = partial(_reopen, given.project_id, drafts, names)
        whys = await write_each(store, clock, drafts, person, done.reason, beside)
        refused += [
            Kept(step.record, why)
            for step, why in zip(batch, whys, strict=True)
            if why is not None
        ]
        progress(start + len(batch), len(given.steps))
    return refused


def referrers(
    tx: Transaction, project_id: str, ids: Collection[str]
) -> dict[str, list[Referrer]]:
    """Return the live records that refer to each of these."""
    found: dict[str, list[tuple[Record, str]]] = defaultdict(list)
    for kind in TYPES if ids else ():
        for record in tx.records(project_id, kind):
            for name, target in references_of(kind, record.fields).items():
                if target in ids:
                    found[target].append((record, name))
    records = {record.id: record for own in found.values() for record, _ in own}
    names = labels(
        tx, (Named(project_id, r.id, r.type, r.fields) for r in records.values())
    )
    return {
        target: [Referrer(record.id, names[record.id], name) for record, name in own]
        for target, own in found.items()
    }


def _draft(given: RecordSteps, step: Step, done: Operation) -> Draft:
    """Draft a step on the record as it was looked at: what came since is not overwritten."""
    record = step.record
    fields = completed(record.type, record.fields, step.fields) if step.fields else {}
    # A record that is deleted already is written again only by who names a conflict of it.
    names_it = step.op is Op.DELETE and not record.is_live
    return Draft(
        given.project_id,
        record.type,
        record.id,
        step.op,
        fields,
        given.seen[record.id],
        resolves=tuple(given.reopens.get(record.id, ())) if names_it else (),
        reason=done.reason,
    )


def _reopen(
    project_id: str,
    drafts: Sequence[Draft],
    names: Sequence[Sequence[str]],
    tx: Transaction,
    accepted: Accepted,
) -> None:
    """Open conflicts of the records whose changes stand."""
    found = {
        name: draft.record_id
        for draft, own, verdict in zip(drafts, names, accepted.verdicts, strict=True)
        for name in own
        if why_not(verdict) is None
    }
    tx.reopen_conflicts(project_id, found)
