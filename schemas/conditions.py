"""Which records are meant: FIELD=VALUE and its kin, as people type them. Pure."""

import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from schemas.fields import Instant, Number
from schemas.plausibility.records import Records
from schemas.records import TYPES
from schemas.settings import SettingError, field_named
from schemas.told import option_name, told

_PAIR: Final = re.compile(r"([A-Za-z_-]+)\s*(!=|<=|>=|=|<|>|~)\s*(.*)", re.DOTALL)
_ORDERED: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_DAY_CHARS: Final = 10

Fields = Mapping[str, Any]


class Condition(NamedTuple):
    """One condition: a field, or the type of a record that it lies on, and a value."""

    name: str
    sign: str
    text: str


class Found(NamedTuple):
    """A record that meets all conditions."""

    record_id: str
    name: str
    fields: Fields


def read_conditions(record_type: str, texts: Iterable[str]) -> list[Condition]:
    """Return conditions as they were typed.

    Raises
    ------
    SettingError
        If one is none, or names no field.

    Examples
    --------
    >>> read_conditions("sample", ["plot=HF", "depth-top-cm>=20"])
    ... # doctest: +NORMALIZE_WHITESPACE
    [Condition(name='plot', sign='=', text='HF'),
     Condition(name='depth_top_cm', sign='>=', text='20')]
    """
    return [_condition(record_type, text) for text in texts]


def found_by(
    records: Records, record_type: str, conditions: Sequence[Condition]
) -> list[Found]:
    """Return the records of a type that meet all conditions."""
    return [
        Found(record_id, records.name(record_type, record_id), fields)
        for record_id, fields in records.of_type(record_type).items()
        if all(_meets(records, record_type, fields, one) for one in conditions)
    ]


def _condition(record_type: str, text: str) -> Condition:
    pair = _PAIR.fullmatch(text.strip())
    above = _above(record_type)
    if pair is not None:
        typed, sign, value = pair.groups()
        if typed in above:
            return Condition(typed, sign, value.strip())
        name = field_named(record_type, typed)
        if name in TYPES[record_type].fields:
            return _of_field(record_type, Condition(name, sign, value.strip()))
    names = [*above, *map(option_name, TYPES[record_type].fields)]
    raise SettingError(
        f"{text} is no condition",
        f"FIELD=VALUE, or with != < <= > >= ~ (has), of: {', '.join(names)}",
    )


def _of_field(record_type: str, one: Condition) -> Condition:
    field = TYPES[record_type].fields[one.name]
    if not isinstance(field, Number) or not one.text or one.sign == "~":
        return one
    if isinstance(field.read(one.text), str):
        raise SettingError(
            f"{option_name(one.name)} is a number, {one.text} is none",
            "give a plain number, such as 12.5",
        )
    return one


def _above(record_type: str) -> list[str]:
    """Return the types of the records that one lies on, the nearest first."""
    found: list[str] = []
    for name, target in TYPES[record_type].references.items():
        if target != record_type and name != "revisits_point_id":
            found += [target, *_above(target)]
    return list(dict.fromkeys(found))


def _meets(records: Records, record_type: str, fields: Fields, one: Condition) -> bool:
    if one.name not in TYPES[record_type].fields:
        return _compare(_lies_on(records, record_type, fields, one.name), one)
    value = fields.get(one.name)
    field = TYPES[record_type].fields[one.name]
    if isinstance(field, Instant) and value is not None:
        return _compare_instant(str(value), one)
    if not one.text or one.sign == "~":
        return _compare(value, one)
    return _compare(value, one, field.read(one.text))


def _lies_on(
    records: Records, record_type: str, fields: Fields, wanted: str
) -> str | None:
    """Return what the record of a type is called that another one lies on."""
    for name, target in TYPES[record_type].references.items():
        target_id = fields.get(name)
        above = records.get(target, target_id)
        if above is None or name == "revisits_point_id":
            continue
        if target == wanted:
            return records.name(target, str(target_id))
        found = _lies_on(records, target, above, wanted)
        if found is not None:
            return found
    return None


def _compare(value: object, one: Condition, wanted: object = None) -> bool:
    """Return whether a value meets a condition; nothing meets one of order."""
    wanted = one.text if wanted is None else wanted
    match one.sign:
        case "~":
            return one.text.casefold() in told(value).casefold()
        case "=" | "!=":
            return _is_same(value, wanted) == (one.sign == "=")
        case _ if isinstance(value, str) != isinstance(wanted, str) or value is None:
            return False
        case _:
            return _ORDERED[one.sign](value, wanted)


def _is_same(value: object, wanted: object) -> bool:
    if wanted == "":
        return value is None
    if isinstance(value, list):
        return wanted == value or (
            isinstance(wanted, list) and all(each in value for each in wanted)
        )
    return value == wanted


def _compare_instant(value: str, one: Condition) -> bool:
    """Compare a time with one, or its day with a day."""
    try:
        wanted = datetime.fromisoformat(one.text)
    except ValueError:
        return _compare(value, one)
    if len(one.text) <= _DAY_CHARS or wanted.tzinfo is None:
        return _compare(value[: len(one.text)], one)
    moment = datetime.fromisoformat(value)
    if one.sign in _ORDERED:
        return _ORDERED[one.sign](moment, wanted)
    return (moment == wanted) == (one.sign != "!=")
