"""Undo: what was done on this laptop is taken back by new changes."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from collector.laptop.laptop import Laptop
from collector.record import resend
from collector.record.names import label
from collector.record.referrers import referrers
from collector.record.saving import save
from collector.rules.overlay import BaseRow, ChangeStatus
from collector.store.port import OwnChange
from schemas import hlc
from schemas.changes import Draft, read_draft
from schemas.messages import Op, parse_object
from schemas.operations import Operation, operation_of
from schemas.phrases import joined
from schemas.record_words import TYPE_WORDS
from schemas.records import TYPES
from schemas.undo.plan import (
    Step,
    UndoPlan,
    WrittenRecord,
    is_of_batch,
    plan_undo,
)

#: Told after a batch is on disk: changes taken back so far, and in all.
Progress = Callable[[int, int], None]

_BATCH: Final = 500
_WAITS: Final = {ChangeStatus.QUARANTINED, ChangeStatus.HELD}
_WHOLE: Final = {Op.DELETE, Op.UNDELETE}
_HERE: Final = "a later change of this laptop"
_ELSEWHERE: Final = "somebody elsewhere"


class Said(NamedTuple):
    """A change of this laptop, read."""

    change: OwnChange
    draft: Draft
    person: str | None
    wall_ms: int

    @property
    def begins(self) -> bool:
        """Return whether it made a record that was not here."""
        return self.draft.op is Op.PUT and self.change.former is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which changes of this laptop: what is None does not narrow them."""

    operation: str | None = None
    lab: str | None = None
    batch: str | None = None
    person: str | None = None
    records: Sequence[str] | None = None
    since_ms: int | None = None
    until_ms: int | None = None

    def has(self, said: Said) -> bool:
        """Return whether a change is meant."""
        draft = said.draft
        return all(
            (
                self.operation in {None, _operation_id(draft)},
                self.person in {None, said.person},
                self.records is None or draft.record_id in self.records,
                self.since_ms is None or said.wall_ms >= self.since_ms,
                self.until_ms is None or said.wall_ms < self.until_ms,
                self.lab is None
                or is_of_batch(draft.type, draft.fields, self.lab, self.batch),
            )
        )


@dataclass(frozen=True, slots=True)
class Touched:
    """What this laptop has said of a record, in order, and the ids of what is meant."""

    own: Sequence[Said]
    meant: Collection[str]

    @property
    def waits(self) -> bool:
        """Return whether something that is meant waits for a person."""
        return any(said.change.status in _WAITS for said in self._ours)

    @property
    def _ours(self) -> list[Said]:
        return [said for said in self.own if said.change.id in self.meant]

    @property
    def is_begun(self) -> bool:
        """Return whether what is meant made the record."""
        return any(said.begins for said in self._ours)

    @property
    def was_live(self) -> bool:
        """Return whether the record was there before: the first change tells."""
        if self.is_begun:
            return False
        for said in self._ours:
            if said.draft.op in _WHOLE:
                return said.draft.op is Op.DELETE
        return True

    def fields(self, base: BaseRow | None) -> list[str]:
        """Return the fields that are looked at: all of a record that the changes made."""
        if self.was_live:
            written = [name for said in self._ours for name in said.draft.fields]
            return list(dict.fromkeys(written))
        of_base = base.fields if base and self.is_begun else ()
        every = [name for said in self.own for name in said.draft.fields]
        return list(dict.fromkeys([*every, *of_base]))

    def stranger(self, name: str, value: object) -> str:
        """Return who has written a field since what is meant, if anybody has."""
        writers = self._writers(name)
        if not writers or writers[-1].draft.fields[name] != value:
            return _ELSEWHERE
        last = writers[-1].change
        is_older = last.place < self._ours[0].change.place
        return "" if is_older or last.id in self.meant else _HERE

    def wrote(self, name: str) -> bool:
        """Return whether what is meant has written a field."""
        return any(name in said.draft.fields for said in self._ours)

    def first_writer(self, name: str) -> OwnChange | None:
        """Return the first of the changes in a row that wrote a field, each on the last."""
        first: OwnChange | None = None
        for said in reversed(self._writers(name)):
            wrote = said.draft.fields[name]
            is_on_it = first is None or (first.former or {}).get(name) == wrote
            if said.change.id not in self.meant or not is_on_it:
                break
            first = said.change
        return first

    def _writers(self, name: str) -> list[Said]:
        return [said for said in self.own if name in said.draft.fields]


