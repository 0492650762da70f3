"""POST /v1/sync: one round trip."""

import asyncio
from collections.abc import Iterator
from typing import Any, Final

from aiohttp import web
from backports import zstd

from schemas.messages import NDJSON, encode
from schemas.version import PROTOCOL
from server.errors import refuse
from server.flow import access
from server.flow.sync import Accepted, Pulled, sync
from server.http.body import read_body
from server.http.guards import CLOCK
from server.http.keys import STORE, WAKE
from server.store.port import Device, FeedRow
from server.sync.model import Verdict
from server.sync.request import Push, read_push

#: Below this a compressed body saves less than its header costs.
_WORTH_PACKING: Final = 400


async def post_sync(request: web.Request) -> web.Response:
    """Store what the laptop sends, answer what it has not seen."""
    device = await device_of(request)
    if request.content_type != NDJSON:
        raise refuse("unknown_media_type", request.content_type[:60])
    body = await read_body(request)
    push = await asyncio.to_thread(read_push, body)
    store, clock = request.app[STORE], request.app[CLOCK]
    accepted, pulled = await sync(store, clock, device, push)
    if accepted.verdicts:
        request.app[WAKE].set()
    lines = _lines(accepted, pulled, push, clock.now())
    return await asyncio.to_thread(_response, request, list(lines))


async def device_of(request: web.Request) -> Device:
    """Give the device that speaks.

    Raises
    ------
    RequestError
        401 without a live token.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise refuse("no_token")
    return await access.device_of(request.app[STORE], token.strip())


def _lines(
    accepted: Accepted, pulled: Pulled, push: Push, now: str
) -> Iterator[dict[str, Any]]:
    yield _hello(accepted, pulled, now)
    yield from map(_verdict, accepted.verdicts)
    if set(push.cursors) != accepted.streams:
        yield {"k": "scope", "streams": sorted(accepted.streams)}
    for stream in pulled.resets:
        yield {"k": "reset", "s": stream}
    yield from map(_row, pulled.rows)
    cursors = {s: [pulled.epoch, seq] for s, seq in pulled.cursors.items()}
    yield {"k": "end", "cursors": cursors, "more": pulled.more}


def _hello(accepted: Accepted, pulled: Pulled, now: str) -> dict[str, Any]:
    head = accepted.head
    line: dict[str, Any] = {
        "k": "hello",
        "protocol": PROTOCOL,
        "epoch": pulled.epoch,
        "now": now,
        "have": {"n": head.n, "hash": head.hash.hex()},
    }
    if accepted.need_from is not None:
        line["need_from"] = accepted.need_from
    return line


def _verdict(verdict: Verdict) -> dict[str, Any]:
    line: dict[str, Any] = {"k": "v", "i": verdict.change, "r": verdict.outcome.value}
    if verdict.seq is not None:
        line["q"] = verdict.seq
    if verdict.repeated:
        line["d"] = True
    if verdict.why:
        line["why"] = [problem.as_data() for problem in verdict.why]
    if verdict.conflicts:
        line["cf"] = verdict.conflicts
    return line


def _row(row: FeedRow) -> dict[str, Any]:
    record = row.record
    line: dict[str, Any] = {
        "k": "gone" if record.deleted else "row",
        "s": record.stream,
        "q": record.seq,
        "t": record.type,
        "r": record.id,
    }
    if record.deleted:
        line["why"] = "deleted"
    else:
        line["f"] = record.fields
        line["w"] = {g: max(w.seq for w in ws) for g, ws in record.writers.items()}
    if row.conflicts:
        line["x"] = row.conflicts
    return line


def _response(request: web.Request, lines: list[dict[str, Any]]) -> web.Response:
    body = b"\n".join(map(encode, lines)) + b"\n"
    headers = {"Content-Type": NDJSON}
    offered = request.headers.get("Accept-Encoding", "")
    if len(body) > _WORTH_PACKING and "zstd" in offered:
        # Level 1: fewer bytes and less time than level 3 on these lines.
        body = zstd.compress(body, level=1)
        headers["Content-Encoding"] = "zstd"
    return web.Response(body=body, headers=headers)
