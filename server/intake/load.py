"""Load what a merge needs: the state of everything that a batch may touch."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from schemas import limits
from schemas.changes import read_change
from schemas.groups import by_group, members
from schemas.messages import Op
from schemas.records import TYPES, key_text, label, natural_key, references_of
from server.access.limits import limits_of
from server.merge.model import (
    EarlierValue,
    Epoch,
    KnownConflict,
    Lineage,
    Timeline,
    ValidatedChange,
    WaitingChange,
    weight_of,
)
from server.merge.preconditions import validate
from server.merge.state import MergeState
from server.merge.statuses import ConflictStatus, CustodyStatus
from server.store.custody_values import ConflictQuery, CustodyQuery, InCustody
from server.store.merge_values import Found, Wanted
from server.store.port import Transaction
from server.store.values import Device

#: Which types refer to a type by another field than that of their parent.
_REFERRED_BY: Final = {
    name: [
        (kind.name, field)
        for kind in TYPES.values()
        for field, target in kind.references.items()
        if target == name and field != kind.parent
    ]
    for name in TYPES
}


def load_merge_state(
    tx: Transaction,
    batch: Sequence[ValidatedChange],
    author: Device,
    *,
    is_admin: bool = False,
) -> MergeState:
    """Load everything a batch may touch, and the first of what waits for it."""
    by_project: dict[str, list[ValidatedChange]] = defaultdict(list)
    for validated in batch:
        by_project[validated.change.project_id].append(validated)
    heads = tx.project_heads(by_project)
    state = MergeState(
        project_ids=set(author.projects),
        heads={name: found.head for name, found in heads.items()},
        timeline=timeline_of(tx),
        lineage=Lineage({}),
        revoked=set(author.withdrawn),
    )
    if not is_admin and not author.is_server:
        most = limits_of(tx).laptop_projects if author.may_begin else 0
        state.may_begin = max(most - author.begun, 0)
        if any(validated.change.type == "project" for validated in batch):
            state.codes_in_use = tx.codes_in_use()
    for project_id, changes in by_project.items():
        waiting = _load_waiting(tx, state, project_id, changes)
        _load_project(tx, state, project_id, [*changes, *waiting])
    logs = {validated.change.log_id for validated in batch}
    logs |= {found.validated.change.log_id for found in state.waiting.all()}
    state.lineage = lineage_of(tx, logs)
    return state


def timeline_of(tx: Transaction) -> Timeline:
    """Return the server's epochs, as a merge compares numbers of them."""
    return Timeline(tuple(Epoch(found.id, found.starts) for found in tx.epochs()))


def lineage_of(tx: Transaction, log_ids: Iterable[str]) -> Lineage:
    """Return which log came from which, among those of the same laptops."""
    family = tx.log_family(log_ids)
    return Lineage(
        {log.log_id: log.parent for log in family},
        {log.log_id: log.public_key or log.device_id for log in family},
    )


def waiting_change(found: InCustody, present: str) -> WaitingChange:
    """Return a change of the quarantine with its fields judged anew.

    A false claim stays one, whatever came since; but where its timeline was lost, its
    author had seen the row. A line may say the id of another laptop's change: it was kept
    under its own.
    """
    line = found.line
    change = read_change(line.log_id, line.raw, line.hash)._replace(id=found.change_id)
    bases = [change.base, *change.bases.values()]
    lies = [
        problem
        for problem in found.why
        if problem.code == "base_beyond_head"
        and any(base is not None and base[0] == present for base in bases)
    ]
    validated = ValidatedChange(change, {}, lies) if lies else validate(change)
    return WaitingChange(validated, found.waits_for)


def waiting_until(
    tx: Transaction, project_id: str, record_ids: Iterable[str], after: int, most: int
) -> tuple[list[InCustody], bool]:
    """Return what waits for records, and whether there is more; no group is cut."""
    # A group came in one push, so it is no longer than a batch.
    found = tx.quarantine(
        CustodyQuery(
            project_id=project_id,
            waits_for=sorted(record_ids),
            after=after,
            most=most + limits.BATCH_CHANGES,
        )
    )
    end = min(most, len(found))
    while 0 < end < len(found) and _is_one_group(found[end - 1], found[end]):
        end += 1
    return found[:end], end < len(found)


