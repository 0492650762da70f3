"""Merge: one verdict per change, and its effect on the desk. Pure.

Rules (docs/sync.md):
- a write is *unseen* when it came after the row its author looked at, and the author
  had not written it (in this log or in one that it came from);
- no touched group has an unseen writer: accepted, or merged when other groups have;
- same value twice: accepted, both stay writers;
- unseen other value: a measurement is a conflict and the first stands; a
  description is merged and the later stamp stands; a set is merged and keeps both;
- delete against an unseen write, write against a deletion: conflict;
- what depends on a record that is not here is held, and tried again when it comes;
- what cannot be applied is quarantined: stored, with reasons, blocking nothing;
- the changes of a group stand together or not at all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from schemas.messages import Op, Outcome
from schemas.problems import Problem
from schemas.records import TYPES
from schemas.validate import errors, load_record
from server.sync.desk import Desk, Place, label
from server.sync.meeting import Meeting, base_seq, unseen, writer_of
from server.sync.model import (
    WHOLE_RECORD,
    Change,
    Conflict,
    Fields,
    Judged,
    Origin,
    Quarantined,
    Record,
    Verdict,
    Waiting,
)
from server.sync.references import problems_of_record

_WAITS: frozenset[Outcome] = frozenset({Outcome.HELD, Outcome.QUARANTINED})


def merge(desk: Desk, batch: Iterable[Judged], origin: Origin) -> None:
    """Put every change of a batch on the desk, in log order, each with its verdict."""
    changes = list(batch)
    for _, together in groupby(changes, lambda judged: _together(judged.change)):
        group = list(together)
        for verdict in _decide_group(desk, group, origin):
            desk.known[verdict.change] = replace(verdict, repeated=True)
            desk.verdicts.append(verdict)
        _release(desk, origin)
    desk.verdicts = [
        replace(desk.revised.get(v.change, v), n=v.n) for v in desk.verdicts
    ]


def decide_again(desk: Desk, waiting: Sequence[Waiting], origin: Origin) -> None:
    """Try changes that wait in custody once more, oldest first."""
    for _, together in groupby(waiting, lambda w: _together(w.judged.change)):
        _try_again(desk, [found.judged for found in together], origin)
        _release(desk, origin)


def give_up(desk: Desk, gone: Change) -> None:
    """Close a waiting change for good; what is held for its record is no longer.

    It still follows when the record comes after all, but somebody is to hear of it.
    """
    desk.settle(gone.stream, gone.id, "discarded")
    desk.given_up[gone.stream, gone.record] = label(gone.type, gone.fields)
    if desk.may_come(gone.record):
        return
    for found in list(desk.waiting.values()):
        known = desk.known.get(found.judged.change.id)
        is_held = known is not None and known.outcome == Outcome.HELD
        if is_held and _waits(found, (gone.stream, gone.record)):
            desk.revise(_hold(desk, found.judged, gone.record))


def _together(change: Change) -> str:
    return change.group or change.id


def _release(desk: Desk, origin: Origin) -> None:
    """Try again what waited for the records that have appeared."""
    while desk.appeared and desk.waiting:
        place = desk.appeared.pop(0)
        waiting = [w.judged for w in desk.waiting.values() if _waits(w, place)]
        for _, together in groupby(waiting, lambda judged: _together(judged.change)):
            _try_again(desk, list(together), origin)


def _waits(waiting: Waiting, place: Place) -> bool:
    return (waiting.judged.change.stream, waiting.waits_for) == place


def _try_again(desk: Desk, group: list[Judged], origin: Origin) -> None:
    found = [judged for judged in group if judged.change.id in desk.waiting]
    for judged in found:
        del desk.known[judged.change.id]
    for verdict in _decide_group(desk, found, origin):
        desk.revise(verdict)


def _decide_group(desk: Desk, group: list[Judged], origin: Origin) -> list[Verdict]:
    """Decide on changes that stand or fall together."""
    if len(group) == 1:
        return [_decide(desk, group[0], origin)]
    tried = desk.copy()
    verdicts = [_decide(tried, judged, origin) for judged in group]
    broken = [v for v in verdicts if v.outcome in _WAITS]
    if not broken:
        desk.take(tried)
        return verdicts
    worst = min(broken, key=lambda verdict: verdict.outcome == Outcome.HELD)
    return [_break(desk, j, v, worst) for j, v in zip(group, verdicts, strict=True)]


def _break(desk: Desk, judged: Judged, own: Verdict, worst: Verdict) -> Verdict:
    """Keep a change back because its group cannot be applied as a whole."""
    if worst.outcome == Outcome.HELD:
        waited = next(why.value for why in worst.why if why.code == "waits_for")
        return _hold(desk, judged, str(waited))
    if own.outcome == Outcome.QUARANTINED:
        return _quarantine(desk, judged, own.why)
    problem = Problem("group_broken", "g", judged.change.group, worst.change)
    return _quarantine(desk, judged, [problem])


def _decide(desk: Desk, judged: Judged, origin: Origin) -> Verdict:
    change = judged.change
    known = desk.known.get(change.id)
    if known is not None:
        return replace(known, n=change.n)
    if change.type == "project" and change.record == change.stream:
        _found_project(desk, judged)
    present = desk.find(change.stream, change.record)
    problems = (
        _foreign_problems(desk, change, origin)
        or _own_problems(judged, present)
        or _scope_problems(desk, change, origin)
        or _type_problems(change, present)
        or _replacing_problems(desk, change)
        or _settling_problems(desk, change)
    )
    if problems:
        return _quarantine(desk, judged, problems)
    return _apply(desk, judged, present, origin)


def _apply(
    desk: Desk, judged: Judged, present: Record | None, origin: Origin
) -> Verdict:
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
        return _settle(desk, change, Outcome.ACCEPTED, present.seq)
    if change.op == Op.UNDELETE:
        return _undelete(desk, judged, present, origin)
    return _whole_conflict(desk, judged, present, judged.fields, {})


def _found_project(desk: Desk, judged: Judged) -> None:
    """Let an enrolled laptop open a project: its record is the stream's first."""
    stream = judged.change.stream
    if stream not in desk.heads and not errors(judged.problems):
        desk.founded.append(stream)
        desk.streams.add(stream)
        desk.heads[stream] = 0


