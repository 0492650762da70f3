"""Merge: one verdict per change, and its effect on the desk. Pure.

Rules (docs/sync.md):
- a write is *unseen* when it came after the row its author looked at, from
  another log, or later in the same log;
- no touched group has an unseen writer: accepted, or merged when other groups have;
- same value twice: accepted, both stay writers;
- unseen other value: a measurement is a conflict and the first stands; a
  description is merged and the later stamp stands; a set is merged and keeps both;
- delete against an unseen write, write against a deletion: conflict;
- what cannot be applied is quarantined: stored, with reasons, blocking nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from schemas import rules
from schemas.fields import FieldClass
from schemas.messages import Op, Outcome
from schemas.problems import Problem
from schemas.records import TYPES, RecordType
from schemas.sets import joined
from schemas.validate import errors, load_record, missing_fields
from server.sync.desk import Desk
from server.sync.model import (
    Change,
    Conflict,
    Fields,
    Judged,
    Origin,
    Quarantined,
    Record,
    Replaced,
    Verdict,
    Writer,
)

#: The conflict group of a deletion that met an unseen write, or the reverse.
WHOLE_RECORD = "*"


def merge(desk: Desk, batch: Iterable[Judged], origin: Origin) -> None:
    """Put every change of a batch on the desk, in log order, each with its verdict."""
    for judged in batch:
        known = desk.known.get(judged.change.id)
        verdict = known or _decide(desk, judged, origin)
        desk.known[judged.change.id] = replace(verdict, repeated=True)
        desk.verdicts.append(verdict)


def _decide(desk: Desk, judged: Judged, origin: Origin) -> Verdict:
    change = judged.change
    if change.type == "project" and change.record == change.stream:
        _found_project(desk, judged)
    present = desk.find(change.stream, change.record)
    problems = _own_problems(judged, present) or _scope_problems(desk, change)
    if problems:
        return _quarantine(desk, change, problems)
    if present is not None and present.type != change.type:
        problem = Problem("wrong_type", "r", change.record, f"it is a {present.type}")
        return _quarantine(desk, change, [problem])
    if change.op == Op.DELETE:
        return _delete(desk, change, present, origin)
    return _put(desk, judged, present, origin)


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


def _scope_problems(desk: Desk, change: Change) -> list[Problem]:
    if change.stream not in desk.streams:
        return [Problem("scope_foreign", "s", change.stream)]
    if change.type == "project" and change.record != change.stream:
        return [Problem("not_this_project", "r", change.record)]
    return []


def _put(desk: Desk, judged: Judged, present: Record | None, origin: Origin) -> Verdict:
    if present is None:
        return _create(desk, judged, origin)
    if present.deleted:
        return _whole_conflict(desk, judged.change, present, judged.fields, {})
    return _update(desk, judged, present, origin)


def _create(desk: Desk, judged: Judged, origin: Origin) -> Verdict:
    change = judged.change
    fields = {name: value for name, value in judged.fields.items() if value is not None}
    if change.base is not None:
        return _quarantine(
            desk, change, [Problem("no_such_record", "r", change.record)]
        )
    problems = _problems_of_record(desk, change, fields, fields)
    if problems:
        return _quarantine(desk, change, problems)
    seq = desk.next_seq(change.stream)
    writer = _writer(change, origin, seq)
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
    meeting = _Meeting(desk, change, present, origin)
    for group, ours in _by_group(TYPES[change.type], judged.fields).items():
        meeting.meet(group, ours)
    fields = {k: v for k, v in meeting.fields.items() if v is not None}
    problems = _problems_of_record(desk, change, fields, judged.fields)
    if problems:
        return _quarantine(desk, change, problems)
    outcome = meeting.outcome()
    seq = desk.next_seq(change.stream)
    record = replace(
        present,
        seq=seq,
        fields=fields,
        writers=meeting.writers_at(seq),
        clean=outcome == Outcome.ACCEPTED,
    )
    desk.replaced += meeting.replaced_at(seq)
    record = desk.keep_conflicts(record, meeting.conflicts)
    desk.write(record)
    return _settle(desk, change, outcome, seq, [c.id for c in meeting.conflicts])


class _Meeting:
    """One change meets one record: group by group, remembering what came of it."""

    def __init__(
        self, desk: Desk, change: Change, present: Record, origin: Origin
    ) -> None:
        self.change = change
        self.present = present
        self.base_seq = base_seq(desk, change)
        self.fields = dict(present.fields)
        self.me = _writer(change, origin, 0)
        self.conflicts: list[Conflict] = []
        self._writers = dict(present.writers)
        self._replaced: list[tuple[str, Fields, Writer]] = []
        self._touched: set[str] = set()
        self._merged = False

    def meet(self, group: str, ours: Fields) -> None:
        """Let one group of the patch meet the group as it stands."""
        self._touched.add(group)
        theirs = {name: self.present.fields.get(name) for name in ours}
        writers = self.present.writers.get(group, ())
        unseen = _unseen(writers, self.base_seq, self.change, self.me.log)
        if theirs == ours:
            self._writers[group] = (*writers, self.me) if unseen else (self.me,)
        elif not unseen:
            self._set(group, ours, theirs)
        else:
            self._meet_unseen(group, ours, theirs, unseen)

    def _meet_unseen(
        self, group: str, ours: Fields, theirs: Fields, unseen: list[Writer]
    ) -> None:
        match _class_of(self.change.type, ours):
            case FieldClass.MEASUREMENT:
                self.conflicts.append(self._conflict(group, ours, theirs))
            case FieldClass.SET:
                self._merged = True
                both = {k: joined(theirs[k], v) for k, v in ours.items()}
                self._set(group, both, theirs)
            case FieldClass.DESCRIPTIVE:
                self._merged = True
                if (self.me.hlc, self.me.change) > max(
                    (w.hlc, w.change) for w in unseen
                ):
                    self._set(group, ours, theirs)
                else:
                    self._replaced.append((group, ours, self.me))

    def _set(self, group: str, values: Fields, old: Fields) -> None:
        for writer in self.present.writers.get(group, ())[-1:]:
            self._replaced.append((group, old, writer))
        self.fields.update(values)
        self._writers[group] = (self.me,)

    def _conflict(self, group: str, ours: Fields, theirs: Fields) -> Conflict:
        return Conflict(
            id=f"{self.change.id}:{group}",
            stream=self.change.stream,
            record=self.change.record,
            type=self.change.type,
            group=group,
            base_seq=self.base_seq,
            theirs=theirs,
            ours=ours,
            change=self.change,
        )

    def outcome(self) -> Outcome:
        """Tell what came of the change as a whole."""
        if self.conflicts:
            return Outcome.CONFLICT
        others = (
            writers
            for group, writers in self.present.writers.items()
            if group not in self._touched
        )
        unseen_elsewhere = any(
            _unseen(writers, self.base_seq, self.change, self.me.log)
            for writers in others
        )
        return Outcome.MERGED if self._merged or unseen_elsewhere else Outcome.ACCEPTED

    def writers_at(self, seq: int) -> dict[str, tuple[Writer, ...]]:
        """Give the writers with this change at its number."""
        return {
            group: tuple(w if w.seq else w._replace(seq=seq) for w in writers)
            for group, writers in self._writers.items()
        }

    def replaced_at(self, seq: int) -> list[Replaced]:
        """Give the values that no longer stand, or never stood."""
        return [
            Replaced(
                stream=self.change.stream,
                record=self.change.record,
                group=group,
                values=values,
                written_seq=writer.seq or seq,
                replaced_seq=seq,
                written_by=writer.change,
                replaced_by=self.change.id,
            )
            for group, values, writer in self._replaced
        ]


def _delete(
    desk: Desk, change: Change, present: Record | None, origin: Origin
) -> Verdict:
    if present is None:
        return _discard(desk, change)
    if present.deleted:
        return _settle(desk, change, Outcome.ACCEPTED, present.seq)
    if desk.referrers.get((change.stream, change.record)):
        return _quarantine(desk, change, [Problem("has_children", "r", change.record)])
    seen = base_seq(desk, change)
    log = origin.log
    if any(_unseen(w, seen, change, log) for w in present.writers.values()):
        return _whole_conflict(desk, change, present, {}, present.fields)
    seq = desk.next_seq(change.stream)
    writer = _writer(change, origin, seq)
    writers = {**present.writers, WHOLE_RECORD: (writer,)}
    desk.write(replace(present, seq=seq, deleted=True, writers=writers, clean=True))
    return _settle(desk, change, Outcome.ACCEPTED, seq)


def _discard(desk: Desk, change: Change) -> Verdict:
    """Delete what never stood: a quarantined record its author gives up."""
    if change.replaces in desk.open_quarantine:
        desk.settled[change.replaces or ""] = "discarded"
        return Verdict(change.id, change.stream, Outcome.ACCEPTED)
    return _quarantine(desk, change, [Problem("no_such_record", "r", change.record)])


def _whole_conflict(
    desk: Desk, change: Change, present: Record, ours: Fields, theirs: Fields
) -> Verdict:
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


def base_seq(desk: Desk, change: Change) -> int:
    """Give the number of the row the author looked at, on this server's timeline."""
    if change.base is None or change.base[0] != desk.epoch:
        return 0
    return change.base[1]


