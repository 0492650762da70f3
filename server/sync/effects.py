"""What a change that may be applied does to its record: create, update, delete. Pure."""

from dataclasses import replace

from schemas.conflicts import conflict_id
from schemas.groups import WHOLE_RECORD, by_group
from schemas.messages import Op, Outcome
from schemas.problems import Problem
from schemas.records import TYPES
from server.sync.desk import Desk, label
from server.sync.meeting import Meeting, writer_of
from server.sync.model import (
    Change,
    Conflict,
    Fields,
    Judged,
    Origin,
    Record,
    Replaced,
    Verdict,
)
from server.sync.references import problems_of_record
from server.sync.settling import closed_by, note_decisions
from server.sync.shown import (
    as_shown,
    base_seq,
    has_latest_row,
    is_own,
    unseen,
)
from server.sync.verdicts import give_up, hold, quarantine, settle


def apply(
    desk: Desk, judged: Judged, present: Record | None, origin: Origin
) -> Verdict:
    """Put a change on the desk as the state of its record asks."""
    change = judged.change
    if present is None:
        return _begin(desk, judged, origin)
    decision = desk.decision_on(change, WHOLE_RECORD)
    match present:
        case _ if decision is not None:
            return _be_history(desk, judged, present, origin, decision)
        case Record(deleted=True):
            return _meet_deleted(desk, judged, present, origin)
        case _ if change.op == Op.DELETE:
            return _delete(desk, judged, present, origin)
        case _:
            return _update(desk, judged, present, origin)


def _begin(desk: Desk, judged: Judged, origin: Origin) -> Verdict:
    if judged.change.op == Op.DELETE:
        return _discard(desk, judged)
    return _create(desk, judged, origin)


def _meet_deleted(
    desk: Desk, judged: Judged, present: Record, origin: Origin
) -> Verdict:
    change = judged.change
    if change.op == Op.UNDELETE:
        return _undelete(desk, judged, present, origin)
    if change.op == Op.DELETE or not judged.fields:
        return _stand(desk, change, present, origin)
    patch = as_shown(desk, change, judged.fields, present)
    return _whole_conflict(desk, change, present, patch.fields, {})


def _create(desk: Desk, judged: Judged, origin: Origin) -> Verdict:
    change = judged.change
    if change.base is not None:
        # Its author saw the record: it is quarantined, or lost to a restored server.
        return hold(desk, judged, change.record)
    patch = as_shown(desk, change, judged.fields, None).fields
    fields = _filled(patch)
    problems, missing = problems_of_record(desk, change, fields, fields)
    if problems and change.replaces is None and _awaits_other(desk, change):
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
        clean=_has_row_beneath(desk, change) and _is_as_sent(judged, fields),
    )
    desk.write(record)
    return settle(desk, change, Outcome.ACCEPTED, seq)


def _update(desk: Desk, judged: Judged, present: Record, origin: Origin) -> Verdict:
    change = judged.change
    patch = as_shown(desk, change, judged.fields, present)
    meeting = Meeting(desk, change, present, origin)
    meeting.meet_all(patch)
    fields = _filled(meeting.fields)
    problems, missing = problems_of_record(desk, change, fields, patch.fields)
    if problems:
        return quarantine(desk, judged, problems)
    if missing is not None:
        return hold(desk, judged, missing)
    notes = _notes(change, present)
    outcome = meeting.outcome()
    if notes and outcome == Outcome.ACCEPTED:
        outcome = Outcome.MERGED
    seq = desk.next_seq(change.stream)
    is_computable = _is_computable(desk, change, present)
    record = replace(
        present,
        seq=seq,
        deleted=False,
        fields=fields,
        writers=meeting.writers_at(seq),
        clean=outcome == Outcome.ACCEPTED
        and is_computable
        and _is_as_sent(judged, patch.fields),
    )
    desk.replaced += meeting.replaced_at(seq)
    closed = closed_by(desk, change, meeting.groups, is_in_conflict=meeting.conflicts)
    record = desk.close_conflicts(record, change, closed)
    record = desk.keep_conflicts(record, meeting.conflicts)
    if not meeting.conflicts:
        whole = {WHOLE_RECORD} if change.op == Op.UNDELETE else set()
        note_decisions(desk, change, meeting.groups | whole)
    desk.write(record)
    verdict = settle(desk, change, outcome, seq, [c.id for c in meeting.conflicts])
    return replace(verdict, why=notes)


def _notes(change: Change, present: Record) -> list[Problem]:
    """Return a note where the record was live already when somebody brought it back."""
    if change.op != Op.UNDELETE or present.deleted or change.settles:
        return []
    name = label(present.type, present.fields)
    return [Problem("not_deleted", "r", change.record, name)]


def _is_computable(desk: Desk, change: Change, present: Record) -> bool:
    """Return whether the author of an accepted change has what it was laid over.

    That is the row as it stands, or what follows from their own changes since. Not so
    where one of these was merged to something else and the row has not come as yet; nor
    may who brings a record back have its fields.
    """
    is_its_own = present.clean and is_own(desk, change, present.last_writer)
    return (
        change.op != Op.UNDELETE
        and _has_row_beneath(desk, change)
        and (is_its_own or has_latest_row(desk, change, present))
    )


