"""POST /v1/sync: one round trip."""

import asyncio
from typing import Final

from aiohttp import web
from backports import zstd

from schemas.messages import NDJSON
from server.errors import refuse
from server.http.guards import CLOCK
from server.http.keys import BODIES, METRICS, SPEAKERS, STORE, WAKE
from server.intake.answer import answer_of
from server.intake.push import sync
from server.intake.request import read_push
from server.store.values import Device

#: What saying that a body is packed costs.
_SAYING_SO: Final = len("Content-Encoding: zstd\r\n")


async def post_sync(request: web.Request) -> web.Response:
    """Store what the laptop sends, answer what it has not seen."""
    device = await device_of(request)
    if request.content_type != NDJSON:
        raise refuse("unknown_media_type", request.content_type[:60])
    store, clock = request.app[STORE], request.app[CLOCK]
    full = await request.app[SPEAKERS].why_full(device, store)
    async with request.app[BODIES].body(request) as body:
        # The body has no name here: what was read from it is kept, not both.
        push = await asyncio.to_thread(read_push, body.take())
        if full and push.changes:
            # What is here already is answered, and rows are read, as ever.
            known = await store.read(lambda tx: tx.log_head(push.log_id))
            if known is None or push.end[0] > known.n:
                raise refuse("quota", full)
        accepted, pulled = await sync(store, clock, device, push)
        if accepted.verdicts:
            request.app[WAKE].set()
            request.app[METRICS].count_changes(accepted.verdicts)
        now = clock.stamp()
        return await asyncio.to_thread(
            lambda: ndjson(
                request, answer_of(accepted, pulled, push, now, device.renew_code)
            )
        )


async def device_of(request: web.Request) -> Device:
    """Return the device that speaks.

    Raises
    ------
    RequestError
        401 without a live token, 429 where it is to wait.
    """
    return await request.app[SPEAKERS].device_of(request, request.app[STORE])


def ndjson(request: web.Request, body: bytes) -> web.Response:
    """Answer with lines, packed where that pays and the laptop takes it."""
    headers = {"Content-Type": NDJSON}
    offered = request.headers.get("Accept-Encoding", "")
    # Level 1: fewer bytes and less time than level 3 on these lines.
    packed = zstd.compress(body, level=1) if "zstd" in offered else body
    if len(packed) + _SAYING_SO < len(body):
        body, headers["Content-Encoding"] = packed, "zstd"
    return web.Response(body=body, headers=headers)
