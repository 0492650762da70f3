"""Why a change cannot be applied whatever the record says: its own faults, its scope. Pure."""

from schemas.messages import Op
from schemas.problems import Problem
from schemas.records import TYPES
from schemas.validate import errors, load_record
from server.sync.desk import Desk
from server.sync.model import Change, Judged, Origin, Record
from server.sync.verdicts import is_of_its_laptop


def refusals_of(
    desk: Desk, judged: Judged, present: Record | None, origin: Origin
) -> list[Problem]:
    """Return the first kind of problem that keeps a change from being applied."""
    change = judged.change
    return (
        _foreign_problems(desk, change, origin)
        or _own_problems(judged, present)
        or _scope_problems(desk, change, origin)
        or _type_problems(change, present)
        or _replacing_problems(desk, change)
        or _settling_problems(desk, change)
    )


def _own_problems(judged: Judged, present: Record | None) -> list[Problem]:
    """Return what is wrong with a change by itself; of a new record, all of it."""
    problems = errors(judged.problems)
    if problems and present is None and judged.change.type in TYPES:
        whole = errors(load_record(judged.change.type, judged.change.fields)[1])
        return whole or problems
    return problems


def _foreign_problems(desk: Desk, change: Change, origin: Origin) -> list[Problem]:
    """Judge nothing of a project that the author never saw: the reasons would tell of it."""
    is_strange = change.stream in desk.heads and change.stream not in desk.revoked
    if is_strange and not _may_write(desk, change, origin):
        return [Problem("scope_foreign", "s", change.stream)]
    return []


def _may_write(desk: Desk, change: Change, origin: Origin) -> bool:
    by_admin = origin.is_admin and change.stream in desk.heads
    return change.stream in desk.streams or by_admin


def _scope_problems(desk: Desk, change: Change, origin: Origin) -> list[Problem]:
    if not _may_write(desk, change, origin):
        revoked = change.stream in desk.revoked
        code = "scope_revoked" if revoked else "scope_foreign"
        return [Problem(code, "s", change.stream)]
    if change.type == "project" and change.record != change.stream:
        return [Problem("not_this_project", "r", change.record)]
    if (change.stream, change.record) in desk.purged:
        return [Problem("purged_id", "r", change.record)]
    return []


def _type_problems(change: Change, present: Record | None) -> list[Problem]:
    if present is None or present.type == change.type:
        return []
    return [Problem("wrong_type", "r", change.record, f"it is a {present.type}")]


def _replacing_problems(desk: Desk, change: Change) -> list[Problem]:
    """Refuse to close what waits of another laptop: its author or an administrator may."""
    replaced = desk.waiting.get(change.replaces)
    if replaced is None or is_of_its_laptop(desk, change, replaced):
        return []
    return [Problem("foreign_change", "x", change.replaces)]


def _settling_problems(desk: Desk, change: Change) -> list[Problem]:
    """Return the conflicts a change settles that are none of its record.

    Those of a timeline that was lost may come again, or their values in another order.
    """
    known = desk.known_conflicts
    if change.op == Op.RESOLVE and not change.settles:
        return [Problem("no_such_conflict", "c", detail="it names none")]
    is_of_now = change.base is None or change.base[0] == desk.timeline.now
    return [
        Problem("no_such_conflict", "c", name)
        for name in change.settles
        if (
            known[place].record != change.record
            if (place := (change.stream, name)) in known
            else is_of_now
        )
    ]
