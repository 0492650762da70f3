"""Undo: what changes did is taken back by new changes in the server's own log.

Nothing is removed: the changes and what they wrote stay in the history, and an undo can
be undone like any other operation.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from schemas.changes import Place
from schemas.operations import Operation
from schemas.records import TYPES
from schemas.sides import KEPT
from schemas.undo.plan import Kept, UndoPlan, plan_undo
from server.access.labels import Named, labels
from server.access.records import authors
from server.clock import Clock
from server.custody import conflicts
from server.custody.before import Past, written
from server.custody.project_line import ProjectLine
from server.custody.reopening import deletions_decided, reopening, settled_by
from server.custody.review import discard, wait_again
from server.custody.selected import Selection, decided_changes, lines_of, selected
from server.custody.steps import Progress, RecordSteps, referrers, write_steps
from server.merge.model import Record
from server.store.custody_values import ConflictQuery, CustodyQuery, StoredConflict
from server.store.merge_values import Wanted
from server.store.port import Store, Transaction


@dataclass(frozen=True, slots=True)
class Undoing:
    """What it takes to take changes back: steps, conflicts to close, changes to discard.

    `reopens` has the conflicts that were settled, by their records, and `discarded` the
    changes that were discarded: these wait again.
    """

    project_id: str
    changes: int
    plan: UndoPlan
    seen: Mapping[str, Place]  # the row in which each record was looked at
    conflicts: Sequence[str]
    waiting: Sequence[str]
    reopens: Mapping[str, Sequence[str]]
    discarded: Sequence[str]

    @property
    def is_empty(self) -> bool:
        """Return whether there is nothing to do."""
        return not (self.plan.steps or self.conflicts or self.waiting or self.discarded)


@dataclass(frozen=True, slots=True)
class Undone:
    """What came of it: steps that stand, and what was refused, with the reason."""

    steps: int
    refused: Sequence[Kept]
    conflicts: int
    discarded: int


def look(tx: Transaction, project_id: str, which: Selection) -> Undoing:
    """Return what it would take to take changes back; nothing is written."""
    decided = decided_changes(tx, project_id, which)
    lines = selected(tx, project_id, which, decided.released)
    ids = {line.change_id for line in lines}
    open_conflicts = tx.conflicts(ConflictQuery(project_id=project_id))
    waiting = tx.quarantine(CustodyQuery(project_id=project_id, change_ids=ids))
    standing = [line for line in lines if line.stands and line.record_type in TYPES]
    settled = settled_by(tx, project_id, standing)
    pasts = _pasts(tx, project_id, standing, settled)
    made = {past.record.id: written(past) for past in pasts}
    plan = plan_undo(made.values(), referrers(tx, project_id, made))
    again = reopening(pasts, made, plan, settled, open_conflicts)
    epoch = tx.epoch()
    return Undoing(
        project_id,
        len(lines) + len(decided.discarded),
        again.plan,
        {past.record.id: (epoch, past.record.seq) for past in pasts},
        [found.id for found in open_conflicts if found.change_id in ids],
        [found.change_id for found in waiting],
        again.conflicts,
        decided.discarded,
    )


async def undo(
    store: Store,
    clock: Clock,
    found: Undoing,
    done: Operation,
    person: str,
    progress: Progress,
) -> Undone:
    """Take changes back as was looked at, in new changes that name the operation.

    Raises
    ------
    RefusedError
        If a conflict cannot be closed.
    """
    project_id = found.project_id
    if found.waiting:
        await discard(store, clock, project_id, list(found.waiting), done.reason)
    if found.conflicts:
        told = await store.read(lambda tx: conflicts.find(tx, found.conflicts))
        kept = conflicts.Resolution(KEPT, done.reason, person)
        await conflicts.resolve(store, clock, told, kept)
    if found.discarded:
        await wait_again(store, clock, project_id, found.discarded)
    refused = await write_steps(
        store,
        clock,
        RecordSteps(project_id, found.plan.steps, found.seen, found.reopens),
        done,
        person,
        progress,
    )
    steps = len(found.plan.steps) - len(refused)
    return Undone(steps, refused, len(found.conflicts), len(found.waiting))


def _pasts(
    tx: Transaction,
    project_id: str,
    lines: Iterable[ProjectLine],
    settled: Iterable[StoredConflict],
) -> list[Past]:
    """Return the records that changes wrote, with all that tells what stood before."""
    by_record: dict[str, list[ProjectLine]] = defaultdict(list)
    for line in lines:
        by_record[line.record_id].append(line)
    found = tx.lookup(project_id, Wanted(record_ids=by_record, history_of=by_record))
    records = {record.id: record for record in found.records}
    history = defaultdict(list)
    for old in found.history:
        history[old.record_id].append(old)
    names = labels(
        tx, (Named(project_id, r.id, r.type, r.fields) for r in found.records)
    )
    who = _who(tx, project_id, found.records)
    others = _others(tx, project_id, by_record)
    query = ConflictQuery(project_id=project_id, status=None, record_ids=by_record)
    met = {(found.change_id, found.group) for found in tx.conflicts(query)}
    decided = deletions_decided(settled)
    return [
        Past(
            records[name],
            names[name],
            own,
            history[name],
            who,
            others.get(name, ()),
            met,
            decided,
        )
        for name, own in by_record.items()
        if name in records
    ]


def _who(tx: Transaction, project_id: str, records: Iterable[Record]) -> dict[str, str]:
    """Return in words who wrote what stands in records, by the ids of their changes."""
    wrote = {
        writer.change_id
        for record in records
        for writers in record.writers.values()
        for writer in writers
    }
    by = authors(tx, project_id, wrote)
    return {
        name: " on ".join(filter(None, (one.person, one.device))) or "somebody"
        for name, one in by.items()
    }


def _others(
    tx: Transaction, project_id: str, by_record: Mapping[str, Sequence[ProjectLine]]
) -> dict[str, list[tuple[int, Collection[str]]]]:
    """Return the numbers of the other changes of records, with the fields they wrote."""
    own = {line.change_id for lines in by_record.values() for line in lines}
    found: dict[str, list[tuple[int, Collection[str]]]] = defaultdict(list)
    for line in lines_of(tx, project_id):
        is_other = line.record_id in by_record and line.change_id not in own
        if is_other and line.stands:
            found[line.record_id].append((line.seq or 0, line.fields.keys()))
    return found