@dataclass(frozen=True, slots=True)
class Undoing:
    """What it takes to take changes back: steps, and records of which changes wait."""

    changes: int
    plan: UndoPlan
    waiting: Sequence[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Return whether there is nothing to do."""
        return not (self.plan.steps or self.waiting)


def operations(laptop: Laptop) -> list[dict[str, Any]]:
    """Return what was done here in many changes, newest first: what, how many, who, when."""
    found: dict[str, dict[str, Any]] = {}
    for said in _said(laptop):
        done = operation_of(said.draft.reason)
        if done is not None and not said.draft.resolves:
            one = found.setdefault(
                done.id,
                {
                    "id": done.id,
                    "kind": str(done.kind),
                    "what": done.what,
                    "by": said.person,
                    "at": said.change.created_at,
                    "changes": 0,
                },
            )
            one["changes"] += 1
    return list(found.values())[::-1]


def look(laptop: Laptop, project_id: str, which: Selection) -> Undoing:
    """Return what it would take to take changes back; nothing is written."""
    touched = _touched(laptop, project_id, which)
    waiting = [name for name, own in touched.items() if own.waits]
    written = [
        found
        for name, own in touched.items()
        if not own.waits and (found := _written(laptop, name, own)) is not None
    ]
    refer = {one.id: referrers(laptop, one.id) for one in written}
    changes = sum(len(own.meant) for own in touched.values())
    return Undoing(changes, plan_undo(written, refer), waiting)


def _touched(laptop: Laptop, project_id: str, which: Selection) -> dict[str, Touched]:
    by_record: dict[str, list[Said]] = defaultdict(list)
    for said in _said(laptop, which.records):
        if said.draft.project_id == project_id:
            by_record[said.draft.record_id].append(said)
    return {
        name: Touched(own, meant)
        for name, own in by_record.items()
        if (meant := {said.change.id for said in own if which.has(said)})
    }


def undo(laptop: Laptop, found: Undoing, done: Operation, progress: Progress) -> None:
    """Take changes back as was looked at, in new changes that name the operation."""
    for record_id in found.waiting:
        resend.discard(laptop, record_id, done.reason)
    steps = list(found.plan.steps)
    for start in range(0, len(steps), _BATCH):
        batch = steps[start : start + _BATCH]
        save(laptop, [_draft(laptop, step, done) for step in batch])
        progress(start + len(batch), len(steps))


def _draft(laptop: Laptop, step: Step, done: Operation) -> Draft:
    seen = laptop.store.shown(step.record.id)
    assert seen is not None, "what was looked at is here"
    return seen.draft(step.op, step.fields, reason=done.reason)


def _said(laptop: Laptop, records: Sequence[str] | None = None) -> Iterator[Said]:
    for change in laptop.store.own_changes(records):
        if change.status is not ChangeStatus.REPLACED:
            line = parse_object(change.raw)
            stamp = hlc.wall_ms(line["h"])
            yield Said(change, read_draft(change.raw), line.get("u"), stamp)


def _operation_id(draft: Draft) -> str | None:
    done = operation_of(draft.reason)
    return done.id if done and not draft.resolves else None


def _written(laptop: Laptop, record_id: str, own: Touched) -> WrittenRecord | None:
    """Return a record that changes wrote, with what stood before them."""
    view = laptop.store.record(record_id)
    if view is None or view.type not in TYPES:
        return None
    before: dict[str, Any] = {}
    since: dict[str, list[str]] = defaultdict(list)
    lost: list[str] = []
    for name in own.fields(laptop.store.base(record_id)):
        stranger = own.stranger(name, view.fields.get(name))
        if stranger:
            since[stranger].append(name)
        elif own.wrote(name) and not own.is_begun:
            found = own.first_writer(name)
            if found is None or found.former is None:
                lost.append(name)
            else:
                before[name] = found.former.get(name)
    return WrittenRecord(
        view.type,
        view.id,
        joined([TYPE_WORDS[view.type], label(laptop.store, view)], " "),
        view.fields,
        not view.deleted,
        own.was_live,
        before=before,
        since=since,
        lost=lost,
    )
