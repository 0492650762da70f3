"""What it takes to take changes back, as new changes. Pure, the same on both sides.

A record that they made is deleted, one that they deleted comes back, a value that they
wrote gives way to what stood before it. What others have built on since stays as it is
and is named: nobody's work is undone but theirs.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from schemas.messages import Op
from schemas.phrases import Phrase, _, listed, ngettext
from schemas.records import TYPES
from schemas.told import option_name

#: What is of a batch of a laboratory.
_LAB_TYPES: Final = frozenset({"result", "lab_control"})
#: Parents before their children.
_ORDER: Final = {name: place for place, name in enumerate(TYPES)}


@dataclass(frozen=True, slots=True)
class WrittenRecord:
    """A record that the changes wrote, as it stands, and what stood before them.

    `was_live` says whether it was there before them, `deleted_by` who else has deleted it
    since. `before` has the fields in which
    what they wrote still stands, with what stood before; None: nothing. `since` says who
    has written other fields of theirs, by the names of these; `lost` names fields of which
    nobody knows here what stood before.
    """

    type: str
    id: str
    name: str
    fields: Mapping[str, Any]
    is_live: bool
    was_live: bool
    deleted_by: str = ""
    before: Mapping[str, Any] = field(default_factory=dict)
    since: Mapping[str, Sequence[str]] = field(default_factory=dict)
    lost: Sequence[str] = ()


class Referrer(NamedTuple):
    """A live record that refers to another one, by which of its fields."""

    id: str
    name: str
    field: str


class Step(NamedTuple):
    """What takes changes of one record back."""

    record: WrittenRecord
    op: Op
    fields: Mapping[str, Any]


class Kept(NamedTuple):
    """A record, or fields of it, that stay as they are, and why."""

    record: WrittenRecord
    why: str


class UndoPlan(NamedTuple):
    """Steps in the order in which they are possible; what stays; what was undone already."""

    steps: Sequence[Step]
    kept: Sequence[Kept]
    already: Sequence[WrittenRecord]


def is_of_batch(
    record_type: str, fields: Mapping[str, Any], lab: str, batch: str | None
) -> bool:
    """Return whether a change writes something of a laboratory's batch."""
    said = (fields.get("lab"), fields.get("lab_batch"))
    return record_type in _LAB_TYPES and said == (lab, batch)


def plan_undo(
    written: Iterable[WrittenRecord], referrers: Mapping[str, Collection[Referrer]]
) -> UndoPlan:
    """Return what takes changes back; `referrers` has what refers to each record."""
    steps, kept, already = list[Step](), list[Kept](), list[WrittenRecord]()
    for record in written:
        own, why = _of_record(record)
        steps += own
        kept += why
        if not own and not why:
            already.append(record)
    possible, left = possible_steps(steps, referrers)
    return UndoPlan(possible, [*kept, *left], already)


def _of_record(record: WrittenRecord) -> tuple[list[Step], list[Kept]]:
    if record.is_live and not record.was_live:
        return _unmake(record)
    if not record.is_live and not record.was_live:
        return [], []
    if record.deleted_by:
        return [], [
            Kept(record, _("{who} has deleted it since", who=record.deleted_by))
        ]
    why = [Kept(record, said) for said in _reasons(record)]
    patch = _patch(record)
    if not record.is_live:
        return [Step(record, Op.UNDELETE, patch)], why
    return [Step(record, Op.PUT, patch)] if patch else [], why


def _unmake(record: WrittenRecord) -> tuple[list[Step], list[Kept]]:
    """Delete a record that was not there before, unless others have written in it.

    One that was deleted before them has its values of before again, too.
    """
    if record.since:
        return [], [
            Kept(record, _("{why}, so it stays", why=said)) for said in _since(record)
        ]
    patch = _patch(record)
    set_back = [Step(record, Op.PUT, patch)] if patch else []
    return [*set_back, Step(record, Op.DELETE, {})], []


def _patch(record: WrittenRecord) -> dict[str, Any]:
    return {
        name: value
        for name, value in record.before.items()
        if record.fields.get(name) != value
    }


def _reasons(record: WrittenRecord) -> list[Phrase]:
    fields = _named(record.lost)
    lost = [_("what {fields} was before is not known here", fields=fields)]
    return _since(record) + (lost if record.lost else [])


def _since(record: WrittenRecord) -> list[Phrase]:
    return [
        _("{who} has written {fields} since", who=who, fields=_named(fields))
        for who, fields in record.since.items()
    ]


def _named(fields: Collection[str]) -> Phrase:
    return listed([option_name(name) for name in fields])


def possible_steps(
    steps: Sequence[Step], referrers: Mapping[str, Collection[Referrer]]
) -> tuple[list[Step], list[Kept]]:
    """Return steps in the order in which they are possible, and what has to stay.

    Left out are deletions of what others refer to, and then of what those hang on.
    """
    moved = {
        (step.record.id, name)
        for step in steps
        if step.op is Op.PUT
        for name in step.fields
    }
    gone = {step.record.id for step in steps if step.op is Op.DELETE}
    possible, kept = list[Step](), list[Kept]()
    # Children come before their parents: what hangs on one that stays, stays too.
    for step in _in_order(steps):
        refer = referrers.get(step.record.id, ()) if step.op is Op.DELETE else ()
        stay = sorted(
            found.name
            for found in refer
            if found.id not in gone and (found.id, found.field) not in moved
        )
        if stay:
            gone.discard(step.record.id)
            kept.append(Kept(step.record, _belong(stay)))
        else:
            possible.append(step)
    return possible, kept


def _belong(names: Sequence[str]) -> str:
    return ngettext(
        "{num} record belongs to it: {records}",
        "{num} records belong to it: {records}",
        len(names),
        records=listed(names),
    )


def _in_order(steps: Sequence[Step]) -> list[Step]:
    """Return what comes back, parents first, what changes, what goes, children first.

    Of one type, what was written last goes first.
    """

    def place(numbered: tuple[int, Step]) -> tuple[int, int, int]:
        number, step = numbered
        depth = _ORDER[step.record.type]
        match step.op:
            case Op.UNDELETE:
                return 0, depth, number
            case Op.DELETE:
                return 2, -depth, -number
            case _:
                return 1, depth, number

    return [step for _, step in sorted(enumerate(steps), key=place)]
