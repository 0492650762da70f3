"""The strict field of questions: what it takes is what every laptop can ask. Pure."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from schemas import limits
from schemas.fields import Code, FieldError, PlainField, Text, fail
from schemas.questions.form import SELECTS, QuestionKind, canonical_json

#: Names become columns of tables, and parts of expressions.
NAME: Final = re.compile(r"[^\W\d][\w.-]*")
_LANGUAGE: Final = Code()
_LABEL: Final = Text(most=limits.QUESTION_CHARS)
_EXPRESSION: Final = Text(most=limits.EXPRESSION_CHARS)
_ANSWER: Final = Text(most=limits.NOTE_CHARS)


class Questions(PlainField):
    """A list of questions as JSON objects; an empty list asks nothing."""

    def check(self, value: object) -> list[dict[str, Any]]:
        """Refuse what is no question, names that are used twice, and endless forms."""
        if not isinstance(value, list):
            raise fail("bad_questions", value, "a list of questions was expected")
        if len(value) > limits.QUESTIONS:
            raise fail("too_many", len(value), f"{limits.QUESTIONS} questions at most")
        found = [_question(place, one) for place, one in enumerate(value, start=1)]
        twice = first_twice(one["name"] for one in found)
        if twice:
            raise fail("bad_questions", twice, f"two questions are called {twice}")
        choices = sum(len(one.get("choices", ())) for one in found)
        if choices > limits.CHOICES:
            raise fail("too_many", choices, f"{limits.CHOICES} choices at most")
        size = len(canonical_json(found).encode())
        if size > limits.QUESTIONS_BYTES:
            detail = f"{size:,} bytes, {limits.QUESTIONS_BYTES:,} fit"
            raise fail("bad_questions", None, detail)
        return found

    def bounds(self) -> dict[str, Any]:
        """Return how many questions and choices fit, and what is said of each."""
        return {
            "items": limits.QUESTIONS,
            "choices": limits.CHOICES,
            "bytes": limits.QUESTIONS_BYTES,
            "kinds": [str(kind) for kind in QuestionKind],
            "parts": sorted((*PARTS, "choices")),
        }


def first_twice(names: Any) -> str:  # noqa: ANN401 - any iterable of texts
    """Return a name that stands twice, in capitals or not; else an empty text.

    >>> first_twice(["Slope", "stones", "slope"]), first_twice(["a", "b"])
    ('slope', '')
    """
    seen = set[str]()
    for name in names:
        if name.casefold() in seen:
            return str(name)
        seen.add(name.casefold())
    return ""


def _name(value: object) -> str:
    name = Code().check(value)
    if not NAME.fullmatch(name):
        raise fail("bad_characters", value, "letters, digits, _, - and . alone")
    return name


def _kind(value: object) -> str:
    if value not in list(QuestionKind):
        raise fail("not_in_list", value, " | ".join(QuestionKind))
    return str(value)


def _in_languages(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping) or not value:
        raise fail("not_an_object", value, "texts by their language")
    if len(value) > limits.LANGUAGES:
        raise fail("too_many", len(value), f"{limits.LANGUAGES} languages at most")
    return {_LANGUAGE.check(key): _LABEL.check(text) for key, text in value.items()}


def _values(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping) or not value:
        raise fail("not_an_object", value, "values by their column")
    if len(value) > limits.CHOICE_VALUES:
        raise fail("too_many", len(value), f"{limits.CHOICE_VALUES} at most")
    return {_name(key): _LABEL.check(text) for key, text in value.items()}


def _choice_name(value: object) -> str:
    name = Code().check(value)
    if " " in name:
        raise fail("bad_characters", value, "the name of a choice has no blanks")
    return name


#: What may be said of a question, and how each is judged.
PARTS: Final[Mapping[str, Callable[[object], object]]] = MappingProxyType(
    {
        "name": _name,
        "type": _kind,
        "label": _LABEL.check,
        "labels": _in_languages,
        "hint": _LABEL.check,
        "hints": _in_languages,
        "required": _EXPRESSION.check,
        "relevant": _EXPRESSION.check,
        "constraint": _EXPRESSION.check,
        "message": _LABEL.check,
        "messages": _in_languages,
        "default": _ANSWER.check,
        "calculation": _EXPRESSION.check,
        "filter": _EXPRESSION.check,
    }
)
_CHOICE_PARTS: Final[Mapping[str, Callable[[object], object]]] = MappingProxyType(
    {
        "name": _choice_name,
        "label": _LABEL.check,
        "labels": _in_languages,
        "values": _values,
    }
)


def _question(place: int, value: object) -> dict[str, Any]:
    where = f"question {place}"
    found = _parts(where, value, PARTS, ("name", "type"), beside=("choices",))
    assert isinstance(value, Mapping)
    where = f"{where}, {found['name']}"
    if (found["type"] in SELECTS) != ("choices" in value):
        raise fail("bad_questions", None, f"{where}: selects alone have choices")
    if "choices" in value:
        found["choices"] = _choices(where, value["choices"])
    return found


def _choices(where: str, value: object) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not value:
        raise fail("bad_questions", value, f"{where}: a list of choices was expected")
    found = [
        _parts(f"{where}, a choice", one, _CHOICE_PARTS, ("name",)) for one in value
    ]
    names = [one["name"] for one in found]
    if len(set(names)) < len(names):
        raise fail("bad_questions", None, f"{where}: two choices have one name")
    return found


def _parts(
    where: str,
    value: object,
    parts: Mapping[str, Callable[[object], object]],
    needed: tuple[str, ...],
    beside: tuple[str, ...] = (),
) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise fail("bad_questions", value, f"{where} is not a JSON object")
    missing = [name for name in needed if name not in value]
    if missing:
        raise fail("bad_questions", None, f"{where} has no {missing[0]}")
    unknown = sorted(value.keys() - parts.keys() - set(beside))
    if unknown:
        raise fail("bad_questions", unknown[0], f"{where}: this is no part of one")
    return {
        name: _part(where, name, check, value[name])
        for name, check in parts.items()
        if name in value
    }


def _part(
    where: str, name: str, check: Callable[[object], object], value: object
) -> object:
    try:
        return check(value)
    except FieldError as error:
        detail = f"{where}: {name}: {error.problem.text}"
        raise fail("bad_questions", value, detail) from None
