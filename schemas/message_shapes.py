"""The shapes of wire messages: one marshmallow schema per NDJSON line.

Keys are short because they travel over 64 kbit/s links; docs/protocol.md spells
them out. What reads and writes the lines is schemas/messages.py.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from marshmallow import EXCLUDE, Schema, fields, validate

from schemas import limits
from schemas import wire_values as wire
from schemas.judging import QuickLoader
from schemas.ops import Outcome


class _MessageLine(Schema):
    class Meta:
        # A newer peer may say more; what is not known is not understood, not wrong.
        unknown = EXCLUDE


class HelloLog(_MessageLine):
    """Which log speaks, where it came from, and whether nothing more is written to it."""

    id = wire.uuid(required=True)
    parent = wire.place(allow_none=True, load_default=None)
    parent_hash = wire.digest()
    closed = wire.flag()


class Position(_MessageLine):
    """A place in a log: how many changes, and the hash after them."""

    n = wire.count(required=True)
    hash = wire.digest(required=True)


class ReceiptShown(_MessageLine):
    """A receipt as the server gave it: its text and signature."""

    raw = wire.text(1, limits.RECEIPT_CHARS, required=True)
    sig = wire.text(1, 200, required=True)


class RequestHello(_MessageLine):
    """First line of a request: who speaks and what it has.

    `epoch` is the timeline of the cursors that are bare numbers, and asks for an answer
    that leaves out what the request said. `head` is left out when no change follows
    those of the request. `late` is the last late verdict this laptop has, `digest` asks
    for the digest of each project. `wall`, `app` and `free`, the MiB that its disk has
    left, come with changes and once a day.
    `stood` says where changes of this request stood in timelines that were lost: their
    place in the log to [epoch, seq], as often as they were judged. `receipt` proves to a
    server that it lost what it acknowledged.
    """

    k = fields.String(required=True, validate=validate.Equal("hello"))
    protocol = wire.count(required=True)
    schema = wire.count(required=True)
    app = wire.text(0, 100, load_default="")
    log = fields.Nested(HelloLog, required=True)
    epoch = wire.uuid()
    head = wire.count()
    acked = fields.Nested(Position, required=True)
    wall = wire.text(0, 40, load_default="")
    free = wire.count()
    want = wire.count(load_default=limits.PAGE_ROWS)
    cursors = wire.cursors(load_default=dict)
    late = wire.position()
    digest = wire.flag()
    stood = wire.places_by_number()
    receipt = fields.Nested(ReceiptShown)


class ChangeLine(_MessageLine):
    """One change of a log: id, stamp, project, type, record, operation, fields.

    Keys: n place in the log, i change id (when absent it follows from the hash of the
    log after this line), h stamp, s project, t record type, r record, o operation,
    b base [epoch, seq] or null, v schema version, g group, f fields, u person,
    x quarantined change that this one replaces, c conflicts that it settles,
    y the reason a person gave. bg holds the base of each field group of which the author
    saw an older row, because a change of their own lay over the newer one; a names
    changes that the author had seen beyond what the bases say.
    """

    k = fields.String(required=True, validate=validate.Equal("c"))
    n = wire.count(required=True)
    i = wire.uuid()
    h = wire.count(required=True)
    s = wire.uuid(required=True)
    t = wire.text(1, 40, required=True)
    r = wire.uuid(required=True)
    o = wire.text(1, 20, required=True)
    b = wire.place(load_default=None, allow_none=True)
    v = wire.count(required=True)
    g = wire.uuid(load_default=None, allow_none=True)
    f = fields.Dict(keys=fields.String(), load_default=dict)
    u = wire.text(1, limits.NAME_CHARS, load_default=None, allow_none=True)
    x = wire.uuid(load_default=None, allow_none=True)
    c = wire.conflict_ids()
    y = wire.text(1, limits.NOTE_CHARS)
    bg = wire.bases()
    a = wire.change_ids()


class ColumnsLine(_MessageLine):
    """All changes of a request as one line, in protocol 2: see schemas/columns.py.

    `of` holds shapes, each a line with a column for each value; `at` says for each change
    which shape it has.
    """

    k = fields.String(required=True, validate=validate.Equal("cs"))
    at = wire.counts(required=True)
    of = fields.List(fields.Dict(keys=fields.String()), required=True)


class RequestEnd(_MessageLine):
    """Last line of a request: where its changes lead, and the device's signature.

    A request without changes claims nothing: it needs no number, hash or signature.
    """

    k = fields.String(required=True, validate=validate.Equal("end"))
    n = wire.count()
    hash = wire.digest()
    sig = wire.text(1, 200, load_default=None, allow_none=True)


class ResponseHello(_MessageLine):
    """First line of a response: the server's timeline and what it has.

    `protocol` and `epoch` are left out when they are what the request said.
    `need_from` asks for the log again from that change, `need_log` says which one when
    it is not the one that spoke.
    `shared` is the highest number of each project that the present timeline has in common
    with the one of the request's cursors. `schema` is the newest version of records that
    this server knows, `speaks` the newest protocol, where the request was of an older one.
    `renew` is a code by which the laptop is to enrol again, with the same key.
    """

    k = fields.String(required=True, validate=validate.Equal("hello"))
    protocol = wire.count()
    epoch = wire.uuid()
    now = wire.text(1, 40, required=True)
    need_from = wire.count(load_default=None, allow_none=True)
    need_log = wire.uuid()
    shared = fields.Dict(keys=wire.uuid(), values=wire.count())
    schema = wire.count()
    speaks = wire.count()
    renew = wire.text(1, 100)


class VerdictLine(_MessageLine):
    """The verdict on one change: r verdict, q seq, why, cf conflicts.

    The change is named by its place n in the log that speaks, or by its id i. A verdict
    that changed since it was given comes again with its number l.
    """

    k = fields.String(required=True, validate=validate.Equal("v"))
    n = wire.count()
    i = wire.uuid()
    l = wire.count()  # noqa: E741 - a wire key
    r = fields.String(required=True, validate=validate.OneOf([*Outcome]))
    q = wire.count(load_default=None, allow_none=True)
    d = wire.flag(load_default=False)
    why = fields.List(fields.Dict(keys=fields.String()), load_default=list)
    cf = fields.List(fields.String(), load_default=list)


class ScopeLine(_MessageLine):
    """The projects this laptop may see."""

    k = fields.String(required=True, validate=validate.Equal("scope"))
    streams = fields.List(wire.uuid(), required=True)


class RowLine(_MessageLine):
    """One record as the server has it: s project, q seq, t type, r record, f fields.

    x holds the open conflicts.
    """

    k = fields.String(required=True, validate=validate.Equal("row"))
    s = wire.uuid(required=True)
    q = wire.count(required=True)
    t = wire.text(1, 40, required=True)
    r = wire.uuid(required=True)
    f = fields.Dict(keys=fields.String(), required=True)
    x = fields.List(fields.Dict(keys=fields.String()), load_default=list)


class Gone(_MessageLine):
    """A record that was deleted; x holds its open conflicts."""

    k = fields.String(required=True, validate=validate.Equal("gone"))
    s = wire.uuid(required=True)
    q = wire.count(required=True)
    t = wire.text(1, 40, required=True)
    r = wire.uuid(required=True)
    x = fields.List(fields.Dict(keys=fields.String()), load_default=list)


class Purged(_MessageLine):
    """Ids of records that were deleted long ago; they are never used again."""

    k = fields.String(required=True, validate=validate.Equal("purged"))
    s = wire.uuid(required=True)
    r = fields.List(wire.uuid(), required=True)


class Reset(_MessageLine):
    """The rows of this project are sent anew: forget the base, keep the overlay."""

    k = fields.String(required=True, validate=validate.Equal("reset"))
    s = wire.uuid(required=True)


class ResponseEnd(_MessageLine):
    """Last line of a response: the cursors that moved, and whether there is more.

    Both may be left out: nothing moved, there is no more.
    """

    k = fields.String(required=True, validate=validate.Equal("end"))
    cursors = wire.cursors()
    more = wire.flag()
    digest = fields.Dict(keys=fields.String(), load_default=dict)
    receipt = fields.Dict(keys=fields.String(), load_default=None, allow_none=True)


class EnrolRequest(_MessageLine):
    """Body of POST /v1/enrol; the public key is Ed25519, 32 bytes in base64.

    `proof` is the signature of that key over the code.
    """

    code = wire.text(1, 100, required=True)
    name = wire.text(1, limits.CODE_CHARS, required=True)
    log = wire.uuid(required=True)
    public_key = wire.text(1, 200, load_default=None, allow_none=True)
    proof = wire.text(1, 200)


class EnrolResponse(_MessageLine):
    """Answer to an enrolment: the token is shown this once."""

    device = wire.uuid(required=True)
    token = wire.text(1, 200, required=True)
    server = wire.text(1, 200, required=True)
    epoch = wire.uuid(required=True)
    streams = fields.List(wire.uuid(), required=True)
    public_key = wire.text(1, 200)


class LabelsRequest(_MessageLine):
    """Body of POST /v1/labels: `request` names it, so that a repeat gets the same block.

    `has` are the blocks that the laptop has, for a server that lost what it gave.
    """

    request = wire.uuid(required=True)
    has = wire.blocks(load_default=list)


class LabelsResponse(_MessageLine):
    """A block of numbers for labels, which no other laptop gets.

    `known` are all that were handed out, `lost` those of the laptop's that belong to
    another one.
    """

    block = wire.block(required=True)
    known = wire.blocks(required=True)
    lost = wire.blocks(load_default=list)


def _loaders(**schemas: Schema) -> Mapping[str, QuickLoader]:
    found = {name: QuickLoader(schema) for name, schema in schemas.items()}
    return MappingProxyType(found)


#: The loader of each line of a request or response by its key k, of each body by its name.
SHAPES: Final = MappingProxyType(
    {
        "request": _loaders(
            hello=RequestHello(), c=ChangeLine(), cs=ColumnsLine(), end=RequestEnd()
        ),
        "response": _loaders(
            hello=ResponseHello(),
            v=VerdictLine(),
            scope=ScopeLine(),
            row=RowLine(),
            gone=Gone(),
            purged=Purged(),
            reset=Reset(),
            end=ResponseEnd(),
        ),
        "body": _loaders(
            enrol=EnrolRequest(),
            enrolled=EnrolResponse(),
            labels=LabelsRequest(),
            labelled=LabelsResponse(),
        ),
    }
)