def _own_problems(judged: Judged, present: Record | None) -> list[Problem]:
    """Give what is wrong with a change by itself; of a new record, all of it."""
    problems = errors(judged.problems)
    if problems and present is None and judged.change.type in TYPES:
        whole = errors(load_record(judged.change.type, judged.change.fields)[1])
        return whole or problems
    return problems


def _foreign_problems(desk: Desk, change: Change, origin: Origin) -> list[Problem]:
    """Judge nothing of a project that the author never saw: the reasons would tell of it."""
    is_strange = change.stream in desk.heads and change.stream not in desk.revoked
    if is_strange and not _may_write(desk, change, origin):
        return [Problem("scope_foreign", "s", change.stream)]
    return []


def _may_write(desk: Desk, change: Change, origin: Origin) -> bool:
    by_admin = origin.is_admin and change.stream in desk.heads
    return change.stream in desk.streams or by_admin


def _scope_problems(desk: Desk, change: Change, origin: Origin) -> list[Problem]:
    if not _may_write(desk, change, origin):
        revoked = change.stream in desk.revoked
        code = "scope_revoked" if revoked else "scope_foreign"
        return [Problem(code, "s", change.stream)]
    if change.type == "project" and change.record != change.stream:
        return [Problem("not_this_project", "r", change.record)]
    if (change.stream, change.record) in desk.purged:
        return [Problem("purged_id", "r", change.record)]
    return []


def _type_problems(change: Change, present: Record | None) -> list[Problem]:
    if present is None or present.type == change.type:
        return []
    return [Problem("wrong_type", "r", change.record, f"it is a {present.type}")]


def _replacing_problems(desk: Desk, change: Change) -> list[Problem]:
    """Refuse to close what waits of another laptop: its author or an administrator may."""
    replaced = desk.waiting.get(change.replaces or "")
    if replaced is None or _is_own(desk, change, replaced):
        return []
    return [Problem("foreign_change", "x", change.replaces)]


def _is_own(desk: Desk, change: Change, waiting: Waiting) -> bool:
    return desk.lineage.is_of_one_device(change.log, waiting.judged.change.log)


def _settling_problems(desk: Desk, change: Change) -> list[Problem]:
    """Give the conflicts a change settles that are none of its record."""
    known = desk.known_conflicts
    if change.op == Op.RESOLVE and not change.settles:
        return [Problem("no_such_conflict", "c", detail="it names none")]
    return [
        Problem("no_such_conflict", "c", name)
        for name in change.settles
        if (place := (change.stream, name)) not in known
        or known[place].record != change.record
    ]


def _create(desk: Desk, judged: Judged, origin: Origin) -> Verdict:
    change = judged.change
    if change.base is not None:
        # Its author saw the record: it is quarantined, or lost to a restored server.
        return _hold(desk, judged, change.record)
    fields = {name: value for name, value in judged.fields.items() if value is not None}
    problems, missing = problems_of_record(desk, change, fields, fields)
    if problems and change.replaces is None and desk.awaits_other(change):
        return _hold(desk, judged, change.record)
    if problems:
        return _quarantine(desk, judged, problems)
    if missing is not None:
        return _hold(desk, judged, missing)
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
    return _settle(desk, change, Outcome.ACCEPTED, seq)


