"""What a change that may be applied does to its record: create, update, delete. Pure."""

from dataclasses import replace

from schemas.messages import Op, Outcome
from schemas.problems import Problem
from schemas.records import TYPES
from server.sync.desk import Desk, label
from server.sync.meeting import Meeting, base_seq, unseen, writer_of
from server.sync.model import (
    WHOLE_RECORD,
    Change,
    Conflict,
    Fields,
    Judged,
    Origin,
    Record,
    Verdict,
)
from server.sync.references import problems_of_record
from server.sync.verdicts import give_up, hold, quarantine, settle


def apply(
    desk: Desk, judged: Judged, present: Record | None, origin: Origin
) -> Verdict:
    """Put a change on the desk as the state of its record asks."""
    change = judged.change
    match present:
        case None if change.op == Op.DELETE:
            return _discard(desk, judged)
        case None:
            return _create(desk, judged, origin)
        case Record(deleted=True):
            return _meet_deleted(desk, judged, present, origin)
        case _ if change.op == Op.DELETE:
            return _delete(desk, judged, present, origin)
        case _:
            return _update(desk, judged, present, origin)


def _meet_deleted(
    desk: Desk, judged: Judged, present: Record, origin: Origin
) -> Verdict:
    change = judged.change
    if change.settles and not judged.fields and change.op != Op.UNDELETE:
        return _stand(desk, change, present)
    if change.op == Op.DELETE:
        return settle(desk, change, Outcome.ACCEPTED, present.seq)
    if change.op == Op.UNDELETE:
        return _undelete(desk, judged, present, origin)
    return _whole_conflict(desk, judged, present, judged.fields, {})


def _create(desk: Desk, judged: Judged, origin: Origin) -> Verdict:
    change = judged.change
    if change.base is not None:
        # Its author saw the record: it is quarantined, or lost to a restored server.
        return hold(desk, judged, change.record)
    fields = {name: value for name, value in judged.fields.items() if value is not None}
    problems, missing = problems_of_record(desk, change, fields, fields)
    if problems and change.replaces is None and desk.awaits_other(change):
        return hold(desk, judged, change.record)
    if problems:
        return quarantine(desk, judged, problems)
    if missing is not None:
        return hold(desk, judged, missing)
    seq = desk.next_seq(change.stream)
    writer = writer_of(change, origin, seq)
    groups = {TYPES[change.type].groups[name] for name in fields}
    record = Record(
        stream=change.stream,
        type=change.type,
        id=change.record,
        seq=seq,
        fields=fields,
        writers=dict.fromkeys(sorted(groups), (writer,)),
        clean=True,
    )
    desk.write(record)
    return settle(desk, change, Outcome.ACCEPTED, seq)


def _update(desk: Desk, judged: Judged, present: Record, origin: Origin) -> Verdict:
    change = judged.change
    meeting = Meeting(desk, change, present, origin)
    meeting.meet_all(judged.fields)
    fields = {k: v for k, v in meeting.fields.items() if v is not None}
    problems, missing = problems_of_record(desk, change, fields, judged.fields)
    if problems:
        return quarantine(desk, judged, problems)
    if missing is not None:
        return hold(desk, judged, missing)
    notes = _notes(change, present)
    outcome = meeting.outcome()
    if notes and outcome == Outcome.ACCEPTED:
        outcome = Outcome.MERGED
    seq = desk.next_seq(change.stream)
    record = replace(
        present,
        seq=seq,
        deleted=False,
        fields=fields,
        writers=meeting.writers_at(seq),
        clean=outcome == Outcome.ACCEPTED and _is_computable(desk, change, present),
    )
    desk.replaced += meeting.replaced_at(seq)
    record = desk.keep_conflicts(record, meeting.conflicts)
    if change.settles and not meeting.conflicts:
        record = desk.close_conflicts(record, change)
    desk.write(record)
    verdict = settle(desk, change, outcome, seq, [c.id for c in meeting.conflicts])
    return replace(verdict, why=notes)


