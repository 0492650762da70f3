"""What a change that may be applied does to its record: create, update, delete. Pure."""

from schemas.changes import Change
from schemas.conflicts import conflict_id
from schemas.groups import WHOLE_RECORD, by_group, groups_of
from schemas.messages import Op, Outcome
from schemas.problems import Problem
from schemas.records import label
from server.merge.author_view import (
    as_shown,
    base_seq,
    concurrent_writers,
    has_latest_row,
    is_own,
)
from server.merge.groups import GroupMerge, writer_of
from server.merge.model import (
    Conflict,
    Fields,
    HistoryEntry,
    Origin,
    Record,
    ValidatedChange,
    Verdict,
    filled,
)
from server.merge.preconditions import problems_of_record
from server.merge.state import MergeState
from server.merge.verdicts import (
    accept,
    close_discarded,
    closed_by,
    hold,
    note_decisions,
    quarantine,
)


def apply(
    state: MergeState,
    validated: ValidatedChange,
    present: Record | None,
    origin: Origin,
) -> Verdict:
    """Apply a change as the state of its record asks."""
    change = validated.change
    if present is None:
        begin = _discard if change.op == Op.DELETE else _create
        return begin(state, validated, origin)
    decision = state.decision_on(change, WHOLE_RECORD)
    match present:
        case _ if decision is not None:
            return _be_history(state, validated, present, origin, decision)
        case Record(deleted=True):
            return _meet_deleted(state, validated, present, origin)
        case _ if change.op == Op.DELETE:
            return _delete(state, validated, present, origin)
        case _:
            return _update(state, validated, present, origin)


def _meet_deleted(
    state: MergeState, validated: ValidatedChange, present: Record, origin: Origin
) -> Verdict:
    change = validated.change
    if change.op == Op.UNDELETE:
        return _undelete(state, validated, present, origin)
    if change.op == Op.DELETE or not validated.fields:
        return _stand(state, change, present, origin)
    patch = as_shown(state, change, validated.fields, present)
    return _whole_conflict(state, validated, present, patch.fields, {})


def _create(state: MergeState, validated: ValidatedChange, origin: Origin) -> Verdict:
    change = validated.change
    if change.base is not None:
        # Its author saw the record: it is quarantined, or lost to a restored server.
        return hold(state, validated, change.record_id)
    patch = as_shown(state, change, validated.fields, None).fields
    fields = filled(patch)
    problems, missing = problems_of_record(state, change, fields, fields)
    if problems and change.replaces is None and _awaits_other(state, change):
        return hold(state, validated, change.record_id)
    if problems:
        return quarantine(state, validated, problems)
    if missing is not None:
        return hold(state, validated, missing)
    return begin_record(state, validated, fields, origin)


def begin_record(
    state: MergeState, validated: ValidatedChange, fields: Fields, origin: Origin
) -> Verdict:
    """Write the record that a change makes, all of which was judged."""
    change = validated.change
    seq = state.next_seq(change.project_id)
    writer = writer_of(change, origin, seq)
    record = Record(
        project_id=change.project_id,
        type=change.type,
        id=change.record_id,
        seq=seq,
        fields=fields,
        writers=dict.fromkeys(groups_of(change.type, *fields), (writer,)),
        computable_by_author=_has_row_beneath(state, change)
        and _is_as_sent(validated, fields),
    )
    state.write(record)
    return accept(state, change, Outcome.ACCEPTED, seq)


def _update(
    state: MergeState, validated: ValidatedChange, present: Record, origin: Origin
) -> Verdict:
    change = validated.change
    patch = as_shown(state, change, validated.fields, present)
    meeting = GroupMerge(state, change, present, origin)
    meeting.merge_all(patch)
    fields = filled(meeting.fields)
    refusal = _refusal(
        state, validated, problems_of_record(state, change, fields, patch.fields)
    )
    if refusal is not None:
        return refusal
    closed = closed_by(state, change, meeting.groups, is_in_conflict=meeting.conflicts)
    if not state.has_room_for(present, meeting.conflicts, closed):
        return _crowded(state, validated)
    notes = _notes(change, present)
    outcome = meeting.outcome()
    if notes and outcome == Outcome.ACCEPTED:
        outcome = Outcome.MERGED
    seq = state.next_seq(change.project_id)
    is_computable = _is_computable(state, change, present)
    record = present._replace(
        seq=seq,
        deleted=False,
        fields=fields,
        writers=meeting.writers_at(seq),
        # Who writes nothing is no writer: nothing tells whose the new number is.
        computable_by_author=outcome == Outcome.ACCEPTED
        and bool(meeting.groups)
        and is_computable
        and _is_as_sent(validated, patch.fields),
    )
    for old, its_writer in meeting.replaced_at(seq):
        state.note_replaced(old, its_writer)
    record = state.close_conflicts(record, change, closed)
    record = state.add_conflicts(record, meeting.conflicts)
    if not meeting.conflicts:
        whole = {WHOLE_RECORD} if change.op == Op.UNDELETE else set()
        note_decisions(state, change, meeting.groups | whole)
    state.write(record)
    verdict = accept(state, change, outcome, seq, [c.id for c in meeting.conflicts])
    return verdict._replace(why=notes)


