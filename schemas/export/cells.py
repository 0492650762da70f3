"""Values of records as cells of a table, and back again: nothing is lost on the way. Pure."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from schemas.attachments import Attachments
from schemas.explained import Explanations
from schemas.fields import Flag, Geometry, Integer, Number, PlainField
from schemas.lists import Depths, NameSet, StratumAreas
from schemas.questions.field import Questions


def plain(value: object) -> Any:  # noqa: ANN401 - what SQLite takes
    """Return a value that SQLite takes: lists of words separated by blanks, others as JSON.

    >>> plain(["C1", "C2"]), plain(["plot 1"]), plain([]), plain(True)
    ('C1 C2', '["plot 1"]', '[]', 1)
    """
    if isinstance(value, list) and value and all(map(_is_word, value)):
        words = " ".join(value)
        return words if not words.startswith("[") else _json(value)
    if isinstance(value, list | dict):
        return _json(value)
    return int(value) if isinstance(value, bool) else value


def value_of(field: PlainField, cell: object) -> Any:  # noqa: ANN401 - a JSON value
    """Return the value of a field that `plain` made a cell of; an empty one is None.

    A number may be text, as in a CSV file; there `as_meant` comes first, which undoes what
    keeps a text from being run.

    >>> value_of(NameSet(), "C1 C2"), value_of(NameSet(), '["plot 1"]')
    (['C1', 'C2'], ['plot 1'])
    >>> value_of(Number(0, 9), "1.5"), value_of(Flag(), "1"), value_of(Number(0, 9), "")
    (1.5, True, None)
    """
    if cell is None or cell == "":
        return None
    read = next((how for kind, how in _READ.items() if isinstance(field, kind)), str)
    return read(str(cell))


def _words(text: str) -> Any:  # noqa: ANN401 - a list, by JSON
    return json.loads(text) if text.startswith("[") else text.split(" ")


#: How the text of a cell is read, by its field; of the others it is the value.
_READ: Final[Mapping[type[PlainField], Callable[[str], Any]]] = {
    Number: float,
    Integer: int,
    Flag: lambda text: bool(int(text)),
    Explanations: _words,
    NameSet: _words,
    Attachments: json.loads,
    Geometry: json.loads,
    StratumAreas: json.loads,
    Depths: json.loads,
    Questions: json.loads,
}


def _is_word(item: object) -> bool:
    return isinstance(item, str) and item != "" and " " not in item


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
