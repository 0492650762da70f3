"""What laptops and phones send: honest bodies that are cut, doubled or mixed up."""

import json
import zlib

from backports import zstd
from hypothesis import strategies as st

from schemas.fields import Text
from schemas.messages import NDJSON
from schemas.records import TYPES
from schemas.version import NEWEST_PROTOCOL, PROTOCOL
from server.phones.names import CORE_FORM, PHOTO_FORM
from tests import collect
from tests.fuzz.asked import Request
from tests.fuzz.shapes import ODD, VALUES
from tests.laptop import TestLaptop

OPERATIONS = ("put", "put", "put", "del", "undel", "resolve", "erase", "x")
PACKED = {
    "": lambda raw: raw,
    "gzip": lambda raw: zlib.compress(raw, wbits=31),
    "zstd": zstd.compress,
    "br": lambda raw: raw,
}


@st.composite
def syncs(draw, world):
    """Draw the body of a sync: the log of a laptop, then what was done to it."""
    speaks = world.laptop
    laptop = TestLaptop("", speaks.token, speaks.project_id, str(draw(st.uuids())))
    laptop.secret = speaks.secret
    for _ in range(draw(st.integers(0, 4))):
        _draft(draw, world, laptop)
    protocol = draw(st.sampled_from([PROTOCOL, NEWEST_PROTOCOL] * 5 + [3, -1]))
    body = laptop.body(protocol=protocol, **draw(_claims(world)))
    body = draw(st.one_of(*[st.just(body)] * 5, _garbled(body)))
    encoding = draw(st.sampled_from(["", "gzip", "zstd"] * 5 + ["br"]))
    packed = PACKED[encoding](body)
    packed = draw(st.one_of(*[st.just(packed)] * 9, _cut(packed)))
    headers = {"Content-Type": NDJSON} | (
        {"Content-Encoding": encoding} if encoding else {}
    )
    caller = draw(st.sampled_from(["laptop"] * 6 + ["nobody", "revoked laptop"]))
    return Request("sync", caller, "POST", "/v1/sync", headers, packed, "/v1/sync")


def _draft(draw, world, laptop):
    kind = draw(st.sampled_from(sorted(TYPES)))
    names = st.sampled_from([*TYPES[kind].fields, "nothing"])
    fields = draw(st.dictionaries(names, _values(world, kind), max_size=3))
    if draw(st.integers(0, 3)) == 0:
        laptop.add(
            "plot", {"code": draw(st.sampled_from(["F1", "F2"])), "area_ha": 2.5}
        )
        return
    record = draw(st.one_of(st.sampled_from(world.records), st.uuids().map(str)))
    more = draw(
        st.sampled_from(
            [{}, {}, {"h": 2**62}, {"u": "Cy"}, {"b": [record, 3]}, {"v": 99}]
        )
    )
    more = {
        "op": draw(st.sampled_from(OPERATIONS)),
        "base": more.pop("b", None),
        **more,
    }
    laptop.draft(kind, record, fields, **more)


def _values(world, kind):
    texts = any(type(one) is Text for one in TYPES[kind].fields.values())
    known = st.sampled_from([*world.records, *world.projects.values(), "soc", "pct"])
    return st.one_of(VALUES, known, *([st.text(max_size=9)] if texts else []))


def _claims(world):
    """Return a strategy of what the first line claims; mostly what is so."""
    epoch = world.records[0]
    claims = {
        "cursors": {name: [epoch, 2**40] for name in world.projects.values()},
        "late": [epoch, 2**62],
        "want": 2**70,
        "schema": 99,
        "stood": {"1": [[epoch, 3]]},
        "receipt": {"raw": "{}", "sig": "x"},
        "log": {"id": epoch, "parent": [epoch, 3]},
        "head": -1,
        "app": "\x00",
        "wall": "2026-13-45",
    }
    one = st.sampled_from(sorted(claims)).map(lambda name: {name: claims[name]})
    odd = st.tuples(st.sampled_from(sorted(claims)), VALUES).map(lambda it: dict([it]))
    return st.one_of(*[st.just({})] * 8, one, odd)


def _garbled(body):
    """Return a strategy of a body cut, or with its lines doubled, left out or mixed up."""
    lines = body.splitlines()
    return st.one_of(
        _cut(body),
        st.permutations(lines).map(b"\n".join),
        st.sampled_from(range(len(lines))).map(
            lambda n: b"\n".join([*lines[: n + 1], *lines[n:]])
        ),
        st.sampled_from(range(len(lines))).map(
            lambda n: b"\n".join([*lines[:n], *lines[n + 1 :]])
        ),
    )


def _cut(raw):
    """Return a strategy of bytes that end early, or have others between.

    Ids are new with each draw, and with them the length of what is packed: where it is cut
    is drawn as a share.
    """
    return st.tuples(st.integers(0, 999), st.binary(max_size=4)).map(
        lambda it: _with(raw, it[0] * len(raw) // 1_000, it[1])
    )


def _with(raw, place, other):
    return raw[:place] + (other + raw[place:] if other else b"")


@st.composite
def submissions(draw, world):
    """Draw what a phone sends: a filled form with parts missing, doubled, mixed or cut."""
    place = world.callers["phone"].place
    xml = collect.filled(*draw(_filled(world)), instance=f"uuid:{draw(st.uuids())}")
    xml = draw(st.one_of(*[st.just(xml)] * 4, _cut(xml)))
    photo = collect.file_part(
        "a.jpg", b"\xff\xd8\xff\xe0" + draw(st.binary(max_size=9))
    )
    parts = [collect.xml_part(xml), *draw(st.sampled_from([[], [photo], [photo] * 2]))]
    parts = draw(
        st.one_of(*[st.just(parts)] * 3, st.permutations([*parts, collect.MORE]))
    )
    body = collect.body_of(parts)
    body = draw(st.one_of(*[st.just(body)] * 3, _cut(body)))
    path = f"/v1/key/{place['token']}/projects/{place['project']}/submission"
    kind = f"multipart/form-data; boundary={collect.BOUNDARY}"
    headers = {
        "Content-Type": draw(st.sampled_from([kind] * 5 + ["multipart/form-data"]))
    }
    return Request("phone", "phone", "POST", path, headers, body)


@st.composite
def _filled(draw, world):
    """Draw a form and its answers."""
    odd = st.sampled_from([one.replace("\x00", "").replace("\x1b", "") for one in ODD])
    texts = st.one_of(odd, st.sampled_from(world.records), st.integers(-9, 99).map(str))
    texts = texts.map(
        lambda one: json.dumps(one)[1:-1].replace("<", "").replace("&", "")
    )
    if draw(st.booleans()):
        return PHOTO_FORM, collect.photos(draw(texts), ["a.jpg"], draw(texts))
    layer = collect.layer(draw(texts), draw(texts), draw(texts), draw(texts), "a.jpg")
    said = {"sampled_at": draw(texts)} if draw(st.booleans()) else {}
    point = draw(st.one_of(st.sampled_from(world.records), texts))
    campaign = draw(st.one_of(st.sampled_from(world.records), texts))
    return CORE_FORM, collect.core(point, campaign, [layer], **said)
