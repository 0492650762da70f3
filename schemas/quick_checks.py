"""Looks at values that tell at once what is as it should be.

A value that passes a look is what the field's own check gives for it; all else goes to
that check, which alone refuses (tests/unit/schemas/test_quick.py holds both against each
other).
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from schemas.fields import Choice, Code, Id, Integer, Number, PlainField, Text
from schemas.ids import ID

_NOTHING: Final[Mapping[str, object]] = MappingProxyType({})


class Look(NamedTuple):
    """How a value is looked at before its own check is asked.

    `passes` and `gives` are Python expressions of `{value}` and of what `uses` names, for
    schemas/quick.py to write into one function per kind of data. `own` gives the clean
    value, or raises.
    """

    own: Callable[[Any], Any]
    passes: str = "False"
    gives: str = "{value}"
    uses: Mapping[str, object] = _NOTHING


def look_of(field: PlainField) -> Look:
    """Return a look that passes and gives only what the field's own check gives."""
    make = _MAKERS.get(type(field))
    return make(field) if make else Look(field.check)


def _number(field: Number) -> Look:
    # A bound itself may be open; next to it there is no doubt. -0.0 becomes 0.0.
    return Look(
        field.check,
        "type({value}) is float and {low} < {value} < {high}",
        "{value} + 0.0",
        {"low": field.low, "high": field.high},
    )


def _integer(field: Integer) -> Look:
    return Look(
        field.check,
        "type({value}) is int and {low} <= {value} <= {high}",
        uses={"low": field.low, "high": field.high},
    )


def _text(field: Text) -> Look:
    return Look(
        field.check,
        f"{_PLAIN} and not {{value}}.isspace()",
        uses={"most": field.most},
    )


def _code(field: Code) -> Look:
    return Look(
        field.check,
        f'{_PLAIN} and {{value}}[0] != " " and {{value}}[-1] != " "',
        uses={"most": field.most},
    )


_PLAIN: Final = (
    "type({value}) is str and 0 < len({value}) <= {most}"
    " and {value}.isascii() and {value}.isprintable()"
)


def _choice(field: Choice) -> Look:
    return Look(
        field.check,
        "type({value}) is str and {value} in {codes}",
        uses={"codes": frozenset(field.codes.codes)},
    )


def _id(field: Id) -> Look:
    return Look(
        field.check,
        "type({value}) is str and {is_whole}({value})",
        uses={"is_whole": ID.fullmatch},
    )


_MAKERS: Final[dict[type, Callable[[Any], Look]]] = {
    Number: _number,
    Integer: _integer,
    Text: _text,
    Code: _code,
    Choice: _choice,
    Id: _id,
}
