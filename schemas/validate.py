"""From a patch or a record to its problems: the same judgement on both sides."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from marshmallow import ValidationError

from schemas import rules
from schemas.problems import Problem, short_text
from schemas.quick import QuickLoader
from schemas.records import TYPES, loader

# marshmallow's own words for the faults it finds before our fields are asked.
_MARSHMALLOW: Final = {
    "Missing data for required field.": "required",
    "Field may not be null.": "null",
    "Unknown field.": "unknown_field",
    "Invalid input type.": "not_an_object",
}

_LOADERS: Final = {name: QuickLoader(loader(name)) for name in TYPES}


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
        for name, field in loader(record_type).fields.items()
        if field.required and record.get(name) is None
    ]


def errors(problems: list[Problem]) -> list[Problem]:
    """Return the problems that refuse; warnings never do."""
    return [problem for problem in problems if not problem.is_warning]


def warnings(problems: list[Problem]) -> list[Problem]:
    """Return the problems that only warn."""
    return [problem for problem in problems if problem.is_warning]


def problems_of(error: ValidationError, data: object = None) -> list[Problem]:
    """Turn marshmallow's messages into problems with their paths.

    The order is that of the fields; unknown fields follow by name, since
    marshmallow meets them in no order.
    """
    values = _by_path(data)
    known, unknown = [], []
    for name, messages in error.messages_dict.items():
        for message in messages:
            problem = _problem(message, _path(name))
            if problem.code == "unknown_field":
                unknown.append(replace(problem, value=values.get(problem.path)))
            else:
                known.append(problem)
    return known + sorted(unknown, key=lambda problem: problem.path)


def _load(
    record_type: str, data: Mapping[str, Any], *, partial: bool
) -> tuple[dict[str, Any], list[Problem]]:
    try:
        return _LOADERS[record_type].load(data, partial=partial), []
    except ValidationError as error:
        clean = error.valid_data if isinstance(error.valid_data, dict) else {}
        return clean, problems_of(error, data)


def _problem(message: object, path: str) -> Problem:
    if isinstance(message, Problem):
        return replace(message, path=path)
    code = _MARSHMALLOW[str(message)]
    return Problem(code, "" if code == "not_an_object" else path)


def _path(name: object) -> str:
    """Make the name of a field safe to repeat; a stranger may have chosen it."""
    return short_text(str(name))


def _by_path(data: object) -> dict[str, object]:
    if not isinstance(data, Mapping):
        return {}
    return {_path(name): value for name, value in data.items()}
