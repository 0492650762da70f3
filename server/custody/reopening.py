"""Conflicts that were settled among many decisions, and are open again after an undo."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from schemas import limits
from schemas.groups import WHOLE_RECORD, groups_of, whole
from schemas.messages import Op
from schemas.undo.plan import Kept, Step, UndoPlan, WrittenRecord
from server.custody.before import Past
from server.custody.project_line import ProjectLine
from server.merge.model import Record, weight_of
from server.merge.statuses import ConflictStatus
from server.store.custody_values import ConflictQuery, StoredConflict
from server.store.port import Transaction

_WRITTEN_SINCE: Final = (
    "somebody has written it since, so that its conflict stays settled"
)
_CROWDED: Final = "it has as many open conflicts as it may, so that one stays settled"


class Reopening(NamedTuple):
    """A plan that also writes the records of conflicts that open again, and these."""

    plan: UndoPlan
    conflicts: Mapping[str, Sequence[str]]  # by record


def settled_by(
    tx: Transaction, project_id: str, lines: Sequence[ProjectLine]
) -> list[StoredConflict]:
    """Return the conflicts that changes settled among many decisions."""
    deciding = [line for line in lines if line.settles_many]
    named = {name for line in deciding for name in line.resolves}
    if not named:
        return []
    query = ConflictQuery(
        project_id=project_id, status=ConflictStatus.SETTLED, conflict_ids=named
    )
    ids = {line.change_id for line in deciding}
    return [found for found in tx.conflicts(query) if found.settled_by in ids]


def deletions_decided(settled: Iterable[StoredConflict]) -> dict[str, bool]:
    """Return the changes that decided on a deletion, and whether the record was there."""
    return {
        found.settled_by: bool(found.theirs)
        for found in settled
        if found.settled_by and found.group == WHOLE_RECORD
    }


def reopening(
    pasts: Sequence[Past],
    written: Mapping[str, WrittenRecord],
    plan: UndoPlan,
    settled: Sequence[StoredConflict],
    open_ones: Sequence[StoredConflict],
) -> Reopening:
    """Return a plan with which the conflicts of records open again, where they can."""
    stepped = {step.record.id for step in plan.steps}
    told = {one.record.id for one in plan.kept}
    by_record, open_of = _by_record(settled), _by_record(open_ones)
    steps, kept, conflicts = list[Step](), list[Kept](), dict[str, Sequence[str]]()
    for past in (one for one in pasts if one.record.id in by_record):
        name, record = past.record.id, written[past.record.id]
        is_kept = name in told
        fitting, why = _of_record(
            past, by_record[name], open_of.get(name, []), is_kept=is_kept
        )
        if why and not is_kept:
            kept.append(Kept(record, why))
        if fitting:
            conflicts[name] = [found.id for found in fitting]
        if fitting and name not in stepped:
            steps.append(_written_again(past.record, record, fitting[0]))
    return Reopening(_with_more(plan, steps, kept, conflicts), conflicts)


def _with_more(
    plan: UndoPlan,
    steps: Sequence[Step],
    kept: Sequence[Kept],
    reopened: Collection[str],
) -> UndoPlan:
    """Return a plan with more steps; a record whose conflict opens is not as before."""
    already = [one for one in plan.already if one.id not in reopened]
    return UndoPlan([*plan.steps, *steps], [*plan.kept, *kept], already)


def _by_record(
    conflicts: Iterable[StoredConflict],
) -> dict[str, list[StoredConflict]]:
    found: dict[str, list[StoredConflict]] = {}
    for one in conflicts:
        found.setdefault(one.record_id, []).append(one)
    return found


def _of_record(
    past: Past,
    settled: Sequence[StoredConflict],
    open_ones: Sequence[StoredConflict],
    *,
    is_kept: bool,
) -> tuple[list[StoredConflict], str]:
    """Return the conflicts of a record that open again, and why others do not."""
    free = [one for one in settled if _is_free(past, one.group, is_kept=is_kept)]
    fitting = _fitting(free, open_ones)
    if len(fitting) < len(free):
        return fitting, _CROWDED
    return fitting, _WRITTEN_SINCE if len(free) < len(settled) else ""


def _is_free(past: Past, group: str, *, is_kept: bool) -> bool:
    """Return whether what was decided of a group can be open again.

    A deletion cannot where the record stays as it is.
    """
    return _stands(past, group) and not (is_kept and group == WHOLE_RECORD)


def _stands(past: Past, group: str) -> bool:
    """Return whether what was decided of a group is still the last word on it."""
    record = past.record
    if group == WHOLE_RECORD and not record.deleted:
        every = [writers[-1] for writers in record.writers.values()]
    elif record.deleted and group != WHOLE_RECORD:
        return False
    else:
        every = [*record.writers.get(group, ())][-1:]
    return all((writer.log_id, writer.n) in past.places for writer in every)


def _fitting(
    free: Sequence[StoredConflict], open_ones: Sequence[StoredConflict]
) -> list[StoredConflict]:
    """Return the conflicts that a record may have beside its open ones, and still travel."""
    fitting = list[StoredConflict]()
    count, weight = len(open_ones), sum(map(_weight, open_ones))
    for found in free:
        count, weight = count + 1, weight + _weight(found)
        is_room = weight <= limits.RECORD_CONFLICT_BYTES
        if count == 1 or (count <= limits.RECORD_CONFLICTS and is_room):
            fitting.append(found)
    return fitting


def _weight(found: StoredConflict) -> int:
    return weight_of(found.base, found.theirs, found.ours)


def _written_again(
    record: Record, written: WrittenRecord, conflict: StoredConflict
) -> Step:
    """Return the step that writes a record as it stands, so that laptops hear of it."""
    if record.deleted:
        return Step(written, Op.DELETE, {})
    group = conflict.group
    if group == WHOLE_RECORD:
        group = groups_of(record.type, *record.fields)[0]
    return Step(written, Op.PUT, whole(record.type, group, record.fields))
