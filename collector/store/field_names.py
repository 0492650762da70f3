"""Fields as they are kept: their values in a list, behind the number of their names.

The names take more room than the values, and are the same in record after record: each
list of them is kept once, by its number.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

#: Lists of names that are remembered.
_LISTS: Final = 1_000
#: Writes compact JSON.
to_json: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def quick_json(data: object) -> str:
    """Write compact JSON as quickly as that goes: for what a server sends."""
    import orjson  # noqa: PLC0415 - 10 ms that commands without a server spare

    try:
        return orjson.dumps(data).decode()
    except TypeError:
        return to_json(data)  # a whole number of more than 64 bits


def names_of(fields: Iterable[str]) -> str:
    """Return the names of fields, in their order, as one text.

    Examples
    --------
    >>> names_of({"code": "HF", "area_ha": 2.5})
    '["code","area_ha"]'
    """
    return _written(tuple(fields))


def said_by(
    fields: Mapping[str, Any],
    numbers: Mapping[str, int],
    write: Callable[[Any], str] = to_json,
) -> str:
    """Return what fields say, as it is kept.

    Examples
    --------
    >>> said_by({"code": "HF", "area_ha": 2.5}, {'["code","area_ha"]': 7})
    '[7,"HF",2.5]'
    """
    return write([numbers[names_of(fields)], *fields.values()])


def fields_of(names: str, said: str) -> dict[str, Any]:
    """Return the fields of what is kept, by the text of their names.

    Examples
    --------
    >>> fields_of('["code","area_ha"]', '[7,"HF",2.5]')
    {'code': 'HF', 'area_ha': 2.5}
    """
    _, *values = json.loads(said)
    return dict(zip(_read(names), values, strict=True))


def fields_text(names: str | None, said: str | None) -> str | None:
    """Return the fields of what is kept as one JSON object; None where nothing is kept."""
    if names is None or said is None:
        return None
    return to_json(fields_of(names, said))


@lru_cache(maxsize=_LISTS)
def _written(names: tuple[str, ...]) -> str:
    return to_json(names)


@lru_cache(maxsize=_LISTS)
def _read(names: str) -> tuple[str, ...]:
    return tuple(json.loads(names))
