"""Answers of a server, written by hand."""

from collector.rules.reply import read_reply
from schemas.ids import natural_id
from schemas.messages import decode_response, encode

EPOCH = "0190a000-0000-7000-8000-00000000000e"
PROJECT_ID = "0190a000-0000-7000-8000-000000000001"
RECORD = natural_id(PROJECT_ID, "plot", ["HF"])


def hello(n=0, epoch=EPOCH, **more):
    have = {"n": n, "hash": "0" * 64}
    now = "2026-06-01T12:00:00Z"
    return {
        "k": "hello",
        "protocol": 1,
        "epoch": epoch,
        "now": now,
        "have": have,
        **more,
    }


def verdict(change, r="accepted", n=1, **more):
    """Judge the change at a place of the log; with n=None, one that waited, by its id."""
    named = {"i": change, "l": 1} if n is None else {"n": n}
    return {"k": "v", **named, "r": r, **more}


def reset(project_id=PROJECT_ID):
    return {"k": "reset", "s": project_id}


def conflict(name):
    """Return an open conflict as a server sends it."""
    sides = {"base": None, "theirs": {}, "ours": {}}
    return {"id": name, "group": "name", "change": name, "stands": [], **sides}


def row(q, record=RECORD, t="plot", project_id=PROJECT_ID, x=(), **fields):
    fields = fields or {"code": "HF"}
    return {
        "k": "row",
        "s": project_id,
        "q": q,
        "t": t,
        "r": record,
        "f": fields,
        "x": list(x),
    }


def gone(q, record=RECORD, t="plot"):
    return {"k": "gone", "s": PROJECT_ID, "q": q, "t": t, "r": record}


def end(seq=0, *, more=False, cursors=None, epoch=EPOCH):
    cursors = {PROJECT_ID: [epoch, seq]} if cursors is None else cursors
    return {"k": "end", "cursors": cursors, "more": more}


def lines(*messages):
    return [encode(message) for message in messages]


def reply(*messages):
    for message in messages:
        decode_response(encode(message))
    return read_reply(lines(*messages))
