"""Syncs over loopback: the push of everything, the first pull, nothing new, 50 new."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figure, Timed, in_turn, median, say, timed
from benchmarks.machine import cpu_s
from benchmarks.recording import lines_of, rate
from benchmarks.stage import World, laptop_at, save, serving, synced
from benchmarks.yardsticks import bare_table, echo, packed_bytes
from collector.laptop.laptop import Laptop
from collector.sync.tally import SyncReport
from schemas import limits

_TIMES = 3
_NOOPS = 40
_SMALL = 50
_OFFLINE = 1_000
_SMALL_TIMES = 8


@dataclass(frozen=True, slots=True)
class Synced:
    """One sync as seen from both sides."""

    took: Timed
    report: SyncReport
    server_cpu_s: float
    server_settled_cpu_s: float


def push(world: World) -> Iterator[Figure]:
    """Push what was recorded offline."""
    lines = lines_of(world.samples)
    with bare_table(world.folder / "bare-server", encrypted=False) as bare:
        ours, theirs = in_turn(
            lambda: _push(world),
            lambda: bare.insert(lines, limits.BATCH_CHANGES),
            times=_TIMES,
        )
    n, sent = world.n, [one.report.bytes_sent for one in ours]
    bare_us = median([t.cpu_s for t in theirs]) / n * 1e6
    rows = f"executemany, {limits.BATCH_CHANGES} rows per commit"
    yield rate("push", n, [one.took for one in ours], theirs, rows)
    yield Figure(
        "push_bytes_up",
        n,
        median(sent) / n,
        "bytes/record",
        "zstd level 1 of the records in bodies as large",
        packed_bytes([raw for _, raw in lines], 1) / n,
    )
    yield Figure(
        "push_bytes_down",
        n,
        median([one.report.bytes_received for one in ours]) / n,
        "bytes/record",
    )
    yield Figure(
        "push_requests",
        n,
        median([one.report.requests for one in ours]),
        "requests",
        "bodies that hold them",
        -(-n // limits.BATCH_CHANGES),
    )
    for name, spent in (
        ("push_server_cpu", [one.server_cpu_s for one in ours]),
        ("push_server_cpu_settled", [one.server_settled_cpu_s for one in ours]),
        ("push_laptop_cpu", [one.took.cpu_s for one in ours]),
    ):
        yield Figure(
            name,
            n,
            median(spent) / n * 1e6,
            "us/record",
            "executemany of one row per record",
            bare_us,
        )


def pull(world: World) -> Iterator[Figure]:
    """Measure a fresh laptop that reads everything for the first time."""
    lines = lines_of([*world.survey.plan, *world.samples])
    with bare_table(world.folder / "bare-pull", encrypted=True) as bare:
        ours, theirs = in_turn(
            lambda: _pull(world),
            lambda: bare.insert(lines, limits.PAGE_ROWS),
            times=_TIMES,
        )
    n = ours[0].report.received
    bare_rate = len(lines) / median([t.seconds for t in theirs])
    bare_us = median([t.cpu_s for t in theirs]) / len(lines) * 1e6
    rows = f"executemany, {limits.PAGE_ROWS} rows per commit, keyed"
    wall_s = median([one.took.seconds for one in ours])
    yield Figure("pull", n, n / wall_s, "records/s", rows, bare_rate)
    yield Figure(
        "pull_bytes_down",
        n,
        median([one.report.bytes_received for one in ours]) / n,
        "bytes/record",
        "zstd level 1 of plan and bags in bodies of 500",
        packed_bytes([raw for _, raw in lines], 1) / len(lines),
    )
    yield Figure(
        "pull_requests",
        n,
        median([one.report.requests for one in ours]),
        "requests",
        "pages that hold them",
        -(-n // limits.PAGE_ROWS),
    )
    for name, spent in (
        ("pull_server_cpu", [one.server_cpu_s for one in ours]),
        ("pull_laptop_cpu", [one.took.cpu_s for one in ours]),
    ):
        per_row = median(spent) / n * 1e6
        yield Figure(
            name, n, per_row, "us/record", "executemany of one row per record", bare_us
        )


def noop(world: World) -> Iterator[Figure]:
    """Sync when there is nothing to say."""
    copy = world.copy(world.pushed)
    with (
        serving(copy / "server") as server,
        laptop_at(copy / "crew", server.url) as crew,
        echo() as bare,
    ):
        first = synced(crew)
        sent, received = first.bytes_sent, first.bytes_received
        ours, theirs = in_turn(
            lambda: timed(lambda: synced(crew)),
            lambda: bare.round_trip_s(sent, received),
            times=_NOOPS,
        )
    world.discard(copy)
    yield Figure("noop_requests", 1, first.requests, "requests", "least", 1)
    yield Figure(
        "noop_bytes", 1, sent + received, "bytes", "two bare aiohttp heads", 340
    )
    yield Figure(
        "noop_p50",
        _NOOPS,
        median([took.seconds for took in ours]) * 1000,
        "ms",
        "aiohttp echo of as many bytes, p50",
        median(theirs) * 1000,
    )
    cpu_ms = median([took.cpu_s for took in ours]) * 1000
    yield Figure("noop_laptop_cpu", world.n, cpu_ms, "ms")


def offline(world: World) -> Iterator[Figure]:
    """Push what a laptop recorded in weeks offline, and count what travels."""
    copy = world.copy(world.planned)
    with (
        serving(copy / "server") as server,
        laptop_at(copy / "crew", server.url) as crew,
    ):
        bags = world.survey.samples[:_OFFLINE]
        save(crew, world.project_id, bags)
        report = synced(crew)
        assert report.accepted == _OFFLINE, report
    world.discard(copy)
    lines = [raw for _, raw in lines_of(bags)]
    yield Figure(
        "offline_requests",
        _OFFLINE,
        report.requests,
        "requests",
        "bodies that hold them",
        -(-_OFFLINE // limits.BATCH_CHANGES),
    )
    for name, size in (
        ("offline_bytes_up", report.bytes_sent),
        ("offline_bytes_down", report.bytes_received),
    ):
        yield Figure(
            name,
            _OFFLINE,
            size / _OFFLINE,
            "bytes/change",
            "zstd level 6 of the records alone",
            packed_bytes(lines, 6) / _OFFLINE,
        )


def fifty(world: World) -> Iterator[Figure]:
    """Sync 50 new bags."""
    copy = world.copy(world.pushed)
    found: list[tuple[float, SyncReport, float]] = []
    with (
        serving(copy / "server") as server,
        laptop_at(copy / "crew", server.url) as crew,
        echo() as bare,
    ):
        for place in range(_SMALL_TIMES):
            bags = world.spare[place * _SMALL : (place + 1) * _SMALL]
            save(crew, world.project_id, bags)
            seconds, report = timed_sync(crew)
            assert report.accepted == _SMALL, report
            bare_s = bare.round_trip_s(report.bytes_sent, report.bytes_received)
            found.append((seconds, report, bare_s))
            server.wait_until_derived()
            synced(crew)
    world.discard(copy)
    reports = [report for _, report, _ in found]
    yield Figure(
        "fifty_requests",
        _SMALL,
        median([r.requests for r in reports]),
        "requests",
        "least",
        1,
    )
    bags_raw = [raw for _, raw in lines_of(world.spare[:_SMALL])]
    bare_bytes = packed_bytes(bags_raw, 1)
    for name, sizes in (
        ("fifty_bytes_up", [r.bytes_sent for r in reports]),
        ("fifty_bytes_down", [r.bytes_received for r in reports]),
    ):
        yield Figure(
            name, _SMALL, median(sizes), "bytes", "zstd level 1 of the bags", bare_bytes
        )
    yield Figure(
        "fifty",
        _SMALL,
        median([seconds for seconds, _, _ in found]) * 1000,
        "ms",
        "aiohttp echo of as many bytes",
        median([bare_s for _, _, bare_s in found]) * 1000,
    )


def timed_sync(laptop: Laptop) -> tuple[float, SyncReport]:
    """Sync; return the seconds and the report."""
    reports: list[SyncReport] = []
    took = timed(lambda: reports.append(synced(laptop)))
    return took.seconds, reports[0]


def _push(world: World) -> Synced:
    copy = world.copy(world.recorded)
    found = _sync_once(world, copy, "crew")
    assert found.report.accepted == world.n, found.report
    return found


def _pull(world: World) -> Synced:
    return _sync_once(world, world.copy(world.pushed), "reader")


def _sync_once(world: World, copy: Path, who: str) -> Synced:
    """Serve a copy, let one laptop sync, and read the clocks of both sides."""
    with (
        serving(copy / "server") as server,
        laptop_at(copy / who, server.url) as laptop,
    ):
        before_s = cpu_s(server.pid)
        reports: list[SyncReport] = []
        took = timed(lambda: reports.append(synced(laptop)))
        answered_s = cpu_s(server.pid)
        server.wait_until_derived()
        settled_s = cpu_s(server.pid)
    world.discard(copy)
    say(f"  {reports[0].requests} requests in {took.seconds:.1f} s")
    return Synced(took, reports[0], answered_s - before_s, settled_s - before_s)