def _refusal(
    state: MergeState,
    validated: ValidatedChange,
    judged: tuple[list[Problem], str | None],
) -> Verdict | None:
    """Keep a change back whose record has problems, or refers to what is not here."""
    problems, missing = judged
    if problems:
        return quarantine(state, validated, problems)
    return None if missing is None else hold(state, validated, missing)


def _notes(change: Change, present: Record) -> list[Problem]:
    """Return a note where the record was live already when somebody brought it back."""
    if change.op != Op.UNDELETE or present.deleted or change.resolves:
        return []
    name = label(present.type, present.fields)
    return [Problem("not_deleted", "r", change.record_id, name)]


def _is_computable(state: MergeState, change: Change, present: Record) -> bool:
    """Return whether the author of an accepted change has what it was laid over.

    That is the row as it stands, or what follows from their own changes since. Not so
    where one of these was merged to something else and the row has not come as yet; nor
    may who brings a record back have its fields.
    """
    is_its_own = present.computable_by_author and is_own(
        state, change, present.last_writer
    )
    return (
        change.op != Op.UNDELETE
        and _has_row_beneath(state, change)
        and (is_its_own or has_latest_row(state, change, present))
    )


def _has_row_beneath(state: MergeState, change: Change) -> bool:
    """Return whether an author has no other row than the one their change was made on.

    One whose change stood in a timeline that was lost may have a later row of that one;
    one whose change waited hears late that it stands, and computes no row of it.
    """
    return change.id not in state.stood and change.id not in state.waiting


def _is_as_sent(validated: ValidatedChange, applied: Fields) -> bool:
    """Return whether what is applied is what the line says, to the letter."""
    said = validated.change.fields
    return applied == said or filled(applied) == filled(said)


def _awaits_other(state: MergeState, change: Change) -> bool:
    """Return whether another waiting change may bring the record of this one."""
    return state.waiting.may_bring(
        (change.project_id, change.record_id), besides=change.id
    )


def _undelete(
    state: MergeState, validated: ValidatedChange, present: Record, origin: Origin
) -> Verdict:
    """Bring a record back: only by an author who had seen that it was deleted."""
    change = validated.change
    patch = as_shown(state, change, validated.fields, present)
    deletion = present.writers.get(WHOLE_RECORD, ())
    if concurrent_writers(state, change, WHOLE_RECORD, deletion):
        return _whole_conflict(state, validated, present, patch.fields, {})
    whole = {**present.fields, **patch.fields}
    refusal = _refusal(
        state, validated, problems_of_record(state, change, whole, whole)
    )
    if refusal is not None:
        return refusal
    writers = {g: w for g, w in present.writers.items() if g != WHOLE_RECORD}
    return _update(state, validated, present._replace(writers=writers), origin)


def _delete(
    state: MergeState, validated: ValidatedChange, present: Record, origin: Origin
) -> Verdict:
    change = validated.change
    if state.referrers.get((change.project_id, change.record_id)):
        problem = Problem("has_children", "r", change.record_id)
        return quarantine(state, validated, [problem])
    if any(
        concurrent_writers(state, change, group, w)
        for group, w in present.writers.items()
    ):
        return _whole_conflict(state, validated, present, {}, present.fields)
    seq = state.next_seq(change.project_id)
    writer = writer_of(change, origin, seq)
    record = present._replace(
        seq=seq,
        deleted=True,
        writers={**present.writers, WHOLE_RECORD: (writer,)},
        computable_by_author=_is_computable(state, change, present),
    )
    return _write_whole(state, change, record)


