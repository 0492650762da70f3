"""Conflicts: each is that of its change, and settled by one that may settle it."""

import json
from collections.abc import Iterator

from schemas.changes import Change, read_change
from schemas.groups import WHOLE_RECORD, by_group
from schemas.messages import Op, Outcome
from schemas.records import TYPES
from server.merge.model import Fields
from server.merge.preconditions import validate
from server.merge.statuses import ConflictStatus
from server.operations.audit.findings import Kept, dump, guarded
from server.store.kept_values import CountedConflicts, KeptConflict, OpenConflict
from server.store.values import Fault

_CHECK = "conflicts"


def check_conflicts(kept: Kept) -> Iterator[Fault]:
    """Check every conflict, and that records count theirs."""
    for conflict in kept.kept(KeptConflict):
        where = f"project {conflict.project_id}, conflict {conflict.id}"
        found = (Fault(_CHECK, where, what) for what in wrong_conflict(conflict))
        yield from guarded(_CHECK, where, found)
    for record in kept.kept(CountedConflicts):
        if record.said != record.found:
            where = f"project {record.project_id}, {record.type} {record.id}"
            text = f"it counts {record.said} open ones; it has {record.found}"
            yield Fault(_CHECK, where, text)
    for left in kept.kept(OpenConflict):
        if not left.is_here:
            where = f"project {left.project_id}, conflict {left.id}"
            yield Fault(_CHECK, where, "it is open and its record is not here")


def wrong_conflict(conflict: KeptConflict) -> Iterator[str]:
    """Return in words what does not fit a conflict."""
    for text in (conflict.theirs, conflict.base or "{}", conflict.chosen or "{}"):
        json.loads(text)
    yield from _settled(conflict)
    if conflict.log_id is None:
        yield "its change is not here"
        return
    change = read_change(conflict.log_id, conflict.raw, conflict.hash)
    named = json.loads(conflict.conflicts or "[]")
    if conflict.outcome != Outcome.CONFLICT or conflict.id not in named:
        yield f"its change {change.id} is {conflict.outcome} and does not name it"
    if (conflict.record_id, conflict.type) != (change.record_id, change.type):
        yield f"its change {change.id} is for another record"
    wrote = json.loads(dump(_side(change, conflict.group)))
    if not _is_side(json.loads(conflict.ours), wrote):
        yield f"it keeps {conflict.ours}; its change {change.id} wrote {dump(wrote)}"


def _settled(conflict: KeptConflict) -> Iterator[str]:
    status, settled_by = conflict.status, conflict.settled_by
    is_settled = status == ConflictStatus.SETTLED
    if status not in {*ConflictStatus} or is_settled != bool(settled_by):
        yield f"it is {status} by {settled_by or 'nobody'}"
    if settled_by and not _settles(conflict):
        yield f"change {settled_by} did not settle it"


def _side(change: Change, group: str) -> Fields:
    """Return what a change says of the group that a conflict is about."""
    if group == WHOLE_RECORD and change.op == Op.DELETE:
        return {}
    fields = validate(change).fields
    if group == WHOLE_RECORD:
        return fields
    groups = TYPES[change.type].groups
    return {name: value for name, value in fields.items() if groups[name] == group}


def _is_side(kept: Fields, wrote: Fields) -> bool:
    """Return whether a side is what a change wrote; a group named in part is completed."""
    named = {name: value for name, value in kept.items() if name in wrote}
    return named == wrote and bool(kept) == bool(wrote)


def _settles(conflict: KeptConflict) -> bool:
    """Return whether a change decided a conflict, or is its author's newer word."""
    if conflict.settling_log is None:
        return False
    change = read_change(
        conflict.settling_log, conflict.settling_raw, conflict.settling_hash
    )
    if conflict.id in change.resolves:
        return True
    writes_it = change.op in {Op.DELETE, Op.UNDELETE} or conflict.group in by_group(
        change.type, validate(change).fields
    )
    return change.record_id == conflict.record_id and writes_it
