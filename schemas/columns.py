"""Change lines by columns: many lines written as one, and read back byte for byte. Pure.

Lines of a push are alike. Written as one line `cs`, what they share is said once, the
values of one field stand together, and an id that follows from the natural key is left
out (docs/protocol.md). The log, its hashes and signatures stay over the lines themselves.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from schemas import limits, strict_json
from schemas.ids import is_id
from schemas.messages import MessageError, decode_request, encode
from schemas.problems import Problem
from schemas.records import TYPES, record_id

#: How a line of columns begins; no change line does.
START: Final = b'{"k":"cs",'
#: Written as the difference to the line before.
_COUNTED: Final = ("n", "h")


def fold(lines: Sequence[bytes]) -> bytes | None:
    """Write change lines as one line by columns.

    Nothing is returned where that would be no smaller, or would not come back the same.
    """
    try:
        folded = encode(_by_columns([_object(raw) for raw in lines]))
        is_same = unfold(folded) == list(lines)
    except (MessageError, ValueError):
        return None
    return folded if is_same and len(folded) < sum(map(len, lines)) else None


def unfold(folded: bytes) -> list[bytes]:
    """Read the change lines that a line by columns stands for.

    Raises
    ------
    MessageError
        If it is no such line, or stands for more than a request may hold.
    """
    said = decode_request(folded)
    if said["k"] != "cs":
        raise _wrong(f"expected cs, found {said['k']}")
    at, shapes = said["at"], said["of"]
    if len(at) > limits.BATCH_CHANGES:
        raise _too_large(f"more than {limits.BATCH_CHANGES} changes")
    if set(at) != set(range(len(shapes))):
        raise _wrong("at and of do not fit")
    rows = [_rows(shape, at.count(place)) for place, shape in enumerate(shapes)]
    before = dict.fromkeys(_COUNTED, 0)
    lines, size, values = [], 0, 0
    for place in at:
        raw = encode(_lengthened(next(rows[place]), before))
        size, values = size + len(raw), values + strict_json.values_at_most(raw)
        if len(raw) > limits.LINE_BYTES:
            raise _too_large(f"a line is longer than {limits.LINE_BYTES} bytes")
        if size > limits.UNPACKED_BYTES or values > limits.BODY_VALUES:
            raise _too_large("more than a request holds")
        lines.append(raw)
    return lines


def _object(raw: bytes) -> dict[str, Any]:
    line = strict_json.read(raw)
    if not isinstance(line, dict) or not all(map(_is_count, map(line.get, _COUNTED))):
        raise ValueError("no change line")
    return line


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _by_columns(lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the line by columns of these lines: those with the same names stand together."""
    rows: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    named, before = [], dict.fromkeys(_COUNTED, 0)
    for line in lines:
        fields = line.get("f")
        names = (*line, "f", *(fields if isinstance(fields, dict) else ()))
        named.append(names)
        rows.setdefault(names, []).append(_shortened(line, before))
    places = {names: place for place, names in enumerate(rows)}
    return {
        "k": "cs",
        "at": [places[names] for names in named],
        "of": [_columns(found) for found in rows.values()],
    }


def _columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        name: _columns([row[name] for row in rows])
        if name == "f" and all(isinstance(row[name], dict) for row in rows)
        else _column([row[name] for row in rows])
        for name in rows[0]
    }


def _column(values: list[Any]) -> list[Any]:
    """Return a value for each line, or the one that all have: 1 is not 1.0 and not true."""
    return values if len(set(map(repr, values))) > 1 else values[:1]


def _rows(columns: Mapping[str, Any], count: int) -> Iterator[dict[str, Any]]:
    """Return so many lines of one shape, each made when it is asked for."""
    _check(columns, count)
    return (_row(columns, place) for place in range(count))


def _check(columns: Mapping[str, Any], count: int) -> None:
    for name, column in columns.items():
        if name == "f" and isinstance(column, dict):
            _check(column, count)
        elif not isinstance(column, list) or len(column) not in {1, count}:
            raise _wrong(f"a column has one value or {count}")


def _row(columns: Mapping[str, Any], place: int) -> dict[str, Any]:
    return {
        name: _row(column, place)
        if isinstance(column, dict)
        else column[place % len(column)]
        for name, column in columns.items()
    }


def _shortened(line: dict[str, Any], before: dict[str, int]) -> dict[str, Any]:
    """Leave out what follows from the line before and from the natural key."""
    counted = {name: line[name] - before[name] for name in _COUNTED}
    before.update((name, line[name]) for name in _COUNTED)
    follows = {"r": None} if line.get("r") == _minted(line) else {}
    return {**line, **counted, **follows}


def _lengthened(line: dict[str, Any], before: dict[str, int]) -> dict[str, Any]:
    """Add to a line what follows from the line before and from the natural key."""
    for name in _COUNTED:
        difference = line.get(name)
        if type(difference) is not int or not _is_count(before[name] + difference):
            raise _wrong(f"{name} is no count")
        line[name] = before[name] = before[name] + difference
    if line.get("r", "") is None:
        line["r"] = _minted(line)
        if line["r"] is None:
            raise _wrong("an id follows from no natural key")
    return line


def _minted(line: Mapping[str, Any]) -> str | None:
    """Return the id that follows from the natural key of a line; None where none does."""
    record_type, project_id, fields = line.get("t"), line.get("s"), line.get("f")
    if not (isinstance(record_type, str) and is_id(project_id)) or not isinstance(
        fields, dict
    ):
        return None
    kind = TYPES.get(record_type)
    if kind is None or not all(map(_names, map(fields.get, (kind.parent, *kind.key)))):
        return None
    return record_id(str(project_id), record_type, fields)


def _names(part: object) -> bool:
    """Return whether a value may be a part of a name; bringing long texts to NFC is slow."""
    if isinstance(part, str):
        return len(part) <= limits.NAME_CHARS
    return part is None or type(part) is int


def _wrong(detail: str) -> MessageError:
    return MessageError(Problem("bad_message", detail=detail))


def _too_large(detail: str) -> MessageError:
    return MessageError(Problem("too_large", detail=detail))
