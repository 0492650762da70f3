"""The functions of expressions, as XPath 1.0 and ODK XForms have them. Pure.

A value is a text, a number or a truth. Days and times are numbers: days since 1970-01-01,
as ODK counts them.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

from schemas import limits
from schemas.questions.grammar import ExpressionError

Value = str | float | bool
_NUMBER: Final = re.compile(r"\s*-?(\d+\.?\d*|\.\d+)\s*")
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - a day of the wall clock


class Function(NamedTuple):
    """How many arguments a function takes, what it gives, and what it does.

    `is_of_texts` says that its arguments are read as texts, which days and times are not.
    """

    least: int
    most: int
    gives: str
    call: Callable[..., Value]
    is_of_texts: bool = False


def as_number(value: Value) -> float:
    """Return a value as a number; what is none is NaN."""
    if isinstance(value, str):
        return float(value) if _NUMBER.fullmatch(value) else math.nan
    return float(value)


def as_text(value: Value) -> str:
    """Return a value as XPath writes it.

    >>> as_text(3.0), as_text(0.5), as_text(True), as_text(float("nan"))
    ('3', '0.5', 'true', 'NaN')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return str(int(value)) if value.is_integer() else repr(value)


def as_truth(value: Value) -> bool:
    """Return whether a value holds: a text that is not empty, a number that is not 0."""
    if isinstance(value, float):
        return value != 0 and not math.isnan(value)
    return bool(value)


def days_of(text: str) -> float:
    """Return a day, a time of day, or both, as days; what is none is NaN.

    >>> days_of("1970-01-02"), days_of("06:00:00"), days_of("1970-01-02T12:00:00+02:00")
    (1.0, 0.25, 1.5)
    """
    try:
        if "T" not in text and ":" in text:
            text = f"1970-01-01T{text}"
        found = datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return math.nan
    return (found - _EPOCH).total_seconds() / 86_400


def day_number(moment: datetime) -> float:
    """Return the day of a moment by its own clock."""
    return float((moment.date() - date(1970, 1, 1)).days)


def moment_number(moment: datetime) -> float:
    """Return a moment by its own clock, in days."""
    return (moment.replace(tzinfo=None) - _EPOCH).total_seconds() / 86_400


@lru_cache(maxsize=500)
class _Pattern:
    """A regular expression; one that once took too long is not tried again."""

    def __init__(self, text: str) -> None:
        import regex  # noqa: PLC0415 - few forms have patterns

        try:
            self._compiled = regex.compile(text)
        except regex.error as error:
            raise ExpressionError(f"no pattern: {text}: {error}") from None
        self._text = text
        self._is_endless = False

    def fits(self, value: str) -> bool:
        try:
            if not self._is_endless:
                timeout_s = limits.PATTERN_TIMEOUT_S
                return bool(self._compiled.fullmatch(value, timeout=timeout_s))
        except TimeoutError:
            self._is_endless = True
        raise ExpressionError(f"the pattern takes too long: {self._text}")


def check_pattern(text: str) -> None:
    """Refuse a text that is no regular expression.

    Raises
    ------
    ExpressionError
        If it is none.
    """
    _Pattern(text)


def _words(value: Value) -> list[str]:
    return as_text(value).split()


def _selected_at(value: Value, place: Value) -> str:
    words, at = _words(value), as_number(place)
    return words[int(at)] if 0 <= at < len(words) else ""


def _substr(value: Value, start: Value, end: Value = math.inf) -> str:
    """Return what is from one place to before another, counted from 0, as ODK does."""
    text = as_text(value)
    first, last = (_place(one, len(text)) for one in (start, end))
    return text[first:last]


def _place(value: Value, length: int) -> int:
    at = as_number(value)
    if math.isnan(at):
        return 0
    at = at + length if at < 0 else at
    return int(min(max(at, 0), length))


def _substring(value: Value, start: Value, length: Value = math.inf) -> str:
    """Return what is from one place on, counted from 1, as XPath does."""
    first, count = _rounded(as_number(start)), _rounded(as_number(length))
    return "".join(
        sign
        for place, sign in enumerate(as_text(value), start=1)
        if first <= place < first + count
    )


def _rounded(value: float) -> float:
    return math.floor(value + 0.5) if math.isfinite(value) else value


def _round(value: Value, places: Value = 0.0) -> float:
    number, factor = as_number(value), 10.0 ** _place_count(places)
    return _rounded(number * factor) / factor


def _place_count(places: Value) -> int:
    count = as_number(places)
    return int(min(max(count, -15), 15)) if math.isfinite(count) else 0


def _whole(value: Value) -> float:
    number = as_number(value)
    return float(math.trunc(number)) if math.isfinite(number) else math.nan


def _power(base: Value, exponent: Value) -> float:
    try:
        return math.pow(as_number(base), as_number(exponent))
    except (OverflowError, ValueError):
        return math.nan


