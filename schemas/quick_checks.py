"""Checks of fields that tell at a look what is as it should be.

A value that passes is what the field's own check gives for it; all else goes to that
check, which alone refuses (tests/unit/schemas/test_quick.py holds both against each other).
"""

from collections.abc import Callable
from typing import Any, Final

from schemas.fields import Choice, Code, Id, Integer, Number, PlainField, Text
from schemas.ids import ID

#: Gives the clean value, or raises a `FieldError`.
Check = Callable[[Any], Any]


def quick_check(field: PlainField) -> Check:
    """Return a check that gives and refuses what the field's own one does."""
    make = _MAKERS.get(type(field))
    return make(field) if make else field.check


def _number(field: Number) -> Check:
    own = field.check
    # A bound itself may be open; next to it there is no doubt.
    low, high = field.low, field.high

    def check(value: Any) -> Any:  # noqa: ANN401 - to be judged
        if type(value) is float and low < value < high:
            return value + 0.0
        return own(value)

    return check


def _integer(field: Integer) -> Check:
    own, low, high = field.check, field.low, field.high

    def check(value: Any) -> Any:  # noqa: ANN401 - to be judged
        return value if type(value) is int and low <= value <= high else own(value)

    return check


def _text(field: Text) -> Check:
    own, most = field.check, field.most

    def check(value: Any) -> Any:  # noqa: ANN401 - to be judged
        is_plain = type(value) is str and value.isascii() and value.isprintable()
        return (
            value
            if is_plain and len(value) <= most and value and not value.isspace()
            else own(value)
        )

    return check


def _code(field: Code) -> Check:
    own, most = field.check, field.most

    def check(value: Any) -> Any:  # noqa: ANN401 - to be judged
        is_plain = type(value) is str and value.isascii() and value.isprintable()
        return (
            value
            if is_plain and 0 < len(value) <= most and " " not in (value[0], value[-1])
            else own(value)
        )

    return check


def _choice(field: Choice) -> Check:
    own, codes = field.check, frozenset(field.codes.codes)

    def check(value: Any) -> Any:  # noqa: ANN401 - to be judged
        return value if type(value) is str and value in codes else own(value)

    return check


def _id(field: Id) -> Check:
    own, is_whole = field.check, ID.fullmatch

    def check(value: Any) -> Any:  # noqa: ANN401 - to be judged
        return value if type(value) is str and is_whole(value) else own(value)

    return check


_MAKERS: Final[dict[type, Callable[[Any], Check]]] = {
    Number: _number,
    Integer: _integer,
    Text: _text,
    Code: _code,
    Choice: _choice,
    Id: _id,
}
