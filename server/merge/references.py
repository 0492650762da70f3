"""What a record as it would stand refers to, and whether its label is free."""

from schemas import rules
from schemas.problems import Problem
from schemas.records import TYPES
from schemas.validate import errors, missing_fields
from server.merge.model import Change, Fields
from server.merge.state import MergeState


def problems_of_record(
    state: MergeState, change: Change, fields: Fields, patch: Fields
) -> tuple[list[Problem], str | None]:
    """Judge the whole record as it would stand, and what the patch refers to.

    Returns the problems, and the first record that is referred to and not here yet.
    """
    problems = missing_fields(change.type, fields) or errors(
        rules.check(change.type, fields)
    )
    if problems:
        return problems, None
    problems, missing = _references(state, change, patch)
    return problems or _key_problems(state, change, fields), missing


def _references(
    state: MergeState, change: Change, patch: Fields
) -> tuple[list[Problem], str | None]:
    problems, missing = [], None
    for name, target in TYPES[change.type].references.items():
        if patch.get(name) is None:
            continue
        found = state.find(change.project_id, patch[name])
        if (change.project_id, patch[name]) in state.purged:
            problems.append(Problem("parent_deleted", name, patch[name]))
        elif found is None:
            missing = missing or patch[name]
        elif found.type != target:
            detail = f"a {found.type} where a {target} belongs"
            problems.append(Problem("wrong_parent", name, patch[name], detail))
        elif found.deleted:
            problems.append(Problem("parent_deleted", name, patch[name]))
    return problems, missing


def _key_problems(state: MergeState, change: Change, fields: Fields) -> list[Problem]:
    holder = state.holder(change.type, change.project_id, fields)
    if holder in {"", change.record_id}:
        return []
    name = TYPES[change.type].key[-1]
    return [Problem("key_taken", name, fields.get(name), f"{change.type} {holder}")]
