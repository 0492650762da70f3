"""Judge a change on its own: type, operation, version, fields. No other record is asked."""

from schemas import evolve
from schemas.messages import Op
from schemas.problems import Problem
from schemas.records import DERIVED, TYPES
from schemas.validate import load_patch
from server.merge.model import Change, ValidatedChange


def validate(change: Change) -> ValidatedChange:
    """Return the clean fields of a change, or why it cannot be applied."""
    problem = _envelope_problem(change)
    if problem is not None:
        return ValidatedChange(change, {}, [problem])
    fields = evolve.up_cast(change.type, change.version, change.fields)
    clean, problems = load_patch(change.type, fields)
    return ValidatedChange(change, clean, problems)


def _envelope_problem(change: Change) -> Problem | None:
    faults = (
        (change.unreadable, Problem("unreadable_change", detail=change.unreadable)),
        (change.hlc < 1, Problem("unreadable_change", "h", 0, "its stamp is 0")),
        (change.type in DERIVED, Problem("derived_type", "t", change.type)),
        (change.type not in TYPES, Problem("unknown_type", "t", change.type)),
        (change.op not in {*Op}, Problem("unknown_op", "o", change.op)),
        (
            change.version not in evolve.PUBLISHED,
            Problem("unknown_schema", "v", change.version),
        ),
    )
    return next((problem for is_fault, problem in faults if is_fault), None)
