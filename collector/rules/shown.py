"""What a person sees of a record, and the draft of what they make of it: pure.

A change of this laptop lies over the server's row until that has its verdict, and hides
the field groups that it touches. So the base of a group is the row it was last seen in,
which is older than the newest row where a change of one's own hides that one.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from collector.rules.overlay import BaseRow, LoggedChange, RecordView, lies_over, view
from schemas.changes import Draft, Place
from schemas.groups import WHOLE_RECORD, completed
from schemas.messages import Op
from schemas.records import TYPES


class Shown(NamedTuple):
    """One record as this laptop shows it.

    `row` is the server's row beneath, `hidden` the row in which each group was seen that
    a change of this laptop lies over; None where no row was.
    """

    view: RecordView
    row: BaseRow | None
    hidden: Mapping[str, Place | None]

    def draft(
        self,
        op: Op,
        patch: Mapping[str, Any] | None = None,
        replaces: str | None = None,
        resolves: Sequence[str] = (),
        reason: str | None = None,
    ) -> Draft:
        """Draft a change of what is shown; it names whole field groups."""
        view, row = self.view, self.row.seen if self.row else None
        fields = _whole(view, patch or {})
        hidden = {
            group: seen
            for group, seen in self.hidden.items()
            if seen != row and (op in _OF_ALL or group in _groups(view.type, fields))
        }
        return Draft(
            view.project_id,
            view.type,
            view.id,
            op,
            fields,
            row,
            hidden,
            replaces=replaces,
            resolves=tuple(resolves),
            reason=reason,
        )

    def meanwhile(self) -> dict[str, Any]:
        """Return what became of hidden fields on the server since they were seen."""
        row = self.row
        if row is None or row.before is None or row.deleted:
            return {}
        return {
            name: row.fields.get(name)
            for name, group in TYPES[self.view.type].groups.items()
            if group in self.hidden and row.fields.get(name) != row.before.get(name)
        }


#: What these do, they do to every group of a record.
_OF_ALL = frozenset({Op.DELETE, Op.UNDELETE})


def shown(base: BaseRow | None, changes: Sequence[LoggedChange]) -> Shown | None:
    """Return a record made of its base row and this laptop's changes, in order.

    None when nothing of the record is left here.
    """
    found = view(base, changes)
    if found is None:
        return None
    hidden: dict[str, Place | None] = {}
    for change in changes:
        if lies_over(change, base):
            for group in _touched(change):
                hidden.setdefault(group, change.base_of(group))
    return Shown(found, base, hidden)


def _touched(change: LoggedChange) -> set[str]:
    groups = _groups(change.type, change.fields)
    return groups | {WHOLE_RECORD} if change.op in _OF_ALL else groups


def _groups(record_type: str, fields: Mapping[str, Any]) -> set[str]:
    # A field that only a newer program knows is a group by itself.
    known = TYPES[record_type].groups
    return {known.get(name, name) for name in fields}


def _whole(view: RecordView, patch: Mapping[str, Any]) -> dict[str, Any]:
    """Return a patch with whole groups; what this program does not know stays as it is."""
    fields = TYPES[view.type].fields
    known = {name: value for name, value in patch.items() if name in fields}
    return {**patch, **completed(view.type, view.fields, known)}