def _is_one_group(one: InCustody, other: InCustody) -> bool:
    """Return whether two waiting changes stand or fall together."""
    group = _group_of(one)
    is_same = group == _group_of(other)
    return group is not None and is_same and one.line.log_id == other.line.log_id


def _group_of(found: InCustody) -> str | None:
    return read_change(found.line.log_id, found.line.raw, found.line.hash).group


def _load_waiting(
    tx: Transaction, state: MergeState, project_id: str, batch: list[ValidatedChange]
) -> list[ValidatedChange]:
    """Load what waits of the batch's records, and for them, and so on.

    What waits for them is read up to a bound: the rest is released by itself.
    """
    waits = tx.how_much_waits(project_id)
    if not waits.is_any:
        return []
    state.held_count[project_id] = waits.held
    found = _waiting_of(tx, project_id, batch) + _waiting_below(
        tx, state, project_id, {validated.change.record_id for validated in batch}
    )
    by_place = {waiting.place: waiting for waiting in found}
    for place in sorted(by_place):
        state.waiting.add(waiting_change(by_place[place], state.timeline.now))
    own = {by_place[place].change_id for place in by_place}
    return [w.validated for w in state.waiting.all() if w.validated.change.id in own]


def _waiting_of(
    tx: Transaction, project_id: str, batch: list[ValidatedChange]
) -> list[InCustody]:
    """Return what waits of the batch's records, or is replaced by the batch."""
    records = {validated.change.record_id for validated in batch}
    own = sorted(records.union({project_id}, *map(_references, batch)))
    found = tx.quarantine(CustodyQuery(project_id=project_id, record_ids=own))
    named = [v.change.replaces for v in batch if v.change.replaces]
    if named:
        found += tx.quarantine(CustodyQuery(project_id=project_id, change_ids=named))
    return found


def _waiting_below(
    tx: Transaction, state: MergeState, project_id: str, records: set[str]
) -> list[InCustody]:
    """Return what waits for records, and for what waits for them, up to a bound."""
    found: list[InCustody] = []
    wanted, seen = records, set[str]()
    left = limits.RELEASED_AT_ONCE
    while wanted and left > 0:
        seen |= wanted
        some, has_more = waiting_until(tx, project_id, wanted, 0, left)
        if has_more:
            state.has_more_waiting.add(project_id)
        found += some
        left -= len(some)
        wanted = {waiting.record_id for waiting in some} - seen
    if wanted:
        state.has_more_waiting.add(project_id)
    return found


def _load_project(
    tx: Transaction, state: MergeState, project_id: str, batch: list[ValidatedChange]
) -> None:
    changes = [validated.change for validated in batch]
    ids = {change.record_id for change in changes}.union(*map(_references, batch))
    deleted = {c.record_id: c.type for c in changes if c.op == Op.DELETE}
    found = tx.lookup(
        project_id,
        Wanted(
            record_ids=ids,
            change_ids=[change.id for change in changes],
            referred={name: _REFERRED_BY.get(t, []) for name, t in deleted.items()},
        ),
    )
    _take_records(state, project_id, found)
    for name, referrers in found.referrers.items():
        state.referrers[project_id, name] = referrers
    for verdict in found.verdicts:
        state.known[verdict.change_id] = verdict
    for known in found.decisions:
        state.decided[project_id, known.change_id, known.group] = known.decision_id
    _load_discarded(tx, state, project_id, ids)
    _load_what_records_ask_for(tx, state, project_id, batch, ids)
    _load_conflicts(tx, state, project_id, batch)


def _load_what_records_ask_for(
    tx: Transaction,
    state: MergeState,
    project_id: str,
    batch: list[ValidatedChange],
    ids: set[str],
) -> None:
    """Load what can be told only once the records of the batch are here."""
    # What comes back refers to all that it referred to; an answer is judged by its form.
    back = {
        v.change.record_id
        for v in batch
        if v.change.op == Op.UNDELETE or v.change.type == "answer"
    }
    returning = [r for name in back if (r := state.find(project_id, name)) is not None]
    referred = {
        target
        for record in returning
        for target in references_of(record.type, record.fields).values()
    }
    found = tx.lookup(
        project_id,
        Wanted(
            record_ids=referred - ids,
            keys=_keys(state, project_id, batch),
            history_of=_named_in_part(state, project_id, batch),
            stood_of=_written_before(state, project_id, batch),
        ),
    )
    _take_records(state, project_id, found)
    _load_discarded(tx, state, project_id, referred - ids)
    for record in found.holders:
        key = (project_id, record.type, key_text(record.type, record.fields))
        state.holders[key] = record.id
        state.records.setdefault((project_id, record.id), record)
    for old in found.history:
        past = state.past.setdefault((project_id, old.record_id), {})
        past.setdefault(old.group, []).append(
            EarlierValue(
                old.values, old.written_seq, old.replaced_seq, old.log_id, old.n
            )
        )
    for stood in found.stood:
        state.note_stood(stood.change_id, stood.epoch, stood.seq)


