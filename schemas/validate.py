"""From a patch or a record to its problems: the same judgement on both sides."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from schemas import rules
from schemas.problems import Problem
from schemas.quick import table_of
from schemas.records import TYPES

_TABLES: Final = {name: table_of(kind.fields) for name, kind in TYPES.items()}
_REQUIRED: Final = {
    record_type: [name for name, field in kind.fields.items() if field.required]
    for record_type, kind in TYPES.items()
}


def load_patch(
    record_type: str, patch: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Problem]]:
    """Judge the fields of a patch; nothing is required, null clears.

    Returns
    -------
    tuple
        The clean fields, and one problem per bad field.
    """
    return _load(record_type, patch, partial=True)


def load_record(
    record_type: str, record: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Problem]]:
    """Judge a whole record: its fields, what is required, and across fields."""
    given = {name: value for name, value in record.items() if value is not None}
    clean, problems = _load(record_type, given, partial=False)
    return clean, problems + rules.check(record_type, clean)


def missing_fields(record_type: str, record: Mapping[str, Any]) -> list[Problem]:
    """Return a problem for each required field that a record lacks."""
    return [
        Problem("required", name)
        for name in _REQUIRED[record_type]
        if record.get(name) is None
    ]


def errors(problems: Sequence[Problem]) -> list[Problem]:
    """Return the problems that refuse; warnings never do."""
    return [problem for problem in problems if not problem.is_warning]


def warnings(problems: list[Problem]) -> list[Problem]:
    """Return the problems that only warn."""
    return [problem for problem in problems if problem.is_warning]


def _load(
    record_type: str, data: Mapping[str, Any], *, partial: bool
) -> tuple[dict[str, Any], list[Problem]]:
    clean = _TABLES[record_type].clean(data, partial=partial)
    if clean is not None:
        return clean, []
    from schemas.judging import judge_record  # noqa: PLC0415 - only for what is wrong

    return judge_record(record_type, data, partial=partial)