def _update(desk: Desk, judged: Judged, present: Record, origin: Origin) -> Verdict:
    change = judged.change
    meeting = Meeting(desk, change, present, origin)
    meeting.meet_all(judged.fields)
    fields = {k: v for k, v in meeting.fields.items() if v is not None}
    problems, missing = problems_of_record(desk, change, fields, judged.fields)
    if problems:
        return _quarantine(desk, judged, problems)
    if missing is not None:
        return _hold(desk, judged, missing)
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
    verdict = _settle(desk, change, outcome, seq, [c.id for c in meeting.conflicts])
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
        return _quarantine(desk, judged, problems)
    if missing is not None:
        return _hold(desk, judged, missing)
    writers = {g: w for g, w in present.writers.items() if g != WHOLE_RECORD}
    return _update(desk, judged, replace(present, writers=writers), origin)


def _delete(desk: Desk, judged: Judged, present: Record, origin: Origin) -> Verdict:
    change = judged.change
    if desk.referrers.get((change.stream, change.record)):
        problem = Problem("has_children", "r", change.record)
        return _quarantine(desk, judged, [problem])
    if any(unseen(desk, change, found) for found in present.writers.values()):
        return _whole_conflict(desk, judged, present, {}, present.fields)
    seq = desk.next_seq(change.stream)
    writer = writer_of(change, origin, seq)
    writers = {**present.writers, WHOLE_RECORD: (writer,)}
    record = replace(present, seq=seq, deleted=True, writers=writers, clean=True)
    if change.settles:
        record = desk.close_conflicts(record, change)
    desk.write(record)
    return _settle(desk, change, Outcome.ACCEPTED, seq)


def _stand(desk: Desk, change: Change, present: Record) -> Verdict:
    """Close conflicts of a deleted record, which stays deleted."""
    seq = desk.next_seq(change.stream)
    desk.write(desk.close_conflicts(replace(present, seq=seq), change))
    return _settle(desk, change, Outcome.ACCEPTED, seq)


def _discard(desk: Desk, judged: Judged) -> Verdict:
    """Delete what never stood: a quarantined record its author gives up."""
    change = judged.change
    if change.replaces is not None and change.replaces in desk.waiting:
        give_up(desk, desk.waiting[change.replaces].judged.change)
        return Verdict(change.id, change.stream, Outcome.ACCEPTED, n=change.n)
    if change.base is not None or desk.awaits_other(change):
        return _hold(desk, judged, change.record)
    return _quarantine(desk, judged, [Problem("no_such_record", "r", change.record)])


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
    return _settle(desk, change, Outcome.CONFLICT, seq, [conflict.id])


def _hold(desk: Desk, judged: Judged, waits_for: str) -> Verdict:
    """Keep a change until the record that it depends on is here."""
    change = judged.change
    given_up = desk.given_up.get((change.stream, waits_for))
    if given_up is not None and not desk.may_come(waits_for, besides=change.id):
        why = [Problem("parent_discarded", "", waits_for, given_up)]
        return _keep_back(desk, judged, Outcome.QUARANTINED, why, waits_for)
    if not desk.can_hold(change.stream):
        return _quarantine(desk, judged, [Problem("too_many_held", "s", change.stream)])
    why = [Problem("waits_for", "", waits_for)]
    return _keep_back(desk, judged, Outcome.HELD, why, waits_for)


def _quarantine(desk: Desk, judged: Judged, problems: list[Problem]) -> Verdict:
    return _keep_back(desk, judged, Outcome.QUARANTINED, problems, None)


def _keep_back(
    desk: Desk,
    judged: Judged,
    outcome: Outcome,
    why: list[Problem],
    waits_for: str | None,
) -> Verdict:
    change = judged.change
    kind = TYPES.get(change.type)
    parent = change.fields.get(kind.parent) if kind and kind.parent else None
    if not isinstance(parent, str):
        parent = None
    _close_replaced(desk, change)
    is_held = outcome == Outcome.HELD
    desk.quarantine(judged, Quarantined(change, parent, why, waits_for, is_held))
    return Verdict(change.id, change.stream, outcome, why=why, n=change.n)


def _settle(
    desk: Desk,
    change: Change,
    outcome: Outcome,
    seq: int,
    conflicts: list[str] | None = None,
) -> Verdict:
    _close_replaced(desk, change)
    return Verdict(
        change.id, change.stream, outcome, seq, conflicts=conflicts or [], n=change.n
    )


def _close_replaced(desk: Desk, change: Change) -> None:
    """Close the quarantined change that this one stands in for."""
    replaced = desk.waiting.get(change.replaces or "")
    if replaced is not None and _is_own(desk, change, replaced):
        desk.settle(
            replaced.judged.change.stream, replaced.judged.change.id, "replaced"
        )
