"""The wire messages of sync protocol 1: one schema per NDJSON line.

A request is hello, changes, end. A response is hello, verdicts, scope, rows,
end. A response without its end was cut, and the laptop keeps its old cursors.
Keys are short because they travel over 64 kbit/s links; docs/sync.md spells
them out.
"""

import json
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from schemas import limits
from schemas.ids import is_id
from schemas.problems import Problem
from schemas.version import PROTOCOL

#: The content type of both bodies.
NDJSON: Final = "application/x-ndjson"


class Op(StrEnum):
    """What a change does to its record."""

    PUT = "put"
    DELETE = "del"
    UNDELETE = "undel"
    RESOLVE = "resolve"


class Outcome(StrEnum):
    """The server's verdict on one change."""

    ACCEPTED = "accepted"
    MERGED = "merged"
    CONFLICT = "conflict"
    QUARANTINED = "quarantined"
    HELD = "held"


def _id(text: object) -> None:
    if not is_id(text):
        raise ValidationError("not_an_id")


def _hash(text: object) -> None:
    if (
        not isinstance(text, str)
        or len(text) != 64
        or set(text) - set("0123456789abcdef")
    ):
        raise ValidationError("not_a_hash")


def _clean(text: str) -> None:
    if any(not (32 <= ord(c) < 0xD800 or ord(c) >= 0xE000) for c in text):
        raise ValidationError("bad_characters")


def _text(least: int, most: int, **kwargs: Any) -> fields.String:  # noqa: ANN401
    return fields.String(validate=[validate.Length(least, most), _clean], **kwargs)


def _uuid(**kwargs: Any) -> fields.String:  # noqa: ANN401
    return fields.String(validate=_id, **kwargs)


def _count(**kwargs: Any) -> fields.Integer:  # noqa: ANN401
    return fields.Integer(strict=True, validate=validate.Range(0, 2**63 - 1), **kwargs)


def _cursor_pair(value: object) -> None:
    match value:
        case [str(), int(seq)] if not isinstance(seq, bool) and 0 <= seq < 2**63:
            return
    raise ValidationError("a cursor is [epoch, seq]")


class _Line(Schema):
    class Meta:
        # A newer peer may say more; what is not known is not understood, not wrong.
        unknown = EXCLUDE


class LogState(_Line):
    """Which log speaks, and where it came from."""

    id = _uuid(required=True)
    parent = fields.List(fields.Raw(), allow_none=True, load_default=None)


class Position(_Line):
    """A place in a log: how many changes, and the hash after them."""

    n = _count(required=True)
    hash = fields.String(required=True, validate=_hash)


class RequestHello(_Line):
    """First line of a request: who speaks and what it has."""

    k = fields.String(required=True, validate=validate.Equal("hello"))
    protocol = _count(required=True)
    schema = _count(required=True)
    app = _text(0, 100, load_default="")
    log = fields.Nested(LogState, required=True)
    head = _count(required=True)
    acked = fields.Nested(Position, required=True)
    wall = _text(0, 40, load_default="")
    want = _count(load_default=limits.PAGE_ROWS)
    cursors = fields.Dict(
        keys=_uuid(),
        values=fields.Raw(validate=_cursor_pair),
        load_default=dict,
        validate=validate.Length(max=limits.STREAMS),
    )


class Change(_Line):
    """One change of a log: id, stamp, stream, type, record, operation, fields.

    Keys: n place in the log, i change id, h stamp, s stream, t record type,
    r record, o operation, b base [epoch, seq] or null, v schema version, g group,
    f fields, u person, x quarantined change that this one replaces.
    """

    k = fields.String(required=True, validate=validate.Equal("c"))
    n = _count(required=True)
    i = _uuid(required=True)
    h = _count(required=True)
    s = _uuid(required=True)
    t = _text(1, 40, required=True)
    r = _uuid(required=True)
    o = _text(1, 20, required=True)
    b = fields.Raw(load_default=None, allow_none=True)
    v = _count(required=True)
    g = _uuid(load_default=None, allow_none=True)
    f = fields.Dict(keys=fields.String(), load_default=dict)
    u = _text(1, 200, load_default=None, allow_none=True)
    x = _uuid(load_default=None, allow_none=True)


class RequestEnd(_Line):
    """Last line of a request: where its changes lead; the signature, if any."""

    k = fields.String(required=True, validate=validate.Equal("end"))
    n = _count(required=True)
    hash = fields.String(required=True, validate=_hash)
    sig = fields.String(load_default=None, allow_none=True)


class ResponseHello(_Line):
    """First line of a response: the server's timeline and what it has."""

    k = fields.String(required=True, validate=validate.Equal("hello"))
    protocol = _count(required=True)
    epoch = _uuid(required=True)
    now = fields.String(required=True)
    have = fields.Nested(Position, required=True)
    need_from = _count(load_default=None, allow_none=True)
    limits = fields.Dict(keys=fields.String(), load_default=dict)


class Verdict(_Line):
    """The verdict on one change: i change, r verdict, q seq, why, cf conflicts."""

    k = fields.String(required=True, validate=validate.Equal("v"))
    i = _uuid(required=True)
    r = fields.String(required=True, validate=validate.OneOf([*Outcome]))
    q = _count(load_default=None, allow_none=True)
    d = fields.Boolean(load_default=False)
    why = fields.List(fields.Dict(keys=fields.String()), load_default=list)
    cf = fields.List(fields.String(), load_default=list)


class Scope(_Line):
    """The streams this laptop may see."""

    k = fields.String(required=True, validate=validate.Equal("scope"))
    streams = fields.List(_uuid(), required=True)


