"""One change meets one record: group by group, remembering what came of it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from schemas.fields import FieldClass
from schemas.messages import Outcome
from schemas.records import TYPES, RecordType
from schemas.sets import joined
from server.sync.desk import Desk
from server.sync.model import (
    Change,
    Conflict,
    Fields,
    Origin,
    Record,
    Replaced,
    Writer,
)

#: The stamp of a writer whose value does not stand, or no more. It is kept for those who
#: have not seen it, and stands against nobody.
NEVER_STOOD: Final = 0


class Meeting:
    """A patch and the record it is for."""

    def __init__(
        self, desk: Desk, change: Change, present: Record, origin: Origin
    ) -> None:
        self.change = change
        self.present = present
        self.fields = dict(present.fields)
        self.me = writer_of(change, origin, 0)
        self.conflicts: list[Conflict] = []
        self._desk = desk
        self._writers = dict(present.writers)
        self._replaced: list[tuple[str, Fields, Writer]] = []
        self._touched: set[str] = set()
        self._merged = False

    def meet_all(self, patch: Fields) -> None:
        """Let each group of the patch meet the group as it stands."""
        for group, ours in _by_group(TYPES[self.change.type], patch).items():
            self._meet(group, ours)

    def _meet(self, group: str, ours: Fields) -> None:
        self._touched.add(group)
        theirs = {name: self.present.fields.get(name) for name in ours}
        writers = self.present.writers.get(group, ())
        not_seen = unseen(self._desk, self.change, writers)
        if theirs == ours:
            self._writers[group] = (*writers, self.me) if not_seen else (self.me,)
        elif not not_seen:
            self._set(group, ours, theirs)
        else:
            self._meet_unseen(group, ours, theirs, not_seen)

    def _meet_unseen(
        self, group: str, ours: Fields, theirs: Fields, not_seen: list[Writer]
    ) -> None:
        match _class_of(self.change.type, ours):
            case FieldClass.MEASUREMENT:
                self.conflicts.append(self._conflict(group, ours, theirs))
            case FieldClass.SET:
                self._merged = True
                both = {k: joined(theirs[k], v) for k, v in ours.items()}
                self._set(group, both, theirs, not_seen)
            case FieldClass.DESCRIPTIVE:
                self._merged = True
                if (self.me.hlc, self.me.change) > max(
                    (w.hlc, w.change) for w in not_seen
                ):
                    self._set(group, ours, theirs, not_seen)
                else:
                    self._replaced.append((group, ours, self.me))
                    # Others have not seen it as yet.
                    lost = self.me._replace(hlc=NEVER_STOOD)
                    self._writers[group] = (lost, *not_seen)

    def _set(
        self,
        group: str,
        values: Fields,
        old: Fields,
        not_seen: Sequence[Writer] = (),
    ) -> None:
        for writer in self.present.writers.get(group, ()):
            if writer.hlc != NEVER_STOOD:
                self._replaced.append((group, old, writer))
        self.fields.update(values)
        # What this author has not seen stays unseen for the next change, too.
        past = (w._replace(hlc=NEVER_STOOD) for w in not_seen)
        self._writers[group] = (*past, self.me)

    def _conflict(self, group: str, ours: Fields, theirs: Fields) -> Conflict:
        return Conflict(
            id=f"{self.change.id}:{group}",
            stream=self.change.stream,
            record=self.change.record,
            type=self.change.type,
            group=group,
            base_seq=base_seq(self._desk, self.change),
            theirs=theirs,
            ours=ours,
            change=self.change,
        )

    def outcome(self) -> Outcome:
        """Tell what came of the change as a whole."""
        if self.conflicts:
            return Outcome.CONFLICT
        unseen_elsewhere = any(
            unseen(self._desk, self.change, writers)
            for group, writers in self.present.writers.items()
            if group not in self._touched
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


def base_seq(desk: Desk, change: Change) -> int:
    """Give the number of the row the author looked at, on the present timeline."""
    if change.base is None:
        return 0
    return desk.timeline.common(change.stream, *change.base)


def unseen(desk: Desk, change: Change, writers: Iterable[Writer]) -> list[Writer]:
    """Give the writers whose values the author of a change did not know."""
    seen = base_seq(desk, change)
    return [
        w
        for w in writers
        if w.seq > seen and not desk.lineage.includes(change.log, change.n, w.log, w.n)
    ]


def writer_of(change: Change, origin: Origin, seq: int) -> Writer:
    """Give the writer that a change makes; no stamp counts as later than now."""
    hlc = max(min(change.hlc, origin.received_hlc), NEVER_STOOD + 1)
    return Writer(seq, change.log, change.n, hlc, change.id)


def _by_group(kind: RecordType, fields: Fields) -> dict[str, Fields]:
    groups: dict[str, Fields] = {}
    for name, value in fields.items():
        groups.setdefault(kind.groups[name], {})[name] = value
    return groups


def _class_of(record_type: str, group: Mapping[str, object]) -> FieldClass:
    return TYPES[record_type].fields[next(iter(group))].field_class
