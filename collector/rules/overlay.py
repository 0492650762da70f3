"""The laptop's view of one record: the server's row and, over it, its own changes.

A change lies over the base while it is pending, held or quarantined, and while its
merged row has not come back yet. A change in conflict lies beneath: the server's
value stands until a person decides.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from schemas.ops import Op

if TYPE_CHECKING:
    from schemas.changes import Draft, Fields, Place


class ChangeStatus(StrEnum):
    """What became of a change."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    MERGED = "merged"
    CONFLICT = "conflict"
    QUARANTINED = "quarantined"
    HELD = "held"
    REPLACED = "replaced"


class RecordState(StrEnum):
    """What a person is told about a record."""

    SAVED = "saved here"
    ACCEPTED = "accepted"
    MERGED = "merged"
    CONFLICT = "conflict"
    HELD = "waits"
    TO_FIX = "to fix"
    DECIDED = "decided here, not yet synced"


class BaseRow(NamedTuple):
    """A record as the server had it at `seq` of its timeline `epoch`.

    `before` are the fields that a waiting change of this laptop was laid over, where a
    newer row has come since.
    """

    project_id: str
    id: str
    type: str
    seq: int
    epoch: str
    fields: Mapping[str, Any]
    conflicts: Sequence[Mapping[str, Any]] = ()
    deleted: bool = False
    before: Mapping[str, Any] | None = None

    @property
    def seen(self) -> "Place":
        """Return what a change names as the row its author was looking at."""
        return (self.epoch, self.seq)

    def is_behind(self, epoch: str, seq: int) -> bool:
        """Return whether the row lacks what happened at that place."""
        return self.epoch != epoch or self.seq < seq


class LoggedChange(NamedTuple):
    """One change of this laptop, with what became of it.

    `place` counts the changes of this laptop in the order they were kept, `group` holds
    those that stand or fall together, `settles` the conflicts that it decides.
    """

    place: int
    id: str
    project_id: str
    type: str
    record_id: str
    op: Op
    fields: Mapping[str, Any]
    status: ChangeStatus
    verdict: Mapping[str, Any] = MappingProxyType({})
    group: str | None = None
    resolves: Sequence[str] = ()
    base: "Place | None" = None
    bases: Mapping[str, "Place | None"] = MappingProxyType({})
    reason: str | None = None

    def base_of(self, group: str) -> "Place | None":
        """Return the row in which its author saw a field group."""
        return self.bases.get(group, self.base)

    @property
    def reasons(self) -> list[dict[str, Any]]:
        """Return the server's field-level reasons."""
        return list(self.verdict.get("why", ()))


class RecordView(NamedTuple):
    """One record as this laptop shows it."""

    project_id: str
    id: str
    type: str
    fields: Mapping[str, Any]
    deleted: bool
    state: RecordState


def with_draft(
    changes: Sequence[LoggedChange], draft: "Draft", place: int, change_id: str
) -> list[LoggedChange]:
    """Return the changes of a record after a draft was kept."""
    before = [
        change._replace(status=ChangeStatus.REPLACED)
        if change.id == draft.replaces
        else change
        for change in changes
    ]
    return [
        *before,
        LoggedChange(
            place,
            change_id,
            draft.project_id,
            draft.type,
            draft.record_id,
            draft.op,
            draft.fields,
            ChangeStatus.PENDING,
            group=draft.group,
            resolves=draft.resolves,
            base=draft.base,
            bases=draft.bases,
            reason=draft.reason,
        ),
    ]


def lies_over(change: LoggedChange, base: BaseRow | None) -> bool:
    """Return whether a change is still to be laid over the base row."""
    match change.status:
        case ChangeStatus.PENDING | ChangeStatus.QUARANTINED | ChangeStatus.HELD:
            return True
        case ChangeStatus.MERGED | ChangeStatus.ACCEPTED if _is_awaited(change):
            epoch, seq = change.verdict.get("epoch", ""), change.verdict.get("q") or 0
            if base is None:
                return change.verdict.get("late") is not None
            return base.epoch == epoch and base.seq < seq
        case _:
            return False


