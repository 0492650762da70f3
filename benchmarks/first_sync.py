"""The first sync of a large project: bytes, requests, and peak memory of both sides.

At two sizes, since a bound that grows with the project is none.
"""

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figure, say
from benchmarks.machine import forget_peak, held_mib, peak_mib
from benchmarks.memory import sync_alone
from benchmarks.recording import lines_of
from benchmarks.scale import write
from benchmarks.soil import survey
from benchmarks.stage import World, new_laptop, new_server, server_store, serving
from benchmarks.yardsticks import json_mib, packed_bytes
from schemas import limits
from server.clock import Clock
from server.custody import own_log
from server.derivation.derive import derive_waiting


@dataclass(frozen=True, slots=True)
class _First:
    """One first sync; what it is compared with; growth in MiB."""

    rows: int
    requests: int
    bytes_down: float
    packed_bytes: float
    text_mib: float
    server_mib: float
    laptop_mib: float


def first_sync(world: World) -> Iterator[Figure]:
    """Measure a fresh laptop that reads a project of some size, and one five times as large."""
    for rows in (2 * world.n, 10 * world.n):
        yield from _figures(_measure(world.folder / f"first-{rows}", rows))


def _figures(found: _First) -> Iterator[Figure]:
    n = found.rows
    pages = -(-n // limits.PAGE_ROWS)
    yield Figure(
        "first_sync_requests", n, found.requests, "requests", "pages of rows", pages
    )
    yield Figure(
        "first_sync_bytes_down",
        n,
        found.bytes_down / n,
        "bytes/row",
        "zstd level 1 of the records in bodies of 500",
        found.packed_bytes,
    )
    for side, grown_mib in (("server", found.server_mib), ("laptop", found.laptop_mib)):
        name = f"first_sync_memory_{side}"
        yield Figure(name, n, grown_mib, "MiB", "the rows as JSON text", found.text_mib)


def _measure(folder: Path, rows: int) -> _First:
    say(f"  a project of about {rows} rows is filled and derived")
    project_id = new_server(folder / "server")
    # A fourth of the rows are plots, points, cores and derived.
    made = survey(project_id, rows * 76 // 100)
    entries = [*made.plan, *made.samples]
    with server_store(folder / "server") as store:
        other = {"code": "SMALL", "title": "Warm-up"}
        small = asyncio.run(own_log.add_project(store, Clock(), other, {}))
        write(store, project_id, entries)
        asyncio.run(derive_waiting(store, Clock()))
    with serving(folder / "server") as server:
        new_laptop(folder / "warm", folder / "server", small, server.url)
        new_laptop(folder / "reader", folder / "server", project_id, server.url)
        sync_alone(folder / "warm")
        forget_peak(server.pid)
        held = held_mib(server.pid)
        busy, report = sync_alone(folder / "reader")
        grown = peak_mib(server.pid) - held
        idle, _ = sync_alone(folder / "reader")
    shutil.rmtree(folder)
    say(f"  {report['received']} rows in {report['duration_s']} s")
    raw = [line for _, line in lines_of(entries)]
    return _First(
        rows=report["received"],
        requests=report["requests"],
        bytes_down=report["bytes_received"],
        packed_bytes=packed_bytes(raw, 1) / len(raw),
        text_mib=json_mib([entry.fields for entry in entries]),
        server_mib=grown,
        laptop_mib=busy - idle,
    )
