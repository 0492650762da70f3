"""Does the process live, is it ready, what does it count: for those who watch a server."""

import asyncio
from typing import Final

from aiohttp import web

from schemas.messages import encode
from schemas.problems import Problem
from schemas.version import PROTOCOL, __version__
from server.data import table_version
from server.errors import RequestError, ServerError
from server.http.keys import BLOBS, FULL_DISK, METRICS, SPEAKERS, STOPPING, STORE
from server.store.port import Store, Transaction

#: How long the store may take to answer.
_ANSWERS_WITHIN_S: Final = 2.0


async def get_health(request: web.Request) -> web.Response:  # noqa: ARG001 - a route
    """Answer that the server is up, and which protocol it speaks."""
    answer = {"status": "ok", "version": __version__, "protocol": PROTOCOL}
    return web.Response(body=encode(answer), content_type="application/json")


async def get_alive(request: web.Request) -> web.Response:  # noqa: ARG001 - a route
    """Answer that the process lives, whatever its store does."""
    return _ok()


async def get_ready(request: web.Request) -> web.Response:
    """Answer that requests can be served.

    Raises
    ------
    RequestError
        503 that names what is not as it should be; 404 for strangers.
    """
    _refuse_strangers(request)
    app = request.app
    checks = {
        "process": "the server is stopping" if app[STOPPING].is_set() else "",
        "database": await _why_no_store(app[STORE]),
        "disk": _why_no_room(app),
    }
    failed = {name: why for name, why in checks.items() if why}
    if failed:
        problem = Problem("not_ready", detail="; ".join(failed.values()))
        raise RequestError(problem, more={"failed": failed})
    return _ok()


async def get_metrics(request: web.Request) -> web.Response:
    """Answer what the server counts, in the text format of Prometheus.

    Raises
    ------
    RequestError
        404 for strangers.
    """
    _refuse_strangers(request)
    try:
        async with asyncio.timeout(_ANSWERS_WITHIN_S):
            waiting = await request.app[STORE].read(lambda tx: tx.count_waiting())
    except (ServerError, TimeoutError):
        waiting = None
    text = await asyncio.to_thread(request.app[METRICS].text, waiting)
    said = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
    return web.Response(body=text, headers=said)


def _why_no_room(app: web.Application) -> str:
    """Return which disk has no room; empty where nothing says so."""
    if not app[BLOBS].has_room():
        return "the disk of the data has no room"
    return "the disk of the database is full" if app[FULL_DISK].was_met() else ""


async def _why_no_store(store: Store) -> str:
    """Return why the store cannot be used; empty where it can."""
    try:
        async with asyncio.timeout(_ANSWERS_WITHIN_S):
            found = await store.read(_table_version)
    except TimeoutError:
        return f"the database did not answer within {_ANSWERS_WITHIN_S:g} s"
    except ServerError as error:
        return error.text
    known = table_version()
    return (
        ""
        if found == known
        else f"the database has tables of version {found}, not {known}"
    )


def _table_version(tx: Transaction) -> int:
    return tx.table_version()


def _refuse_strangers(request: web.Request) -> None:
    if not request.app[SPEAKERS].is_trusted(request):
        raise web.HTTPNotFound


def _ok() -> web.Response:
    return web.Response(body=encode({"status": "ok"}), content_type="application/json")
