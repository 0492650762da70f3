"""Strict JSON: one text has one meaning, and can be written back.

Beyond RFC 8259 this asks for what RFC 7493 (I-JSON) asks for: UTF-8, no name
twice in an object, no lone surrogates, finite numbers; and bounded depth and number of
values, which are counted before anything is built: `[]` takes 2 bytes on the wire and 64
in memory.
"""

import json
import math
import re
from collections import Counter
from typing import Any, Final

from schemas import limits

_ESCAPED: Final = re.compile(rb"\\.", re.DOTALL)
#: Without escapes: a repetition of groups would take memory for each of them.
_TEXT: Final = re.compile(rb'"[^"]*"?')
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")


def read(raw: bytes, most_values: int = limits.LINE_VALUES) -> object:
    """Read bytes as one JSON value of at most so many values.

    Raises
    ------
    ValueError
        If they are not strict JSON; the message says why.

    Examples
    --------
    >>> read(b'{"n": 1}')
    {'n': 1}
    >>> read(b'{"n": 1, "n": 2}')
    Traceback (most recent call last):
    ValueError: the name 'n' stands twice
    """
    # Two cheap counts spare nearly every line the others.
    brackets = raw.count(b"[") + raw.count(b"{")
    if brackets > limits.LINE_DEPTH or brackets + raw.count(b",") >= most_values:
        _check_values(raw, most_values)
        _check_depth(raw)
    data = read_as_written(raw)
    if data is not None:
        return data
    data = _DECODER.decode(_text(raw))
    if _SURROGATE.search(raw):
        _check_surrogates(data)
    return data


def values_at_most(raw: bytes) -> int:
    """Return a bound on how many values bytes hold: what may begin one, in texts too.

    Examples
    --------
    >>> values_at_most(b'[1, "2, 3"]'), values_at_most(b"[[],[]]")
    (4, 5)
    """
    return 1 + sum(map(raw.count, (b",", b"[", b"{")))


def read_loosely(raw: bytes) -> object:
    """Read what is JSON after a fashion: for the name on a line that is kept unread.

    Raises
    ------
    ValueError
        If not even that can be read.
    """
    try:
        found: object = json.loads(raw.decode("utf-8", "replace"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return found


def write(data: object) -> bytes:
    """Write a value as compact JSON in UTF-8.

    Raises
    ------
    ValueError
        If it holds what strict JSON cannot say.
    """
    return _ENCODER.encode(data).encode()


def read_as_written(raw: bytes) -> object | None:
    """Return the value of bytes that are just as it is written; None where they are not.

    What is written back the same is strict: no name stands twice, no text holds half a
    character, no number is kept otherwise than it was said. Nearly every line is.
    """
    import orjson  # noqa: PLC0415 - 10 ms that commands without a server spare

    try:
        data: object = orjson.loads(raw)
        return data if orjson.dumps(data) == raw else None
    except (ValueError, TypeError):
        return None


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} is not UTF-8") from None


def _check_surrogates(data: object) -> None:
    try:
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        # A surrogate pair is one character; a lone one cannot be written as UTF-8.
        raise ValueError("a text holds half a character") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = Counter(name for name, _ in pairs)
        raise ValueError(f"the name {names.most_common(1)[0][0][:40]!r} stands twice")
    return found


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is larger than any number we can keep")
    return number


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _check_values(raw: bytes, most: int) -> None:
    if values_at_most(_without_texts(raw)) > most:
        raise ValueError(f"more than {most} values")


def _without_texts(raw: bytes) -> bytes:
    return _TEXT.sub(b"", _ESCAPED.sub(b"", raw))


def _check_depth(raw: bytes) -> None:
    depth = 0
    for bracket in _without_texts(raw).translate(None, _NO_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > limits.LINE_DEPTH:
            raise ValueError("nested too deeply")


# Made once: making a decoder or an encoder costs as much as a short line.
_DECODER: Final = json.JSONDecoder(
    parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_object
)
_ENCODER: Final = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), allow_nan=False
)