def _has_row_beneath(desk: Desk, change: Change) -> bool:
    """Return whether an author has no other row than the one their change was made on.

    One whose change stood in a timeline that was lost may have a later row of that one;
    one whose change waited hears late that it stands, and computes no row of it.
    """
    return change.id not in desk.stood and change.id not in desk.waiting


def _is_as_sent(judged: Judged, applied: Fields) -> bool:
    """Return whether what is applied is what the line says, to the letter."""
    said = judged.change.fields
    return applied == said or _filled(applied) == _filled(said)


def _filled(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if value is not None}


def _awaits_other(desk: Desk, change: Change) -> bool:
    """Return whether another waiting change may bring the record of this one."""
    return desk.waiting.may_bring((change.stream, change.record), besides=change.id)


def _undelete(desk: Desk, judged: Judged, present: Record, origin: Origin) -> Verdict:
    """Bring a record back: only by an author who had seen that it was deleted."""
    change = judged.change
    patch = as_shown(desk, change, judged.fields, present)
    deletion = present.writers.get(WHOLE_RECORD, ())
    if unseen(desk, change, WHOLE_RECORD, deletion):
        return _whole_conflict(desk, change, present, patch.fields, {})
    whole = {**present.fields, **patch.fields}
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
    if any(unseen(desk, change, group, w) for group, w in present.writers.items()):
        return _whole_conflict(desk, change, present, {}, present.fields)
    seq = desk.next_seq(change.stream)
    writer = writer_of(change, origin, seq)
    record = replace(
        present,
        seq=seq,
        deleted=True,
        writers={**present.writers, WHOLE_RECORD: (writer,)},
        clean=_is_computable(desk, change, present),
    )
    return _write_whole(desk, change, record)


def _stand(desk: Desk, change: Change, present: Record, origin: Origin) -> Verdict:
    """Leave a deleted record deleted; who deletes it too, unseen, is a writer of that.

    Else a return that has seen one deletion would win over the other.
    """
    if change.op != Op.DELETE and not change.settles:
        # Who gives up a fix says nothing of the record.
        seen = None if change.replaces else present.seq
        return settle(desk, change, Outcome.ACCEPTED, seen)
    deletion = present.writers.get(WHOLE_RECORD, ())
    not_seen = unseen(desk, change, WHOLE_RECORD, deletion)
    if not not_seen and not change.settles:
        return settle(desk, change, Outcome.ACCEPTED, present.seq)
    seq = desk.next_seq(change.stream)
    record = replace(present, seq=seq, clean=False)
    if change.op == Op.DELETE:
        both = (*(deletion if not_seen else ()), writer_of(change, origin, seq))
        record = replace(record, writers={**present.writers, WHOLE_RECORD: both})
    return _write_whole(desk, change, record)


def _write_whole(desk: Desk, change: Change, record: Record) -> Verdict:
    """Write what a change made of a record as a whole, and what it decided."""
    groups = {WHOLE_RECORD, *record.writers}
    record = desk.close_conflicts(
        record, change, closed_by(desk, change, groups, is_in_conflict=())
    )
    note_decisions(desk, change, groups)
    desk.write(record)
    return settle(desk, change, Outcome.ACCEPTED, record.seq)


def _be_history(
    desk: Desk, judged: Judged, present: Record, origin: Origin, decision: str
) -> Verdict:
    """Keep as history what a decision was made on that came before it."""
    change = judged.change
    seq = desk.next_seq(change.stream)
    writer = writer_of(change, origin, seq)
    groups = by_group(change.type, judged.fields) or {WHOLE_RECORD: {}}
    desk.replaced += [
        Replaced(
            stream=change.stream,
            record=change.record,
            group=group,
            values=values,
            written_seq=writer.seq,
            replaced_seq=seq,
            written_by=change.id,
            replaced_by=decision,
        )
        for group, values in groups.items()
    ]
    desk.write(replace(present, seq=seq, clean=False))
    return settle(desk, change, Outcome.MERGED, seq)


def _discard(desk: Desk, judged: Judged) -> Verdict:
    """Delete what never stood: a quarantined record its author gives up."""
    change = judged.change
    replaced = desk.waiting.get(change.replaces)
    if replaced is not None:
        give_up(desk, replaced.judged.change)
        return Verdict(change.id, change.stream, Outcome.ACCEPTED, n=change.n)
    if change.base is not None or _awaits_other(desk, change):
        return hold(desk, judged, change.record)
    return quarantine(desk, judged, [Problem("no_such_record", "r", change.record)])


def _whole_conflict(
    desk: Desk, change: Change, present: Record, ours: Fields, theirs: Fields
) -> Verdict:
    seq = desk.next_seq(change.stream)
    conflict = Conflict(
        id=conflict_id(change.id, WHOLE_RECORD),
        stream=change.stream,
        record=change.record,
        type=change.type,
        group=WHOLE_RECORD,
        base_seq=base_seq(desk, change, WHOLE_RECORD),
        theirs=theirs,
        ours=ours,
        change=change,
    )
    record = replace(present, seq=seq, clean=False)
    record = desk.keep_conflicts(record, [conflict])
    desk.write(record)
    return settle(desk, change, Outcome.CONFLICT, seq, [conflict.id])
