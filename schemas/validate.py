"""From a patch or a record to its problems: the same judgement on both sides."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from marshmallow import ValidationError

from schemas import rules
from schemas.problems import KINDS, Problem
from schemas.records import loader

# marshmallow's own words for the faults it finds before our fields are asked.
_MARSHMALLOW: Final = {
    "Missing data for required field.": "required",
    "Field may not be null.": "null",
    "Unknown field.": "unknown_field",
    "Invalid input type.": "not_an_object",
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
    """Give a problem for each required field that a record lacks."""
    return [
        Problem("required", name)
        for name, field in loader(record_type).fields.items()
        if field.required and record.get(name) is None
    ]


def errors(problems: list[Problem]) -> list[Problem]:
    """Give the problems that refuse; warnings never do."""
    return [problem for problem in problems if not problem.is_warning]


def warnings(problems: list[Problem]) -> list[Problem]:
    """Give the problems that only warn."""
    return [problem for problem in problems if problem.is_warning]


def problems_of(error: ValidationError, data: object = None) -> list[Problem]:
    """Flatten marshmallow's nested messages to problems with their paths."""
    values = data if isinstance(data, Mapping) else {}
    return [
        replace(problem, value=values.get(path)) if _bare(problem) else problem
        for path, problem in _flatten(error.messages, "")
    ]


def _load(
    record_type: str, data: Mapping[str, Any], *, partial: bool
) -> tuple[dict[str, Any], list[Problem]]:
    try:
        return loader(record_type).load(data, partial=partial), []
    except ValidationError as error:
        clean = error.valid_data if isinstance(error.valid_data, dict) else {}
        return clean, problems_of(error, data)


def _flatten(messages: object, path: str) -> Iterator[tuple[str, Problem]]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            name = "" if key == "_schema" else str(key)
            yield from _flatten(inner, f"{path}.{name}".strip("."))
    elif isinstance(messages, list):
        for inner in messages:
            yield from _flatten(inner, path)
    elif isinstance(messages, Problem):
        yield path, replace(messages, path=path)
    else:
        text = str(messages)
        code = text if text in KINDS else _MARSHMALLOW.get(text, "not_an_object")
        yield path, Problem(code, path)


def _bare(problem: Problem) -> bool:
    return problem.value is None and problem.code == "unknown_field"