class Row(_Line):
    """One record as the server has it: s stream, q seq, t type, r record, f fields.

    w holds the writer seq of each field group, x the open conflicts.
    """

    k = fields.String(required=True, validate=validate.Equal("row"))
    s = _uuid(required=True)
    q = _count(required=True)
    t = fields.String(required=True)
    r = _uuid(required=True)
    f = fields.Dict(keys=fields.String(), required=True)
    w = fields.Dict(keys=fields.String(), load_default=dict)
    x = fields.List(fields.Dict(keys=fields.String()), load_default=list)


class Gone(_Line):
    """A record that is no longer there, and why."""

    k = fields.String(required=True, validate=validate.Equal("gone"))
    s = _uuid(required=True)
    q = _count(required=True)
    t = fields.String(required=True)
    r = _uuid(required=True)
    why = fields.String(
        required=True, validate=validate.OneOf(["deleted", "moved", "purged"])
    )
    x = fields.List(fields.Dict(keys=fields.String()), load_default=list)


class Reset(_Line):
    """The rows of this stream are sent anew: forget the base, keep the overlay."""

    k = fields.String(required=True, validate=validate.Equal("reset"))
    s = _uuid(required=True)


class ResponseEnd(_Line):
    """Last line of a response: the new cursors, and whether there is more."""

    k = fields.String(required=True, validate=validate.Equal("end"))
    cursors = fields.Dict(
        keys=_uuid(), values=fields.Raw(validate=_cursor_pair), required=True
    )
    more = fields.Boolean(required=True)
    digest = fields.Dict(keys=fields.String(), load_default=dict)
    need_blobs = fields.List(fields.String(), load_default=list)
    receipt = fields.Dict(keys=fields.String(), load_default=None, allow_none=True)


class EnrolRequest(_Line):
    """Body of POST /v1/enrol."""

    code = _text(1, 100, required=True)
    name = _text(1, limits.CODE_CHARS, required=True)
    log = _uuid(required=True)
    public_key = fields.String(load_default=None, allow_none=True)


class EnrolResponse(_Line):
    """Answer to an enrolment: the token is shown this once."""

    device = _uuid(required=True)
    token = fields.String(required=True)
    server = fields.String(required=True)
    epoch = _uuid(required=True)
    streams = fields.List(_uuid(), required=True)


_REQUEST: Final = MappingProxyType(
    {"hello": RequestHello(), "c": Change(), "end": RequestEnd()}
)
_RESPONSE: Final = MappingProxyType(
    {
        "hello": ResponseHello(),
        "v": Verdict(),
        "scope": Scope(),
        "row": Row(),
        "gone": Gone(),
        "reset": Reset(),
        "end": ResponseEnd(),
    }
)
_BODIES: Final = MappingProxyType(
    {"enrol": EnrolRequest(), "enrolled": EnrolResponse()}
)


class MessageError(ValueError):
    """A line or body that is not a message; carries the problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def encode(message: Mapping[str, Any]) -> bytes:
    """Write one message as one compact line, without its newline."""
    text = json.dumps(
        message, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )
    return text.encode()


def decode_request(line: bytes) -> dict[str, Any]:
    """Read one line of a request; its key k tells which one.

    Raises
    ------
    MessageError
        If the line is not JSON or not a request message.
    """
    return _decode(line, _REQUEST)


def decode_response(line: bytes) -> dict[str, Any]:
    """Read one line of a response; its key k tells which one.

    Raises
    ------
    MessageError
        If the line is not JSON or not a response message.
    """
    return _decode(line, _RESPONSE)


def decode_body(name: str, body: bytes) -> dict[str, Any]:
    """Read one JSON body: `enrol` or `enrolled`.

    Raises
    ------
    MessageError
        If the body is not JSON or not that message.
    """
    return _load(_BODIES[name], _parse(body))


def _decode(line: bytes, schemas: Mapping[str, Schema]) -> dict[str, Any]:
    data = _parse(line)
    kind = data.get("k")
    schema = schemas.get(kind) if isinstance(kind, str) else None
    if schema is None:
        detail = f"k is one of {', '.join(schemas)}"
        raise MessageError(Problem("bad_message", "k", kind, detail))
    return _load(schema, data)


def _parse(raw: bytes) -> dict[str, Any]:
    try:
        data = json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        # UnicodeDecodeError is a ValueError too.
        raise MessageError(Problem("bad_json", detail=str(error)[:200])) from None
    if not isinstance(data, dict):
        raise MessageError(Problem("bad_message", detail="a JSON object was expected"))
    return data


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _load(schema: Schema, data: dict[str, Any]) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = schema.load(data)
    except ValidationError as error:
        detail = json.dumps(error.messages, default=str)[:300]
        raise MessageError(Problem("bad_message", detail=detail)) from None
    return loaded


def hello(  # noqa: PLR0913 - one keyword per wire key
    *,
    log_id: str,
    head: int,
    acked_n: int,
    acked_hash: bytes,
    wall: str,
    cursors: Mapping[str, tuple[str, int]],
    app: str,
    schema: int,
    want: int = limits.PAGE_ROWS,
) -> dict[str, Any]:
    """Give the first message of a request."""
    return {
        "k": "hello",
        "protocol": PROTOCOL,
        "schema": schema,
        "app": app,
        "log": {"id": log_id, "parent": None},
        "head": head,
        "acked": {"n": acked_n, "hash": acked_hash.hex()},
        "wall": wall,
        "want": want,
        "cursors": {stream: list(cursor) for stream, cursor in cursors.items()},
    }
