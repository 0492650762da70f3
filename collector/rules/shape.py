"""Whether rows of a server have the shape that everything here relies on. Pure.

Ranges and lists may be wider on a newer server, and it may have fields that are unknown
here; but a number is a number. One row that is not so would fail each command that shows
it, long after.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import NoneType
from typing import Any, Final, NamedTuple

from schemas import fields as f
from schemas import limits
from schemas.attachments import Attachments
from schemas.explained import Explanations
from schemas.lists import Depths, NameSet, StratumAreas
from schemas.questions.field import PARTS, Questions
from schemas.records import DERIVED, TYPES

Message = Mapping[str, Any]


def wrong_in(message: Message) -> str:
    """Return what of a row is not as it must be, in words; empty where nothing is.

    Examples
    --------
    >>> wrong_in(
    ...     {"k": "row", "t": "plot", "f": {"code": "HF", "area_ha": "2"}, "x": []}
    ... )
    'area_ha of a plot is no number'
    >>> wrong_in({"k": "row", "t": "plot", "f": {"code": "HF", "new": 1}, "x": []})
    ''
    """
    kind, values = message["t"], message.get("f", {})
    checks = _DERIVED_CHECKS if kind in DERIVED else _CHECKS.get(kind, {})
    for name, value in values.items():
        check = checks.get(name)
        if check is None or value is None:
            continue
        if type(value) not in check.types and not check.holds(value):
            return f"{name} of a {kind} is no {check.words}"
    if not all(map(_is_conflict, message["x"])):
        return f"a conflict of a {kind} is none"
    return ""


def is_usual(kind: str, fields: Mapping[str, Any]) -> bool:
    """Return whether the types of fields, none of them long, say that nothing is wrong.

    Examples
    --------
    >>> is_usual("plot", {"code": "HF", "area_ha": 2.5})
    True
    >>> is_usual("plot", {"area_ha": "2"}), is_usual("plot", {"geometry": {}})
    (False, False)
    """
    return _says_all(kind, tuple(fields), tuple(map(type, fields.values())))


@lru_cache(maxsize=1_000)
def _says_all(kind: str, names: Sequence[str], types: Sequence[type]) -> bool:
    checks = _CHECKS.get(kind, {})
    return kind not in DERIVED and all(
        one in (checks[name].short if name in checks else _PLAIN) or one is NoneType
        for name, one in zip(names, types, strict=True)
    )


#: The types of what a field that is unknown here may hold without being looked at.
_PLAIN: Final = frozenset({str, int, float, bool})


class _Check(NamedTuple):
    """What a value has to be, its name in words, and types that are so by themselves.

    `short` are those of values that are not long.
    """

    holds: Callable[[Any], bool]
    words: str
    types: frozenset[type] = frozenset()
    short: frozenset[type] = frozenset()


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= limits.LINE_BYTES


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_files(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, dict)
        and _is_whole(one.get("size"))
        and all(_is_text(one.get(name)) for name in ("sha256", "mime", "name"))
        for one in value
    )


def _is_numbers(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_number, value))


def _is_areas(value: object) -> bool:
    return isinstance(value, dict) and all(map(_is_number, value.values()))


def _is_geometry(value: object) -> bool:
    return isinstance(value, dict) and _is_text(value.get("type"))


def _is_questions(value: object) -> bool:
    """Return whether these are questions as far as all that shows them relies on it.

    A newer server may say more of a question, and know more types of them.
    """
    return isinstance(value, list) and all(
        isinstance(one, dict)
        and all(_is_text(one.get(name)) for name in ("name", "type"))
        and all(_is_part(*part) for part in one.items())
        for one in value
    )


def _is_part(name: str, value: object) -> bool:
    if name == "choices":
        return isinstance(value, list) and all(
            isinstance(one, dict)
            and _is_text(one.get("name"))
            and all(_is_part(*part) for part in one.items())
            for one in value
        )
    if name in {"labels", "hints", "messages", "values"}:
        return isinstance(value, dict) and all(map(_is_text, value.values()))
    return name not in PARTS or _is_text(value)


def _is_conflict(value: Message) -> bool:
    sides = (value.get("theirs"), value.get("ours"))
    texts = (value.get("id"), value.get("group"), value.get("change"))
    said = (value.get(name) for name in ("device", "person", "at"))
    return (
        all(map(_is_object, sides))
        and all(map(_is_text, texts))
        and (value.get("base") is None or _is_object(value["base"]))
        and all(each is None or _is_text(each) for each in said)
        and _is_texts(value.get("stands", []))
    )


def _text(words: str) -> _Check:
    return _Check(_is_text, words, short=frozenset({str}))


def _plain(holds: Callable[[Any], bool], words: str, *types: type) -> _Check:
    return _Check(holds, words, frozenset(types), frozenset(types))


#: What a value of each kind of field is.
_BY_FIELD: Final[Mapping[type, _Check]] = {
    f.Text: _text("text"),
    f.Code: _text("text"),
    f.Choice: _text("text"),
    f.Country: _text("text"),
    f.Day: _text("date"),
    f.Instant: _text("time"),
    f.Id: _text("id"),
    f.Number: _plain(_is_number, "number", int, float),
    f.Integer: _plain(_is_whole, "whole number", int),
    f.Flag: _plain(_is_flag, "true or false", bool),
    f.Geometry: _Check(_is_geometry, "geometry"),
    NameSet: _Check(_is_texts, "list of texts"),
    Explanations: _Check(_is_texts, "list of texts"),
    StratumAreas: _Check(_is_areas, "list of areas"),
    Depths: _Check(_is_numbers, "list of depths"),
    Attachments: _Check(_is_files, "list of files"),
    Questions: _Check(_is_questions, "list of questions"),
}
_CHECKS: Final[Mapping[str, Mapping[str, _Check]]] = {
    kind.name: {name: _BY_FIELD[type(field)] for name, field in kind.fields.items()}
    for kind in TYPES.values()
}


#: Intervals that are shown: two ends, either of them perhaps without bound.
_INTERVALS: Final = frozenset(
    {
        "change_ci95_t_ha",
        "annual_ci95_t_ha",
        "rate_ci95_permille_year",
        "slope_ci95_t_ha_year",
    }
)


def _is_figure(value: object) -> bool:
    """Return whether a figure has lists where lists are shown; older ones are JSON text."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return False
    return isinstance(value, dict) and all(
        isinstance(one, list) and (name == "reasons" or len(one) == 2)
        for name, one in value.items()
        if one is not None and (name == "reasons" or name in _INTERVALS)
    )


def _is_figures(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_figure, value))


_DERIVED_CHECKS: Final[Mapping[str, _Check]] = {
    "points": _Check(_is_figures, "list of figures"),
    "change": _Check(_is_figure, "figure"),
    "trend": _Check(_is_figure, "figure"),
}
