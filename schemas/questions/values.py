"""Answers: what people type read as what is kept, and what is kept read for tables. Pure.

An answer is kept as text in one form, so that equal answers are equal texts: 12.5, red,
red blue, 2026-05-03, 10:15:00, 2026-05-03T10:15:00+02:00, 48.85 2.35, OK.
"""

import re
from collections.abc import Callable, Mapping
from datetime import time
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from schemas import limits
from schemas.fields import Day, FieldError, Instant, Integer, Number, PlainField, Text
from schemas.problems import Problem, short_text
from schemas.questions.form import SELECTS, Question, QuestionKind
from schemas.typed import read_day, read_flag, read_instant, read_number, read_whole

#: What an acknowledgement is kept as.
ACKNOWLEDGED: Final = "OK"
_TEXT: Final = Text(most=limits.NOTE_CHARS)
_WHOLE: Final = Integer(-(2**53), 2**53)
_NUMBER: Final = Number(-limits.ANSWER_MAX, limits.ANSWER_MAX)
_LAT, _LON = Number(-90, 90), Number(-180, 180)
_ALTITUDE: Final = Number(*limits.ALTITUDE_M)
_ACCURACY: Final = Number(0, limits.ACCURACY_MAX_M)
_TIME: Final = re.compile(r"([01]?[0-9]|2[0-3])[:hH]([0-5][0-9])(?::([0-5][0-9]))?")
_BETWEEN: Final = re.compile(r"[\s;,]+")
#: What is expected of each kind, in words.
EXPECTED: Final[Mapping[QuestionKind, str]] = MappingProxyType(
    {
        QuestionKind.TEXT: f"text of {limits.NOTE_CHARS} characters at most",
        QuestionKind.BARCODE: f"text of {limits.NOTE_CHARS} characters at most",
        QuestionKind.INTEGER: "a whole number, such as 3",
        QuestionKind.DECIMAL: "a number, such as 12.5",
        QuestionKind.DATE: "a day, as YYYY-MM-DD",
        QuestionKind.TIME: "a time of day, as HH:MM",
        QuestionKind.DATETIME: "a day and a time with its offset, as 2026-05-03T10:15+02:00",
        QuestionKind.GEOPOINT: "latitude and longitude in degrees, such as 48.85 2.35",
        QuestionKind.ACKNOWLEDGE: "yes, or nothing",
    }
)


def read_answer(question: Question, typed: str) -> str:
    """Return what was typed as it is kept; what cannot be read stays as it was typed.

    >>> slope = Question(name="slope", type=QuestionKind.DECIMAL)
    >>> read_answer(slope, " 12,50 "), read_answer(slope, "steep")
    ('12.5', 'steep')
    """
    text = typed.strip()
    read = _READ.get(question.type)
    if question.type in SELECTS:
        return _read_choices(question, text)
    return read(text) if read and text else text


def answer_problem(question: Question, value: object) -> Problem | None:
    """Return what is wrong with an answer as it is kept, or None."""
    if not isinstance(value, str) or _is_unfit(question, value):
        detail = f"{question.name}: {expected(question)}"
        return Problem("answer_unfit", "value", value, detail)
    return None


def expected(question: Question) -> str:
    """Return what a question takes, in words."""
    if question.type not in SELECTS:
        return EXPECTED.get(question.type, "nothing, it is not answered")
    names = short_text(", ".join(one.name for one in question.choices), 160)
    many = question.type is QuestionKind.SELECT_MULTIPLE
    return f"{'any' if many else 'one'} of {names}"


def _is_unfit(question: Question, value: str) -> bool:
    if question.type in SELECTS:
        return not value or _in_order(question, value.split(" ")) != value
    if not question.is_answered or not _fits(_TEXT, value):
        return True
    read = _READ.get(question.type)
    if read is None:
        return False
    return read(value) != value or not _CAN_BE_READ[question.type](value)


def _is_place(parts: list[str]) -> bool:
    fields = (_LAT, _LON, _ALTITUDE, _ACCURACY)
    return 2 <= len(parts) <= len(fields) and all(
        _fits(field, read_number(part))
        for field, part in zip(fields, parts, strict=False)
    )