def _unseen(
    writers: Iterable[Writer], seen: int, change: Change, log: str
) -> list[Writer]:
    return [
        w for w in writers if w.seq > seen and not (w.log == log and w.n < change.n)
    ]


def _writer(change: Change, origin: Origin, seq: int) -> Writer:
    hlc = min(change.hlc, origin.received_hlc)
    return Writer(seq, origin.log, change.n, hlc, change.id)


def _by_group(kind: RecordType, fields: Fields) -> dict[str, Fields]:
    groups: dict[str, Fields] = {}
    for name, value in fields.items():
        groups.setdefault(kind.groups[name], {})[name] = value
    return groups


def _class_of(record_type: str, group: Mapping[str, object]) -> FieldClass:
    return TYPES[record_type].fields[next(iter(group))].field_class


def _problems_of_record(
    desk: Desk, change: Change, fields: Fields, patch: Fields
) -> list[Problem]:
    """Judge the whole record as it would stand, and what the patch refers to."""
    return (
        missing_fields(change.type, fields)
        or errors(rules.check(change.type, fields))
        or _reference_problems(desk, change, patch)
        or _key_problems(desk, change, fields)
    )


def _reference_problems(desk: Desk, change: Change, patch: Fields) -> list[Problem]:
    problems = []
    for name, target in TYPES[change.type].references.items():
        if patch.get(name) is None:
            continue
        found = desk.find(change.stream, patch[name])
        if found is None:
            problems.append(Problem("parent_missing", name, patch[name]))
        elif found.type != target:
            detail = f"a {found.type} where a {target} belongs"
            problems.append(Problem("wrong_parent", name, patch[name], detail))
        elif found.deleted:
            problems.append(Problem("parent_deleted", name, patch[name]))
    return problems


