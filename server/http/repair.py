"""Repair: digests of the buckets of a project, and the rows of some of them.

A laptop whose digest of a project differs asks here which rows to believe.
"""

from typing import Final

from aiohttp import web

from schemas.digest import BUCKETS, buckets_of
from schemas.ids import is_id
from schemas.messages import encode
from server.errors import refuse
from server.http.keys import STORE
from server.http.sync import device_of, ndjson
from server.intake.answer import row_line
from server.intake.feed import FeedRow, with_conflicts
from server.store.port import Transaction

_KNOWN: Final = frozenset(BUCKETS)


async def get_buckets(request: web.Request) -> web.Response:
    """Return the digest of each bucket of a project that has items."""
    project_id = await _project_of(request)

    def job(tx: Transaction) -> dict[str, list[int | str]]:
        found = buckets_of(tx.digest_items(project_id))
        return {name: digest.as_data() for name, digest in sorted(found.items())}

    answer = {"buckets": await request.app[STORE].read(job)}
    return web.Response(body=encode(answer), content_type="application/json")


async def get_rows(request: web.Request) -> web.Response:
    """Return every live or contested record of some buckets (`?in=00,7f`)."""
    project_id = await _project_of(request)
    wanted = request.query.get("in", "").split(",")
    if not set(wanted) <= _KNOWN:
        raise refuse("bad_message", "in: two hexadecimal digits for each bucket")

    def job(tx: Transaction) -> tuple[str, list[FeedRow]]:
        found = tx.rows_in(project_id, wanted)
        return tx.epoch(), with_conflicts(tx, project_id, found)

    epoch, rows = await request.app[STORE].read(job)
    lines = [row_line(row) for row in rows]
    return ndjson(request, [*lines, {"k": "end", "epoch": epoch}])


async def _project_of(request: web.Request) -> str:
    device = await device_of(request)
    project_id = request.match_info["stream"]
    if not is_id(project_id) or project_id not in device.projects:
        raise refuse("not_found", "this laptop has no such project")
    return project_id
