"""Steps on many records, written in the server's own log on the rows that were looked at."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, NamedTuple

from schemas.changes import Draft, Place
from schemas.groups import completed
from schemas.operations import Operation
from schemas.records import TYPES, references_of
from schemas.undo.plan import Kept, Referrer, Step
from server.access.labels import Named, labels
from server.clock import Clock
from server.custody.own_log import write_each
from server.merge.model import Record
from server.store.port import Store, Transaction

#: Changes of one transaction.
_BATCH: Final = 500

#: Told after a batch is on disk: steps so far, steps in all.
Progress = Callable[[int, int], None]


class RecordSteps(NamedTuple):
    """Steps on records of a project, and the row in which each record was looked at."""

    project_id: str
    steps: Sequence[Step]
    seen: Mapping[str, Place]


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
    for start in range(0, len(given.steps), _BATCH):
        batch = given.steps[start : start + _BATCH]
        drafts = [_draft(given.project_id, step, given.seen, done) for step in batch]
        whys = await write_each(store, clock, drafts, person, done.reason)
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


def _draft(
    project_id: str, step: Step, seen: Mapping[str, Place], done: Operation
) -> Draft:
    """Draft a step on the record as it was looked at: what came since is not overwritten."""
    record = step.record
    fields = completed(record.type, record.fields, step.fields) if step.fields else {}
    return Draft(
        project_id,
        record.type,
        record.id,
        step.op,
        fields,
        seen[record.id],
        reason=done.reason,
    )