def _translate(value: Value, old: Value, new: Value) -> str:
    signs = as_text(new)
    table: dict[int, str | None] = {}
    for place, sign in enumerate(as_text(old)):
        table.setdefault(ord(sign), signs[place] if place < len(signs) else None)
    return as_text(value).translate(table)


def _date(value: Value) -> float:
    if isinstance(value, str):
        return math.floor(days) if math.isfinite(days := days_of(value)) else math.nan
    return as_number(value)


def _date_time(value: Value) -> float:
    return days_of(value) if isinstance(value, str) else as_number(value)


def _floor(value: Value) -> float:
    number = as_number(value)
    return float(math.floor(number)) if math.isfinite(number) else number


def _coalesce(first: Value, second: Value) -> Value:
    is_empty = first == "" or (isinstance(first, float) and math.isnan(first))
    return second if is_empty else first


def _is_true(value: Value) -> bool:
    return as_text(value) in {"1", "true"}


def _extreme(choose: Callable[[Sequence[float]], float]) -> Callable[..., float]:
    return lambda *values: choose([as_number(one) for one in values])


_ANY: Final = 50
_TEXTS: Final = True
#: Every function by its name.
FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType(
    {
        "true": Function(0, 0, "truth", lambda: True),
        "false": Function(0, 0, "truth", lambda: False),
        "not": Function(1, 1, "truth", lambda one: not as_truth(one)),
        "boolean": Function(1, 1, "truth", as_truth),
        "boolean-from-string": Function(1, 1, "truth", _is_true),
        "if": Function(
            3, 3, "any", lambda is_so, yes, no: yes if as_truth(is_so) else no
        ),
        "coalesce": Function(2, 2, "any", _coalesce),
        "number": Function(1, 1, "number", as_number),
        "int": Function(1, 1, "number", _whole),
        "round": Function(1, 2, "number", _round),
        "floor": Function(1, 1, "number", _floor),
        "ceiling": Function(1, 1, "number", lambda one: -_floor(-as_number(one))),
        "abs": Function(1, 1, "number", lambda one: abs(as_number(one))),
        "pow": Function(2, 2, "number", _power),
        "min": Function(1, _ANY, "number", _extreme(min)),
        "max": Function(1, _ANY, "number", _extreme(max)),
        "string": Function(1, 1, "text", as_text, _TEXTS),
        "concat": Function(
            1, _ANY, "text", lambda *all_: "".join(map(as_text, all_)), _TEXTS
        ),
        "contains": Function(
            2, 2, "truth", lambda a, b: as_text(b) in as_text(a), _TEXTS
        ),
        "starts-with": Function(
            2, 2, "truth", lambda a, b: as_text(a).startswith(as_text(b)), _TEXTS
        ),
        "ends-with": Function(
            2, 2, "truth", lambda a, b: as_text(a).endswith(as_text(b)), _TEXTS
        ),
        "substr": Function(2, 3, "text", _substr, _TEXTS),
        "substring": Function(2, 3, "text", _substring, _TEXTS),
        "substring-before": Function(2, 2, "text", lambda a, b: _cut(a, b)[0], _TEXTS),
        "substring-after": Function(2, 2, "text", lambda a, b: _cut(a, b)[1], _TEXTS),
        "string-length": Function(
            1, 1, "number", lambda one: float(len(as_text(one))), _TEXTS
        ),
        "normalize-space": Function(
            1, 1, "text", lambda one: " ".join(_words(one)), _TEXTS
        ),
        "translate": Function(3, 3, "text", _translate, _TEXTS),
        "regex": Function(
            2,
            2,
            "truth",
            lambda one, how: _Pattern(as_text(how)).fits(as_text(one)),
            _TEXTS,
        ),
        "selected": Function(
            2, 2, "truth", lambda a, b: as_text(b) in _words(a), _TEXTS
        ),
        "count-selected": Function(
            1, 1, "number", lambda one: float(len(_words(one))), _TEXTS
        ),
        "selected-at": Function(2, 2, "text", _selected_at, _TEXTS),
        "date": Function(1, 1, "time", _date),
        "date-time": Function(1, 1, "time", _date_time),
        "decimal-date-time": Function(1, 1, "number", _date_time),
    }
)


def _cut(value: Value, sign: Value) -> tuple[str, str]:
    before, found, after = as_text(value).partition(as_text(sign))
    return (before, after) if found else ("", "")


def known(name: str) -> Function | None:
    """Return a function by its name; those of the present time have no arguments."""
    if name in NOW:
        return Function(0, 0, "time", lambda: math.nan)
    return FUNCTIONS.get(name)


#: What follows from when an answer is given.
NOW: Final[Mapping[str, Callable[[datetime], float]]] = MappingProxyType(
    {"today": day_number, "now": moment_number}
)