def _notes(change: Change, present: Record) -> list[Problem]:
    """Tell who brings a record back that others had back before, or never lost."""
    if change.op != Op.UNDELETE or present.deleted:
        return []
    name = label(present.type, present.fields)
    return [Problem("not_deleted", "r", change.record, name)]


def _is_computable(desk: Desk, change: Change, present: Record) -> bool:
    """Tell whether the author of an accepted change has what it was laid over.

    Not where its own earlier change was merged to something else and the row has not
    come as yet; nor may who brings a record back have its fields.
    """
    is_known = present.clean or base_seq(desk, change) >= present.seq
    return is_known and change.op != Op.UNDELETE


def _undelete(desk: Desk, judged: Judged, present: Record, origin: Origin) -> Verdict:
    """Bring a record back: only by an author who had seen that it was deleted."""
    change = judged.change
    deletion = present.writers.get(WHOLE_RECORD, ())
    if unseen(desk, change, deletion):
        return _whole_conflict(desk, judged, present, judged.fields, {})
    whole = {**present.fields, **judged.fields}
    problems, missing = problems_of_record(desk, change, whole, whole)
    if problems:
        return quarantine(desk, judged, problems)
    if missing is not None:
        return hold(desk, judged, missing)
    writers = {g: w for g, w in present.writers.items() if g != WHOLE_RECORD}
    return _update(desk, judged, replace(present, writers=writers), origin)


def _delete(desk: Desk, judged: Judged, present: Record, origin: Origin) -> Verdict:
    change = judged.change
    if desk.referrers.get((change.stream, change.record)):
        problem = Problem("has_children", "r", change.record)
        return quarantine(desk, judged, [problem])
    if any(unseen(desk, change, found) for found in present.writers.values()):
        return _whole_conflict(desk, judged, present, {}, present.fields)
    seq = desk.next_seq(change.stream)
    writer = writer_of(change, origin, seq)
    writers = {**present.writers, WHOLE_RECORD: (writer,)}
    record = replace(present, seq=seq, deleted=True, writers=writers, clean=True)
    if change.settles:
        record = desk.close_conflicts(record, change)
    desk.write(record)
    return settle(desk, change, Outcome.ACCEPTED, seq)


def _stand(desk: Desk, change: Change, present: Record) -> Verdict:
    """Close conflicts of a deleted record, which stays deleted."""
    seq = desk.next_seq(change.stream)
    desk.write(desk.close_conflicts(replace(present, seq=seq), change))
    return settle(desk, change, Outcome.ACCEPTED, seq)


def _discard(desk: Desk, judged: Judged) -> Verdict:
    """Delete what never stood: a quarantined record its author gives up."""
    change = judged.change
    if change.replaces is not None and change.replaces in desk.waiting:
        give_up(desk, desk.waiting[change.replaces].judged.change)
        return Verdict(change.id, change.stream, Outcome.ACCEPTED, n=change.n)
    if change.base is not None or desk.awaits_other(change):
        return hold(desk, judged, change.record)
    return quarantine(desk, judged, [Problem("no_such_record", "r", change.record)])


def _whole_conflict(
    desk: Desk, judged: Judged, present: Record, ours: Fields, theirs: Fields
) -> Verdict:
    change = judged.change
    seq = desk.next_seq(change.stream)
    conflict = Conflict(
        id=f"{change.id}:{WHOLE_RECORD}",
        stream=change.stream,
        record=change.record,
        type=change.type,
        group=WHOLE_RECORD,
        base_seq=base_seq(desk, change),
        theirs=theirs,
        ours=ours,
        change=change,
    )
    record = desk.keep_conflicts(replace(present, seq=seq, clean=False), [conflict])
    desk.write(record)
    return settle(desk, change, Outcome.CONFLICT, seq, [conflict.id])
