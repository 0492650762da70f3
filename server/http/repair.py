"""Repair: digests of the buckets of a project, and the rows of some of them.

A laptop whose digest of a project differs asks here which rows to believe.
"""

import asyncio
from collections.abc import Collection, Iterator
from typing import Final

from aiohttp import web

from schemas import limits
from schemas.digest import BUCKETS, buckets_of
from schemas.ids import is_id
from schemas.messages import encode
from server.errors import refuse
from server.http.keys import REPAIRS, STORE
from server.http.sync import device_of, ndjson
from server.intake.feed import row_line
from server.store.port import Transaction

_KNOWN: Final = frozenset(BUCKETS)


async def get_buckets(request: web.Request) -> web.Response:
    """Return the digest of each bucket of a project that has items."""
    project_id = await _project_of(request)

    def job(tx: Transaction) -> bytes:
        found = buckets_of(tx.digest_items(project_id))
        said = {name: digest.as_data() for name, digest in sorted(found.items())}
        return encode({"buckets": said})

    # One at a time: all of a project is read for it, and others are to be served beside it.
    async with request.app[REPAIRS].hold(1):
        answer = await request.app[STORE].read(job)
    return web.Response(body=answer, content_type="application/json")


async def get_rows(request: web.Request) -> web.Response:
    """Return every live or contested record of some buckets (`?in=00,7f`)."""
    project_id = await _project_of(request)
    wanted = request.query.get("in", "").split(",")
    if not set(wanted) <= _KNOWN:
        raise refuse("bad_message", "in: two hexadecimal digits for each bucket")
    async with request.app[REPAIRS].hold(1):
        body = await request.app[STORE].read(
            lambda tx: b"\n".join([*_lines(tx, project_id, wanted), b""])
        )
        return await asyncio.to_thread(ndjson, request, body)


def _lines(
    tx: Transaction, project_id: str, wanted: Collection[str]
) -> Iterator[bytes]:
    weight = 0
    for row in tx.sent_in(project_id, wanted):
        line = row_line(tx, row)
        weight += len(line)
        if weight > limits.REPAIR_BYTES and len(wanted) > 1:
            raise refuse("too_large", "ask for fewer buckets at once")
        yield line
    yield encode({"k": "end", "epoch": tx.epoch()})


async def _project_of(request: web.Request) -> str:
    device = await device_of(request)
    project_id = request.match_info["stream"]
    if not is_id(project_id) or project_id not in device.projects:
        raise refuse("not_found", "this laptop has no such project")
    return project_id
