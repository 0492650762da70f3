"""One change meets one record: group by group, remembering what came of it. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from schemas.changes import Change
from schemas.conflicts import conflict_id
from schemas.fields import FieldClass
from schemas.groups import WHOLE_RECORD, by_group, members
from schemas.messages import Op, Outcome
from schemas.records import TYPES
from schemas.sets import joined
from server.merge.author_view import AsShown, base_seq, concurrent_writers
from server.merge.model import Conflict, Fields, HistoryEntry, Origin, Record, Writer
from server.merge.state import MergeState

#: The stamp of a writer whose value does not stand, or no more. It is kept for those who
#: have not seen it, and stands against nobody.
SUPERSEDED: Final = 0


class GroupMerge:
    """A patch of whole groups and the record it is for."""

    def __init__(
        self, state: MergeState, change: Change, present: Record, origin: Origin
    ) -> None:
        self.change = change
        self.present = present
        self.fields = dict(present.fields)
        self.me = writer_of(change, origin, 0)
        self.conflicts: list[Conflict] = []
        self.groups: set[str] = set()
        self._state = state
        self._writers = dict(present.writers)
        self._replaced: list[tuple[str, Fields, Writer, str]] = []
        self._merged = False

    def merge_all(self, patch: AsShown) -> None:
        """Merge each group of the patch with the group as it stands."""
        for group, ours in by_group(self.change.type, patch.fields).items():
            self.groups.add(group)
            self._merge_group(group, ours, is_doubtful=group in patch.doubtful)
        self._merged = self._merged or self._is_unseen_elsewhere()
        if self.change.op == Op.UNDELETE:
            self._affirm()

    def _merge_group(self, group: str, ours: Fields, *, is_doubtful: bool) -> None:
        theirs = {name: self.present.fields.get(name) for name in ours}
        writers = self.present.writers.get(group, ())
        concurrent = concurrent_writers(self._state, self.change, group, writers)
        decision = self._state.decision_on(self.change, group)
        if decision is not None:
            self._merged = True
            self._replaced.append((group, ours, self.me, decision))
        elif theirs == ours and not is_doubtful:
            self._write(group, writers if concurrent else ())
        elif not concurrent and not is_doubtful:
            self._set(group, ours, theirs)
        else:
            self._merge_concurrent(group, ours, theirs, concurrent)

    def _merge_concurrent(
        self, group: str, ours: Fields, theirs: Fields, concurrent: list[Writer]
    ) -> None:
        match _class_of(self.change.type, group):
            case FieldClass.MEASUREMENT:
                self.conflicts.append(self._conflict(group, ours, theirs))
            case FieldClass.SET:
                self._merged = True
                both = {k: joined(theirs[k], v) for k, v in ours.items()}
                self._set(group, both, theirs, concurrent)
            case FieldClass.DESCRIPTIVE:
                self._merged = True
                if (self.me.hlc, self.me.change_id) > max(
                    (w.hlc, w.change_id) for w in concurrent
                ):
                    self._set(group, ours, theirs, concurrent)
                else:
                    self._replaced.append((group, ours, self.me, self.change.id))
                    # Others have not seen it as yet.
                    lost = self.me._replace(hlc=SUPERSEDED)
                    self._writers[group] = (lost, *concurrent)

    def _set(
        self,
        group: str,
        values: Fields,
        old: Fields,
        concurrent: Sequence[Writer] = (),
    ) -> None:
        for writer in self.present.writers.get(group, ()):
            if writer.hlc != SUPERSEDED:
                self._replaced.append((group, old, writer, self.change.id))
        self.fields.update(values)
        # What this author has not seen stays unseen for the next change, too.
        past = [w._replace(hlc=SUPERSEDED) for w in concurrent]
        self._write(group, past)

    def _write(self, group: str, beside: Sequence[Writer]) -> None:
        """Count the author as who wrote a group, beside others whom they did not see."""
        self._writers[group] = (*beside, self.me)

    def _affirm(self) -> None:
        """Count who brings a record back as a writer of all of it.

        Else a deletion that has not seen the return would win over it.
        """
        for group, writers in self.present.writers.items():
            if group not in self.groups and group != WHOLE_RECORD:
                concurrent = concurrent_writers(
                    self._state, self.change, group, writers
                )
                self._write(group, writers if concurrent else ())

    def _conflict(self, group: str, ours: Fields, theirs: Fields) -> Conflict:
        return Conflict(
            id=conflict_id(self.change.id, group),
            project_id=self.change.project_id,
            record_id=self.change.record_id,
            type=self.change.type,
            group=group,
            base_seq=base_seq(self._state, self.change, group),
            theirs=theirs,
            ours=ours,
            change=self.change,
        )

    def _is_unseen_elsewhere(self) -> bool:
        return any(
            concurrent_writers(self._state, self.change, group, writers)
            for group, writers in self.present.writers.items()
            if group not in self.groups
        )

    def outcome(self) -> Outcome:
        """Return what came of the change as a whole."""
        if self.conflicts:
            return Outcome.CONFLICT
        return Outcome.MERGED if self._merged else Outcome.ACCEPTED

    def writers_at(self, seq: int) -> dict[str, tuple[Writer, ...]]:
        """Return the writers with this change at its number."""
        return {
            group: tuple(w if w.seq else w._replace(seq=seq) for w in writers)
            for group, writers in self._writers.items()
        }

    def replaced_at(self, seq: int) -> Iterator[tuple[HistoryEntry, Writer]]:
        """Yield the values that no longer stand, or never stood, and who wrote them."""
        for group, values, writer, by in self._replaced:
            old = HistoryEntry(
                project_id=self.change.project_id,
                record_id=self.change.record_id,
                group=group,
                values=values,
                written_seq=writer.seq or seq,
                replaced_seq=seq,
                written_by=writer.change_id,
                replaced_by=by,
            )
            yield old, writer


def writer_of(change: Change, origin: Origin, seq: int) -> Writer:
    """Return the writer that a change makes; no stamp counts as later than now."""
    hlc = max(min(change.hlc, origin.received_hlc), SUPERSEDED + 1)
    return Writer(seq, change.log_id, change.n, hlc, change.id)


def _class_of(record_type: str, group: str) -> FieldClass:
    name = next(iter(members(record_type, group)))
    return TYPES[record_type].fields[name].field_class