def _fits(field: PlainField, value: object) -> bool:
    try:
        field.check(value)
    except FieldError:
        return False
    return True


def _read_choices(question: Question, text: str) -> str:
    """Return names of choices in the order of the form; their labels are taken, too.

    >>> from schemas.questions.form import AnswerChoice
    >>> colours = (AnswerChoice("red", "Dark red"), AnswerChoice("blue", "Blue"))
    >>> said = Question(name="c", type=QuestionKind.SELECT_MULTIPLE, choices=colours)
    >>> _read_choices(said, "blue, red"), _read_choices(said, "dark red; BLUE")
    ('red blue', 'red blue')
    """
    names = _names(question)
    whole = names.get(text.casefold())
    if whole is not None or question.type is QuestionKind.SELECT_ONE:
        return whole or text
    for parts in (_BETWEEN.split(text), [one.strip() for one in text.split(";")]):
        found = [names.get(one.casefold()) for one in parts if one]
        if found and None not in found:
            return _in_order(question, [one for one in found if one])
    return text


def _names(question: Question) -> dict[str, str]:
    """Return the names of choices by all that they are called, but what means two of them."""
    called: dict[str, set[str]] = {}
    for one in question.choices:
        for label in (one.label, *one.labels.values()):
            called.setdefault(label.casefold(), set()).add(one.name)
    found = {said: names.pop() for said, names in called.items() if len(names) == 1}
    return found | {one.name.casefold(): one.name for one in question.choices}


def _in_order(question: Question, names: list[str]) -> str:
    """Return chosen names in the order of the form, each once; unknown ones stay out."""
    if question.type is QuestionKind.SELECT_ONE and len(names) > 1:
        return ""
    return " ".join(one.name for one in question.choices if one.name in names)


def _read_number(text: str) -> str:
    found = read_number(text)
    if not isinstance(found, float) or abs(found) > limits.ANSWER_MAX:
        return text
    return str(int(found)) if found.is_integer() else format(Decimal(repr(found)), "f")


def _read_whole(text: str) -> str:
    found = read_whole(text)
    return str(found) if isinstance(found, int) else text


def _read_moment(text: str) -> str:
    """Return a moment; a day alone is none, since nobody said what time it was."""
    found = read_instant(text)
    return found if read_day(text) not in found else text


def _read_time(text: str) -> str:
    found = _TIME.fullmatch(text)
    if not found:
        return text
    hour, minute, second = (int(part or 0) for part in found.groups())
    return time(hour, minute, second).isoformat()


def _read_place(text: str) -> str:
    return " ".join(_read_number(part) for part in _BETWEEN.split(text) if part)


def _read_acknowledgement(text: str) -> str:
    is_yes = text == ACKNOWLEDGED or read_flag(text) is True
    return ACKNOWLEDGED if is_yes else text


#: How what was typed is read; a text is kept as it is.
_READ: Final[Mapping[QuestionKind, Callable[[str], str]]] = MappingProxyType(
    {
        QuestionKind.INTEGER: _read_whole,
        QuestionKind.DECIMAL: _read_number,
        QuestionKind.DATE: read_day,
        QuestionKind.TIME: _read_time,
        QuestionKind.DATETIME: _read_moment,
        QuestionKind.GEOPOINT: _read_place,
        QuestionKind.ACKNOWLEDGE: _read_acknowledgement,
    }
)
#: Whether a text that is as it is kept is one of its kind.
_CAN_BE_READ: Final[Mapping[QuestionKind, Callable[[str], bool]]] = MappingProxyType(
    {
        QuestionKind.INTEGER: lambda text: _fits(_WHOLE, read_whole(text)),
        QuestionKind.DECIMAL: lambda text: _fits(_NUMBER, read_number(text)),
        QuestionKind.DATE: lambda text: _fits(Day(), text),
        QuestionKind.TIME: lambda text: _TIME.fullmatch(text) is not None,
        QuestionKind.DATETIME: lambda text: _fits(Instant(), text),
        QuestionKind.GEOPOINT: lambda text: _is_place(text.split(" ")),
        QuestionKind.ACKNOWLEDGE: lambda text: text == ACKNOWLEDGED,
    }
)
