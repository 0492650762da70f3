"""Why a change cannot be applied: by itself, for its scope, or for the record it would make. Pure."""

from typing import Final

from schemas import evolve, rules
from schemas.changes import Change
from schemas.messages import Op
from schemas.problems import Problem
from schemas.questions.judging import unfit_for
from schemas.records import DERIVED, TYPES, fixed_problems
from schemas.validate import errors, load_patch, load_record, missing_fields
from server.merge.model import Fields, Origin, Record, ValidatedChange
from server.merge.state import MergeState
from server.merge.statuses import FOR_A_PERSON
from server.merge.verdicts import is_of_its_laptop

_OPS: Final = frozenset(Op)
#: What was found beside the fields of a change, before it came here.
_BESIDE_FIELDS: Final = FOR_A_PERSON | {"no_such_record"}


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
        or _fixed_problems(validated, present)
        or _replacing_problems(state, change)
        or _resolving_problems(state, change)
    )


def _own_problems(validated: ValidatedChange, present: Record | None) -> list[Problem]:
    """Return what is wrong with a change by itself; of a new record, all of it."""
    problems = errors(validated.problems)
    if any(problem.code in _BESIDE_FIELDS for problem in problems):
        return problems
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
        return _no_access(state, change)
    return []


def _no_access(state: MergeState, change: Change) -> list[Problem]:
    """Return why a laptop has no access: of who may begin none, whether it is there or not."""
    begins = change.type == "project" and change.record_id == change.project_id
    if not begins or change.project_id in state.revoked:
        revoked = change.project_id in state.revoked
        code = "scope_revoked" if revoked else "scope_foreign"
        return [Problem(code, "s", change.project_id)]
    if not state.can_begin():
        return [Problem("may_not_begin", "s", change.project_id)]
    if state.is_code_in_use(change.project_id, change.fields.get("code")):
        return [Problem("code_in_use", "code", change.fields.get("code"))]
    return [Problem("scope_foreign", "s", change.project_id)]


def _may_write(state: MergeState, change: Change, origin: Origin) -> bool:
    by_admin = origin.is_admin and change.project_id in state.heads
    return change.project_id in state.project_ids or by_admin


def _scope_problems(state: MergeState, change: Change, origin: Origin) -> list[Problem]:
    if not _may_write(state, change, origin):
        return _no_access(state, change)
    if change.type == "project" and change.record_id != change.project_id:
        return [Problem("not_this_project", "r", change.record_id)]
    if (change.project_id, change.record_id) in state.purged:
        return [Problem("purged_id", "r", change.record_id)]
    return []


def _type_problems(change: Change, present: Record | None) -> list[Problem]:
    if present is None or present.type == change.type:
        return []
    return [Problem("wrong_type", "r", change.record_id, f"it is a {present.type}")]


def _fixed_problems(
    validated: ValidatedChange, present: Record | None
) -> list[Problem]:
    if present is None:
        return []
    return fixed_problems(present.type, present.fields, validated.fields)


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
    problems = problems or _answer_problems(state, change, fields)
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


def _answer_problems(
    state: MergeState, change: Change, fields: Fields
) -> list[Problem]:
    """Return why an answer is none to the question that its form asks."""
    if change.type != "answer":
        return []
    form = state.find(change.project_id, fields["form_id"])
    if form is None or form.type != "question_form":
        return []
    problem = unfit_for(form.fields, fields)
    return [problem] if problem else []


def _key_problems(state: MergeState, change: Change, fields: Fields) -> list[Problem]:
    if change.type == "project" and _takes_code(state, change, fields):
        return [Problem("code_in_use", "code", fields.get("code"))]
    holder = state.holder(change.type, change.project_id, fields)
    if holder in {"", change.record_id}:
        return []
    name = TYPES[change.type].key[-1]
    return [Problem("key_taken", name, fields.get(name), f"{change.type} {holder}")]


def _takes_code(state: MergeState, change: Change, fields: Fields) -> bool:
    """Return whether a project would come to a code that another one has."""
    present = state.find(change.project_id, change.record_id)
    before = None if present is None else present.fields.get("code")
    code = fields.get("code")
    return code != before and state.is_code_in_use(change.project_id, code)


def validate(change: Change) -> ValidatedChange:
    """Return the clean fields of a change, or why it cannot be applied."""
    problem = _envelope_problem(change)
    if problem is not None:
        return ValidatedChange(change, {}, [problem])
    fields = evolve.up_cast(change.type, change.version, change.fields)
    clean, problems = load_patch(change.type, fields)
    return ValidatedChange(change, clean, problems)


def _envelope_problem(change: Change) -> Problem | None:
    problem: Problem | None = None
    if change.unreadable:
        problem = Problem("unreadable_change", detail=change.unreadable)
    elif change.hlc < 1:
        problem = Problem("unreadable_change", "h", 0, "its stamp is 0")
    elif change.type in DERIVED:
        problem = Problem("derived_type", "t", change.type)
    elif change.type not in TYPES:
        problem = Problem("unknown_type", "t", change.type)
    elif change.op not in _OPS:
        problem = Problem("unknown_op", "o", change.op)
    elif change.version not in evolve.PUBLISHED:
        problem = Problem("unknown_schema", "v", change.version)
    return problem
