"""What stood in a record before some of its changes, by what its history keeps. Pure."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from schemas.groups import WHOLE_RECORD, by_group, members
from schemas.messages import Op
from schemas.records import TYPES
from schemas.undo.plan import WrittenRecord
from server.custody.project_line import ProjectLine
from server.merge.groups import SUPERSEDED
from server.merge.model import Record, Writer
from server.store.merge_values import HistoryLine

Place = tuple[str, int]  # log, number in it
_WHOLE: Final = {Op.DELETE, Op.UNDELETE}


@dataclass(frozen=True, slots=True)
class Past:
    """A record with changes of it that are meant, its history, and what others wrote.

    `others` has the numbers of the changes that are not meant, with the fields they wrote,
    `contested` the groups in which a change met another value and did not stand, `decided`
    the changes that decided on a deletion, and whether the record was there before them.
    `called` is the name of the record, `authors` say who wrote a change.
    """

    record: Record
    called: str
    lines: Sequence[ProjectLine]
    history: Sequence[HistoryLine]
    authors: Mapping[str, str]
    others: Sequence[tuple[int, Collection[str]]] = ()
    contested: Collection[tuple[str, str]] = ()  # change, group
    decided: Mapping[str, bool] = field(default_factory=dict)

    @property
    def own(self) -> set[int]:
        """Return the numbers of the changes that are meant."""
        return {line.seq or 0 for line in self.lines}

    @property
    def places(self) -> set[Place]:
        """Return where the changes that are meant stand."""
        return {(line.log_id, line.n) for line in self.lines}

    @property
    def first(self) -> int:
        """Return the number of the first of them."""
        return self.lines[0].seq or 0

    @property
    def is_begun(self) -> bool:
        """Return whether they made the record: nobody wrote it before."""
        return all(number > self.first for number, _ in self.others)

    @property
    def was_live(self) -> bool:
        """Return whether the record was there before them."""
        if self.is_begun:
            return False
        for line in self.lines:
            if line.change_id in self.decided:
                return self.decided[line.change_id]
            if line.op in _WHOLE:
                return line.op is Op.DELETE
        return True


def written(past: Past) -> WrittenRecord:
    """Return a record that changes wrote, with what stood before them."""
    record, was_live = past.record, past.was_live
    deleted_by = ""
    if record.deleted:
        last = record.writers[WHOLE_RECORD][-1]
        if was_live and not _is_meant(past, last):
            deleted_by = past.authors.get(last.change_id, "somebody")
    before: dict[str, Any] = {}
    since: dict[str, list[str]] = defaultdict(list)
    for group in _groups(past):
        writers = _standing(record, group)
        strangers = [one for one in writers if _is_stranger(past, group, one)]
        number = _wrote(past, group, writers[-1]) if writers else 0
        if strangers:
            who = past.authors.get(strangers[-1].change_id, "somebody")
            since[who] += _own_members(past, group)
        elif number in past.own and not past.is_begun:
            before |= _before(past, group, number)
    return WrittenRecord(
        record.type,
        record.id,
        past.called,
        record.fields,
        not record.deleted,
        was_live,
        deleted_by,
        before,
        since,
    )


def _groups(past: Past) -> list[str]:
    """Return the groups that are looked at: all of a record that the changes made."""
    if not past.was_live and not past.record.deleted:
        return [group for group in past.record.writers if group != WHOLE_RECORD]
    known = TYPES[past.record.type].groups
    groups = [
        known[name]
        for line in past.lines
        for name in line.fields
        if name in known and (line.change_id, known[name]) not in past.contested
    ]
    return list(dict.fromkeys(groups))


def _standing(record: Record, group: str) -> list[Writer]:
    return [w for w in record.writers.get(group, ()) if w.hlc != SUPERSEDED]


def _is_meant(past: Past, writer: Writer) -> bool:
    return (writer.log_id, writer.n) in past.places


def _is_stranger(past: Past, group: str, writer: Writer) -> bool:
    """Return whether somebody else has written a group since the changes that are meant.

    In a record that these made, also bringing it back is building on it.
    """
    if past.is_begun:
        return not _is_meant(past, writer) and writer.seq > past.first
    number = _wrote(past, group, writer)
    return number not in past.own and number > past.first


def _wrote(past: Past, group: str, writer: Writer) -> int:
    """Return the number of the change that wrote what stands in a group.

    Who brings a record back is a writer of all of it and writes nothing: what stands is
    what the last one before wrote.
    """
    wrote = _writes(past, group).get(writer.seq)
    # A change that is not among them wrote what it is the writer of.
    return writer.seq if wrote or wrote is None else _earlier(past, group, writer.seq)


def _own_members(past: Past, group: str) -> list[str]:
    return list(members(past.record.type, group)) or [group]


def _before(past: Past, group: str, number: int) -> dict[str, Any]:
    """Return the values of a group before the changes that are meant.

    The history is followed back from the change that stands, by its number, to the first
    value of somebody else. Where it ends, the group was empty, or the change wrote again
    what stood there.
    """
    own, stood = past.places, _values_at(past, group, number)
    while True:
        steps = [
            old
            for old in past.history
            if old.group == group and old.written_seq < old.replaced_seq == number
        ]
        others = [old for old in steps if (old.log_id, old.n) not in own]
        if others:
            return others[0].values
        if steps:
            earlier, stood = steps[0].written_seq, steps[0].values
        else:
            earlier = _earlier(past, group, number)
        if not earlier:
            return dict.fromkeys(members(past.record.type, group))
        if earlier not in past.own:
            return stood
        number = earlier


def _earlier(past: Past, group: str, number: int) -> int:
    """Return the number of the last change before one that wrote a group; 0 for none."""
    wrote = _writes(past, group)
    return max((n for n, said in wrote.items() if said and n < number), default=0)


def _writes(past: Past, group: str) -> dict[int, set[str]]:
    """Return what of a group each change of a record has written, by their numbers."""
    names = {*_own_members(past, group)}
    own = {line.seq or 0: names & line.fields.keys() for line in past.lines}
    return own | {number: names & {*fields} for number, fields in past.others}


def _values_at(past: Past, group: str, seq: int) -> dict[str, Any]:
    """Return what a change wrote in a group: what stood there already."""
    line = next(line for line in past.lines if line.seq == seq)
    known = TYPES[past.record.type].fields
    fields = {name: value for name, value in line.fields.items() if name in known}
    return by_group(past.record.type, fields).get(group, {})