def _take_records(state: MergeState, project_id: str, found: Found) -> None:
    for record in found.records:
        state.records[project_id, record.id] = record
    state.purged |= {(project_id, name) for name in found.purged}


def _load_discarded(
    tx: Transaction, state: MergeState, project_id: str, ids: set[str]
) -> None:
    """Load which of the records that are not here were given up."""
    missing = sorted(name for name in ids if state.find(project_id, name) is None)
    if not missing:
        return
    query = CustodyQuery(
        project_id=project_id, statuses=(CustodyStatus.DISCARDED,), record_ids=missing
    )
    for found in tx.quarantine(query):
        name = label(found.type, found.fields)
        state.discarded[project_id, found.record_id] = name


def _load_conflicts(
    tx: Transaction, state: MergeState, project_id: str, batch: list[ValidatedChange]
) -> None:
    """Load the conflicts that are named, and the open ones of the records."""
    named = {name for validated in batch for name in validated.change.resolves}
    contested = [
        name
        for name in sorted({validated.change.record_id for validated in batch})
        if (record := state.find(project_id, name)) and record.open_conflicts
    ]
    queries = []
    if contested:
        queries.append(ConflictQuery(project_id=project_id, record_ids=contested))
    if named:
        queries.append(
            ConflictQuery(project_id=project_id, status=None, conflict_ids=named)
        )
    for query in queries:
        for found in tx.conflicts(query):
            conflict = KnownConflict(
                found.record_id,
                found.group,
                found.change_id,
                found.log_id,
                found.n,
                found.ours,
                found.seq,
                is_open=found.status is ConflictStatus.OPEN,
                weight=weight_of(found.base, found.theirs, found.ours),
            )
            state.note_conflict(project_id, found.id, conflict)


def _references(validated: ValidatedChange) -> set[str]:
    """Return the records that a change refers to."""
    return {*references_of(validated.change.type, validated.fields).values()}


def _keys(
    state: MergeState, project_id: str, batch: list[ValidatedChange]
) -> dict[str, set[str]]:
    """Return the natural keys that records would have, as text, by type."""
    keys: dict[str, set[str]] = defaultdict(set)
    for validated in batch:
        kind = TYPES.get(validated.change.type)
        if kind is None:
            continue
        present = state.find(project_id, validated.change.record_id)
        fields = {**(present.fields if present else {}), **validated.fields}
        if None not in natural_key(kind.name, fields)[:1]:
            keys[kind.name].add(key_text(kind.name, fields))
    return keys


def _named_in_part(
    state: MergeState, project_id: str, batch: list[ValidatedChange]
) -> set[str]:
    """Return the records of which a change names a field group in part."""
    return {
        validated.change.record_id
        for validated in batch
        if state.find(project_id, validated.change.record_id)
        and _names_parts(validated)
    }


def _names_parts(validated: ValidatedChange) -> bool:
    kind = validated.change.type
    return kind in TYPES and any(
        len(members(kind, group)) > len(named)
        for group, named in by_group(kind, validated.fields).items()
    )


def _written_before(
    state: MergeState, project_id: str, batch: list[ValidatedChange]
) -> set[str]:
    """Return the writers of records that somebody saw in an earlier timeline."""
    names = {v.change.record_id for v in batch if _is_of_before(v, state.timeline.now)}
    found = [record for name in names if (record := state.find(project_id, name))]
    return {
        writer.change_id
        for record in found
        for writers in record.writers.values()
        for writer in writers
    }


def _is_of_before(validated: ValidatedChange, epoch: str) -> bool:
    """Return whether a change was made on a row of an earlier timeline."""
    bases = [validated.change.base, *validated.change.bases.values()]
    return any(base is not None and base[0] != epoch for base in bases)
