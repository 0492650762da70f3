"""Pages that programs read, beside the bare SELECT of the same rows of the same database."""

import asyncio
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from benchmarks.figures import Figure, in_turn, percentile
from benchmarks.stage import Serving, World, server_store, serving
from server.access.read_tokens import make_token
from server.clock import Clock
from server.store.driver import connect

_ROWS: Final = 1_000
_TIMES: Final = 200
#: Pages before the clock runs: files and statements are known then, on both sides.
_FIRST: Final = 5
_SHARES: Final = {"p50": 0.5, "p95": 0.95}
_PAGES: Final = {
    "ogc_page": f"/ogc/collections/samples/items?limit={_ROWS}",
    "odata_page": f"/odata/samples?$top={_ROWS}",
}
_BARE: Final = f"""
    SELECT * FROM samples_named WHERE project_id = ? AND id > '' ORDER BY id LIMIT {_ROWS}
"""  # noqa: S608 - a constant


def pages(world: World) -> Iterator[Figure]:
    """Read a page of 1,000 samples over HTTP, and the same rows from SQLite, in turn."""
    state = world.copy(world.pushed)
    token = _token(world, state / "server")
    with serving(state / "server") as server:
        for name, path in _PAGES.items():
            yield from _figures(world, server, name, _asking(server, path, token))
    world.discard(state)


def _token(world: World, folder: Path) -> str:
    with server_store(folder) as store:
        made = make_token(store, Clock(), "bench", (world.project_id,), None, "manager")
        _, token = asyncio.run(made)
    return token


def _asking(server: Serving, path: str, token: str) -> Callable[[], float]:
    """Return what reads a page over one connection, and takes its time in seconds."""
    connection = HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    headers = {"Authorization": f"Bearer {token}"}

    def ask() -> float:
        began_s = time.perf_counter()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        took_s = time.perf_counter() - began_s
        assert answer.status == 200, body[:200]
        return took_s

    return ask


def _figures(
    world: World, server: Serving, name: str, ask: Callable[[], float]
) -> Iterator[Figure]:
    ask()
    connection = connect(server.data.read_copy)

    def bare() -> float:
        began_s = time.perf_counter()
        rows = connection.execute(_BARE, (world.project_id,)).fetchall()
        took_s = time.perf_counter() - began_s
        assert len(rows) == min(_ROWS, world.n)
        return took_s

    try:
        in_turn(ask, bare, _FIRST)
        ours, theirs = in_turn(ask, bare, _TIMES)
    finally:
        connection.close()
    for share, part in _SHARES.items():
        yield Figure(
            f"{name}_{share}",
            _ROWS,
            percentile(ours, part) * 1e3,
            "ms",
            f"the bare SELECT of the same rows, {share}",
            percentile(theirs, part) * 1e3,
        )