def _stand(
    state: MergeState, change: Change, present: Record, origin: Origin
) -> Verdict:
    """Leave a deleted record deleted; who deletes it too, unseen, is a writer of that.

    Else a return that has seen one deletion would win over the other.
    """
    if change.op != Op.DELETE and not change.resolves:
        # Who gives up a fix says nothing of the record.
        seen = None if change.replaces else present.seq
        return accept(state, change, Outcome.ACCEPTED, seen)
    deletion = present.writers.get(WHOLE_RECORD, ())
    concurrent = concurrent_writers(state, change, WHOLE_RECORD, deletion)
    if not concurrent and not change.resolves:
        return accept(state, change, Outcome.ACCEPTED, present.seq)
    seq = state.next_seq(change.project_id)
    record = present._replace(seq=seq, computable_by_author=False)
    if change.op == Op.DELETE:
        both = (*(deletion if concurrent else ()), writer_of(change, origin, seq))
        record = record._replace(writers={**present.writers, WHOLE_RECORD: both})
    return _write_whole(state, change, record)


def _write_whole(state: MergeState, change: Change, record: Record) -> Verdict:
    """Write what a change made of a record as a whole, and what it decided."""
    groups = {WHOLE_RECORD, *record.writers}
    record = state.close_conflicts(
        record, change, closed_by(state, change, groups, is_in_conflict=())
    )
    note_decisions(state, change, groups)
    state.write(record)
    return accept(state, change, Outcome.ACCEPTED, record.seq)


def _be_history(
    state: MergeState,
    validated: ValidatedChange,
    present: Record,
    origin: Origin,
    decision: str,
) -> Verdict:
    """Keep as history what a decision was made on that came before it."""
    change = validated.change
    seq = state.next_seq(change.project_id)
    writer = writer_of(change, origin, seq)
    groups = by_group(change.type, validated.fields) or {WHOLE_RECORD: {}}
    for group, values in groups.items():
        old = HistoryEntry(
            project_id=change.project_id,
            record_id=change.record_id,
            group=group,
            values=values,
            written_seq=writer.seq,
            replaced_seq=seq,
            written_by=change.id,
            replaced_by=decision,
        )
        state.note_replaced(old, writer)
    record = present._replace(seq=seq, computable_by_author=False)
    if change.resolves:
        # It was a decision itself, and a newer one knew it: what it closed stays closed.
        touched = {*groups, WHOLE_RECORD}
        closed = closed_by(state, change, touched, is_in_conflict=())
        record = state.close_conflicts(record, change, closed)
        note_decisions(state, change, touched)
    state.write(record)
    return accept(state, change, Outcome.MERGED, seq)


def _discard(state: MergeState, validated: ValidatedChange, _origin: Origin) -> Verdict:
    """Delete what never stood: a quarantined record its author gives up."""
    change = validated.change
    replaced = state.waiting.get(change.replaces)
    if replaced is not None:
        close_discarded(state, replaced.validated.change)
        return Verdict(change.id, change.project_id, Outcome.ACCEPTED, n=change.n)
    if change.base is not None or _awaits_other(state, change):
        return hold(state, validated, change.record_id)
    return quarantine(
        state, validated, [Problem("no_such_record", "r", change.record_id)]
    )


def _crowded(state: MergeState, validated: ValidatedChange) -> Verdict:
    """Keep back what would be one conflict too many of a record, until some are decided."""
    name = validated.change.record_id
    return quarantine(state, validated, [Problem("too_many_conflicts", "r", name)])


def _whole_conflict(
    state: MergeState,
    validated: ValidatedChange,
    present: Record,
    ours: Fields,
    theirs: Fields,
) -> Verdict:
    change = validated.change
    conflict = Conflict(
        id=conflict_id(change.id, WHOLE_RECORD),
        project_id=change.project_id,
        record_id=change.record_id,
        type=change.type,
        group=WHOLE_RECORD,
        base_seq=base_seq(state, change, WHOLE_RECORD),
        theirs=theirs,
        ours=ours,
        change=change,
    )
    if not state.has_room_for(present, [conflict]):
        return _crowded(state, validated)
    seq = state.next_seq(change.project_id)
    record = present._replace(seq=seq, computable_by_author=False)
    record = state.add_conflicts(record, [conflict])
    state.write(record)
    return accept(state, change, Outcome.CONFLICT, seq, [conflict.id])
