"""The wire messages of the sync protocol, read and written: one NDJSON line each.

A request is hello, changes, end. A response is hello, verdicts, scope, rows,
end. A response without its end was cut, and the laptop keeps its old cursors.
The shape of each is in schemas/message_shapes.py.
"""

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from schemas import limits, strict_json
from schemas.ops import Op, Outcome
from schemas.problems import Problem

if TYPE_CHECKING:
    from schemas.judging import QuickLoader

__all__ = [
    "NDJSON",
    "MessageError",
    "Op",
    "Outcome",
    "decode_body",
    "decode_request",
    "decode_response",
    "encode",
    "parse_object",
]

#: The content type of both bodies.
NDJSON: Final = "application/x-ndjson"


class MessageError(ValueError):
    """A line or body that is not a message; carries the problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def encode(message: Mapping[str, Any]) -> bytes:
    """Write one message as one compact line, without its newline."""
    return strict_json.write(message)


def decode_request(line: bytes) -> dict[str, Any]:
    """Read one line of a request; its key k tells which one.

    Raises
    ------
    MessageError
        If the line is not JSON or not a request message.
    """
    return _decode(line, _shapes("request"))


def decode_response(line: bytes) -> dict[str, Any]:
    """Read one line of a response; its key k tells which one.

    Raises
    ------
    MessageError
        If the line is not JSON or not a response message.
    """
    return _decode(line, _shapes("response"), limits.ANSWER_VALUES)


def decode_body(name: str, body: bytes) -> dict[str, Any]:
    """Read one JSON body: `enrol`, `enrolled`, `labels` or `labelled`.

    Raises
    ------
    MessageError
        If the body is not JSON or not that message.
    """
    return _load(_shapes("body")[name], _object(body, strict_json.read))


@cache
def _shapes(of: str) -> "Mapping[str, QuickLoader]":
    # Who only writes messages needs no marshmallow.
    from schemas.message_shapes import SHAPES  # noqa: PLC0415

    return SHAPES[of]


def _decode(
    line: bytes,
    loaders: "Mapping[str, QuickLoader]",
    most_values: int = limits.LINE_VALUES,
) -> dict[str, Any]:
    data = _object(line, strict_json.read, most_values)
    kind = data.get("k")
    loader = loaders.get(kind) if isinstance(kind, str) else None
    if loader is None:
        detail = f"k is one of {', '.join(loaders)}"
        raise MessageError(Problem("bad_message", "k", kind, detail))
    return _load(loader, data)


def parse_object(raw: bytes) -> dict[str, Any]:
    """Read bytes as one JSON object, whatever its keys and however loosely written.

    For the name of a line that cannot be understood and is kept all the same.

    Raises
    ------
    MessageError
        If they are not JSON, or JSON but not an object.
    """
    return _object(raw, strict_json.read_loosely)


def _object(
    raw: bytes, read: Callable[..., object], *most_values: int
) -> dict[str, Any]:
    try:
        data = read(raw, *most_values)
    except ValueError as error:
        raise MessageError(Problem("bad_json", detail=str(error)[:200])) from None
    if not isinstance(data, dict):
        raise MessageError(Problem("bad_message", detail="a JSON object was expected"))
    return data


def _load(loader: "QuickLoader", data: dict[str, Any]) -> dict[str, Any]:
    clean = loader.table.clean(data)
    return _judged(loader, data) if clean is None else clean


def _judged(loader: "QuickLoader", data: dict[str, Any]) -> dict[str, Any]:
    from marshmallow import ValidationError  # noqa: PLC0415 - as above

    try:
        return loader.load(data)
    except ValidationError as error:
        detail = json.dumps(error.messages, default=str)[:300]
        raise MessageError(Problem("bad_message", detail=detail)) from None