def _is_awaited(change: LoggedChange) -> bool:
    """Return whether the server sends the row: it made it, or made it later."""
    return change.status is ChangeStatus.MERGED or "late" in change.verdict


def view(base: BaseRow | None, changes: Sequence[LoggedChange]) -> RecordView | None:
    """Return the record made of its base row and this laptop's changes, in order.

    None when nothing of the record is left here.
    """
    if not changes:
        return None if base is None else _as_it_came(base)
    over = [change for change in changes if lies_over(change, base)]
    if base is None and not over:
        return None
    fields: Mapping[str, Any] = base.fields if base else {}
    deleted = base.deleted if base else False
    for change in over:
        fields, deleted = applied(change, fields, deleted=deleted)
    if base is not None:
        whose = (base.project_id, base.id, base.type)
    else:
        whose = (over[0].project_id, over[0].record_id, over[0].type)
    return RecordView(*whose, fields, deleted, _state(base, changes))


def _as_it_came(base: BaseRow) -> RecordView:
    state = RecordState.CONFLICT if base.conflicts else RecordState.ACCEPTED
    return RecordView(
        base.project_id, base.id, base.type, base.fields, base.deleted, state
    )


def waits_alone(shown: RecordView, changes: Sequence[LoggedChange]) -> int | None:
    """Return the place of the one change that waits; None where more is to be known.

    All that came before it was accepted as it stands, and nothing is in conflict: when it
    is accepted as well, the server has what is shown.
    """
    if not changes or shown.state is not RecordState.SAVED:
        return None
    *before, last = changes
    is_alone = last.status is ChangeStatus.PENDING and all(
        change.status is ChangeStatus.ACCEPTED and "late" not in change.verdict
        for change in before
    )
    return last.place if is_alone else None


def undecided(
    base: BaseRow, changes: Sequence[LoggedChange]
) -> list[Mapping[str, Any]]:
    """Return the open conflicts that no change waiting to be sent decides."""
    settled = {
        name
        for change in changes
        if change.status is ChangeStatus.PENDING
        for name in change.resolves
    }
    return [conflict for conflict in base.conflicts if conflict["id"] not in settled]


def applied(
    change: LoggedChange, fields: Mapping[str, Any], *, deleted: bool
) -> tuple[Mapping[str, Any], bool]:
    """Return the fields of a record, and whether it is deleted, after a change."""
    match change.op:
        case Op.PUT | Op.RESOLVE:
            return patched(fields, change.fields), deleted
        case Op.DELETE:
            return fields, True
        case Op.UNDELETE:
            return patched(fields, change.fields), False


def _state(base: BaseRow | None, changes: Sequence[LoggedChange]) -> RecordState:
    found = {change.status for change in changes}
    if ChangeStatus.QUARANTINED in found:
        return RecordState.TO_FIX
    if ChangeStatus.HELD in found:
        return RecordState.HELD
    if base is not None and base.conflicts:
        return RecordState.CONFLICT if undecided(base, changes) else RecordState.DECIDED
    if ChangeStatus.PENDING in found:
        return RecordState.SAVED
    settled = [c.status for c in changes if c.status is not ChangeStatus.REPLACED]
    return (
        RecordState.MERGED
        if settled[-1:] == [ChangeStatus.MERGED]
        else RecordState.ACCEPTED
    )


def difference(before: "Fields", after: "Fields") -> dict[str, Any]:
    """Return the patch that leads from one set of fields to another; null clears."""
    patch = {name: value for name, value in after.items() if before.get(name) != value}
    patch.update(dict.fromkeys(set(before) - set(after)))
    return patch


def patched(fields: "Fields", patch: "Fields") -> dict[str, Any]:
    """Return the fields after a patch; null clears.

    Examples
    --------
    >>> patched({"a": 1, "b": 2}, {"b": None, "c": 3})
    {'a': 1, 'c': 3}
    """
    merged = {**fields, **patch}
    return {name: value for name, value in merged.items() if value is not None}
