"""Why a change cannot be applied whatever the record says: its own faults, its scope. Pure."""

from schemas.messages import Op
from schemas.problems import Problem
from schemas.records import TYPES
from schemas.validate import errors, load_record
from server.merge.model import Change, Origin, Record, ValidatedChange
from server.merge.state import MergeState
from server.merge.verdicts import is_of_its_laptop


def refusals_of(
    state: MergeState,
    validated: ValidatedChange,
    present: Record | None,
    origin: Origin,
) -> list[Problem]:
    """Return the first kind of problem that keeps a change from being applied."""
    change = validated.change
    return (
        _foreign_problems(state, change, origin)
        or _own_problems(validated, present)
        or _scope_problems(state, change, origin)
        or _type_problems(change, present)
        or _replacing_problems(state, change)
        or _resolving_problems(state, change)
    )


def _own_problems(validated: ValidatedChange, present: Record | None) -> list[Problem]:
    """Return what is wrong with a change by itself; of a new record, all of it."""
    problems = errors(validated.problems)
    if problems and present is None and validated.change.type in TYPES:
        whole = errors(load_record(validated.change.type, validated.change.fields)[1])
        return whole or problems
    return problems


def _foreign_problems(
    state: MergeState, change: Change, origin: Origin
) -> list[Problem]:
    """Judge nothing of a project that the author never saw: the reasons would tell of it."""
    is_strange = (
        change.project_id in state.heads and change.project_id not in state.revoked
    )
    if is_strange and not _may_write(state, change, origin):
        return [Problem("scope_foreign", "s", change.project_id)]
    return []


def _may_write(state: MergeState, change: Change, origin: Origin) -> bool:
    by_admin = origin.is_admin and change.project_id in state.heads
    return change.project_id in state.project_ids or by_admin


def _scope_problems(state: MergeState, change: Change, origin: Origin) -> list[Problem]:
    if not _may_write(state, change, origin):
        revoked = change.project_id in state.revoked
        code = "scope_revoked" if revoked else "scope_foreign"
        return [Problem(code, "s", change.project_id)]
    if change.type == "project" and change.record_id != change.project_id:
        return [Problem("not_this_project", "r", change.record_id)]
    if (change.project_id, change.record_id) in state.purged:
        return [Problem("purged_id", "r", change.record_id)]
    return []


def _type_problems(change: Change, present: Record | None) -> list[Problem]:
    if present is None or present.type == change.type:
        return []
    return [Problem("wrong_type", "r", change.record_id, f"it is a {present.type}")]


def _replacing_problems(state: MergeState, change: Change) -> list[Problem]:
    """Refuse to close what waits of another laptop: its author or an administrator may."""
    replaced = state.waiting.get(change.replaces)
    if replaced is None or is_of_its_laptop(state, change, replaced):
        return []
    return [Problem("foreign_change", "x", change.replaces)]


def _resolving_problems(state: MergeState, change: Change) -> list[Problem]:
    """Return the conflicts a change settles that are none of its record.

    Those of a timeline that was lost may come again, or their values in another order.
    """
    known = state.known_conflicts
    if change.op == Op.RESOLVE and not change.resolves:
        return [Problem("no_such_conflict", "c", detail="it names none")]
    is_of_now = change.base is None or change.base[0] == state.timeline.now
    return [
        Problem("no_such_conflict", "c", name)
        for name in change.resolves
        if (
            known[place].record_id != change.record_id
            if (place := (change.project_id, name)) in known
            else is_of_now
        )
    ]
