"""Conflicts and quarantine: each is that of its change."""

import json
from collections.abc import Iterator
from typing import Any, Final

from schemas.changes import Change, read_change
from schemas.groups import WHOLE_RECORD, by_group
from schemas.messages import Op, Outcome
from schemas.records import TYPES
from server.merge.model import Fields
from server.merge.preconditions import validate
from server.merge.statuses import ConflictStatus, CustodyStatus
from server.store.checks.faults import guarded
from server.store.driver import Connection
from server.store.rows import dump
from server.store.values import Fault

_CONFLICTS: Final = """
    SELECT c.project_id, c.id, c.record_id, c.type, c.group_name, c.theirs, c.ours,
        c.status, c.settled_by, c.base, c.chosen,
        (SELECT min(rowid) FROM change l
         WHERE l.project_id = c.project_id AND l.change_id = c.change_id),
        (SELECT min(rowid) FROM change l
         WHERE l.project_id = c.project_id AND l.change_id = c.settled_by)
    FROM conflict c ORDER BY c.rowid
"""
_LINE: Final = (
    "SELECT log_id, raw, hash, outcome, conflicts FROM change WHERE rowid = ?"
)
_QUARANTINE: Final = """
    SELECT q.project_id, q.change_id, q.record_id, q.type, q.fields, q.why, q.person,
        q.waits_for, q.status, c.log_id, c.raw, c.hash, c.change_id
    FROM quarantine q LEFT JOIN change c ON c.log_id = q.log_id AND c.n = q.n
    ORDER BY q.rowid
"""
_COUNTS: Final = """
    SELECT r.project_id, r.type, r.id, r.open_conflicts,
        (SELECT count(*) FROM conflict c WHERE c.project_id = r.project_id
         AND c.record_id = r.id AND c.status = 'open') AS found
    FROM record r WHERE r.open_conflicts <> found
"""
_LOST: Final = """
    SELECT c.project_id, c.id FROM conflict c
    WHERE c.status = 'open' AND NOT EXISTS (SELECT 1 FROM record r
        WHERE r.project_id = c.project_id AND r.id = c.record_id)
"""


def check_conflicts(connection: Connection) -> Iterator[Fault]:
    """Check every conflict, and that records count theirs."""
    for row in connection.execute(_CONFLICTS).fetchall():
        where = f"project {row[0]}, conflict {row[1]}"
        found = (Fault("conflicts", where, what) for what in _conflict(connection, row))
        yield from guarded("conflicts", where, found)
    for project_id, kind, name, said, found in connection.execute(_COUNTS):
        where = f"project {project_id}, {kind} {name}"
        yield Fault("conflicts", where, f"it counts {said} open ones; it has {found}")
    for project_id, name in connection.execute(_LOST):
        where = f"project {project_id}, conflict {name}"
        yield Fault("conflicts", where, "it is open and its record is not here")


def _conflict(connection: Connection, row: Any) -> Iterator[str]:  # noqa: ANN401
    _, name, record, kind, group, theirs, ours, *more = row
    _, _, base, chosen, line, _ = more
    for text in (theirs, base or "{}", chosen or "{}"):
        json.loads(text)
    yield from _settled(connection, row)
    if line is None:
        yield "its change is not here"
        return
    log, raw, digest, outcome, said = connection.execute(_LINE, (line,)).fetchone()
    change = read_change(log, bytes(raw), bytes(digest))
    if outcome != Outcome.CONFLICT or name not in json.loads(said or "[]"):
        yield f"its change {change.id} is {outcome} and does not name it"
    if (record, kind) != (change.record_id, change.type):
        yield f"its change {change.id} is for another record"
    wrote = json.loads(dump(_side(change, group)))
    if not _is_side(json.loads(ours), wrote):
        yield f"it keeps {ours}; its change {change.id} wrote {dump(wrote)}"


def _settled(connection: Connection, row: Any) -> Iterator[str]:  # noqa: ANN401
    _, name, record, _, group, _, _, status, settled_by, _, _, _, settling = row
    is_settled = status == ConflictStatus.SETTLED
    if status not in {*ConflictStatus} or is_settled != bool(settled_by):
        yield f"it is {status} by {settled_by or 'nobody'}"
    if settled_by and not _settles(connection, settling, name, record, group):
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


def _settles(
    connection: Connection, line: int | None, name: str, record: str, group: str
) -> bool:
    """Return whether a change decided a conflict, or is its author's newer word."""
    row = connection.execute(_LINE, (line,)).fetchone()
    if row is None:
        return False
    change = read_change(row[0], bytes(row[1]), bytes(row[2]))
    if name in change.resolves:
        return True
    writes_it = change.op in {Op.DELETE, Op.UNDELETE} or group in by_group(
        change.type, validate(change).fields
    )
    return change.record_id == record and writes_it


def check_quarantine(connection: Connection) -> Iterator[Fault]:
    """Check everything in custody against its line."""
    for row in connection.execute(_QUARANTINE):
        where = f"project {row[0]}, quarantined change {row[1]}"
        found = (Fault("quarantine", where, what) for what in _quarantined(row))
        yield from guarded("quarantine", where, found)


def _quarantined(row: Any) -> Iterator[str]:  # noqa: ANN401 - a row
    _, name, record, kind, fields, why, person, waits_for, status, *line = row
    log, raw, digest, found = line
    if found != name:
        yield "its line is not here"
        return
    change = read_change(log, bytes(raw), bytes(digest))
    said = (record, kind, person, json.loads(fields))
    if said != (change.record_id, change.type, change.person, change.fields):
        yield "its record, fields or person are not those of its line"
    reasons = [problem["code"] for problem in json.loads(why)]
    if status == CustodyStatus.HELD and (waits_for is None or reasons != ["waits_for"]):
        yield "it is held and waits for nothing"
    waits = reasons in (["parent_discarded"], ["too_many_held"])
    if status == CustodyStatus.OPEN and (waits_for is None) == waits:
        yield "it is quarantined and its reason is not what it waits for"