def _key_problems(desk: Desk, change: Change, fields: Fields) -> list[Problem]:
    holder = desk.holder(change.type, change.stream, fields)
    if holder in {"", change.record}:
        return []
    name = TYPES[change.type].key[-1]
    return [Problem("key_taken", name, fields.get(name), f"{change.type} {holder}")]


def _quarantine(desk: Desk, change: Change, problems: list[Problem]) -> Verdict:
    kind = TYPES.get(change.type)
    parent = change.fields.get(kind.parent) if kind and kind.parent else None
    if not isinstance(parent, str):
        parent = None
    desk.quarantined.append(Quarantined(change, parent, problems))
    _close_replaced(desk, change)
    return Verdict(change.id, change.stream, Outcome.QUARANTINED, why=problems)


def _settle(
    desk: Desk,
    change: Change,
    outcome: Outcome,
    seq: int,
    conflicts: list[str] | None = None,
) -> Verdict:
    _close_replaced(desk, change)
    return Verdict(change.id, change.stream, outcome, seq, conflicts=conflicts or [])


def _close_replaced(desk: Desk, change: Change) -> None:
    """Close the quarantined change that this one stands in for."""
    if change.replaces in desk.open_quarantine and change.replaces is not None:
        desk.settled[change.replaces] = "replaced"
