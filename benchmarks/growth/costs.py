"""What each kind of work costs at one size. CPU, which a busy machine stretches least."""

import resource
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from benchmarks.deriving import corrected
from benchmarks.figures import Timed, median, say, timed
from benchmarks.growth.filling import GrowingServer
from benchmarks.machine import bytes_in, forget_peak, held_mib, peak_mib, tree_cpu_s
from benchmarks.memory import sync_alone
from benchmarks.soil import Entry
from benchmarks.stage import (
    Serving,
    laptop_at,
    new_laptop,
    save,
    server_store,
    serving,
    synced,
)
from collector.laptop.laptop import Laptop
from collector.sync.status import laptop_status
from collector.sync.tally import SyncReport

_TIMES: Final = 9
_FEW: Final = 50
_FEW_TIMES: Final = 5
_MANY: Final = 1_000
_MANY_TIMES: Final = 3
_FIRST_TIMES: Final = 3
_QUICKLY_READ: Final = 10_000
#: Ten million rows at the slowest.
_PATIENCE_S: Final = 6 * 3600.0
_MILLI: Final = 1e3
_MICRO: Final = 1e6


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of work in words."""

    title: str
    unit: str
    #: Memory has a bound: how many times next to nothing it is says nothing.
    has_ratio: bool = True


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "noop_laptop": Kind("nothing new, laptop", "ms"),
        "noop_server": Kind("nothing new, server", "ms"),
        "status": Kind("status, laptop", "ms"),
        "few_laptop": Kind("50 new bags, laptop", "ms"),
        "few_server": Kind("50 new bags, server", "ms"),
        "push_laptop": Kind("1,000 new bags, laptop", "us/bag"),
        "push_server": Kind("1,000 new bags, server", "us/bag"),
        "derive": Kind("one plot derived, server", "ms"),
        "first_laptop": Kind("first sync, laptop", "us/row"),
        "first_server": Kind("first sync, server", "us/row"),
        "first_laptop_memory": Kind(
            "first sync, laptop, memory", "MiB", has_ratio=False
        ),
        "first_server_memory": Kind(
            "first sync, server, memory", "MiB", has_ratio=False
        ),
        "disk_laptop": Kind("disk of the laptop", "B/bag"),
        "disk_server": Kind("disk of the server", "B/bag"),
    }
)


def costs(server: GrowingServer, bags: int, folder: Path) -> dict[str, float]:
    """Fill the server up to a size, and measure everything there."""
    server.grow(bags)
    found = {"derive": _derivation_ms(server)}
    few = server.spare_bags(_FEW * _FEW_TIMES)
    many = server.spare_bags(_MANY * _MANY_TIMES)
    home = folder / f"laptop-{bags}"
    with serving(server.folder) as running:
        say("  a fresh laptop takes everything")
        # Where that is quick, its start is a large part of it, and one try is none.
        times = _FIRST_TIMES if bags <= _QUICKLY_READ else 1
        found |= _first_syncs(server, running, home, times)
        found["status"] = median([_status_s(home) for _ in range(_TIMES)]) * _MILLI
        say("  and syncs nothing new, 50 bags, 1,000 bags")
        with laptop_at(home) as laptop:
            pair = _Pair(running, laptop, server.project_id)
            found |= _figures("noop", [pair.syncs() for _ in range(_TIMES)], _MILLI)
            found |= _figures("few", list(pair.pushes(few, _FEW)), _MILLI)
            spent = list(pair.pushes(many, _MANY))
            found |= _figures("push", spent, _MICRO / _MANY)
    held = bags + len(few) + len(many)
    found["disk_server"] = bytes_in(server.folder) / held
    found["disk_laptop"] = bytes_in(home) / held
    shutil.rmtree(home)
    return {name: found[name] for name in KINDS}


@dataclass(frozen=True, slots=True)
class _Spent:
    """CPU seconds of one sync on both sides."""

    laptop: float
    server: float


@dataclass(frozen=True, slots=True)
class _Pair:
    """A server and its laptop."""

    server: Serving
    laptop: Laptop
    project_id: str

    def syncs(self) -> _Spent:
        """Sync with nothing new; the server is done when it answered."""
        before_s = tree_cpu_s(self.server.pid)
        took = timed(lambda: synced(self.laptop))
        return _Spent(took.cpu_s, tree_cpu_s(self.server.pid) - before_s)

    def pushes(self, bags: list[Entry], size: int) -> Iterator[_Spent]:
        """Record so many at a time and push them; the server is done when it rests."""
        for start in range(0, len(bags), size):
            save(self.laptop, self.project_id, bags[start : start + size])
            before_s = self.server.rested_cpu_s()
            took, report = _timed_sync(self.laptop)
            assert report.accepted == size, report
            yield _Spent(took.cpu_s, self.server.rested_cpu_s() - before_s)
            # What was derived meanwhile comes with the next sync, which is not counted.
            synced(self.laptop)


def _timed_sync(laptop: Laptop) -> tuple[Timed, SyncReport]:
    reports: list[SyncReport] = []
    took = timed(lambda: reports.append(synced(laptop)))
    return took, reports[0]


def _figures(name: str, spent: list[_Spent], times: float) -> dict[str, float]:
    return {
        f"{name}_laptop": median([one.laptop for one in spent]) * times,
        f"{name}_server": median([one.server for one in spent]) * times,
    }


def _derivation_ms(server: GrowingServer) -> float:
    """Correct a bag here and there: one plot again and again would stay in caches."""
    spent = []
    with server_store(server.folder) as store:
        for place in range(_TIMES):
            bag = server.bags_of(place * server.plots // _TIMES)[place]
            took = corrected(store, server.project_id, bag, server.corrections)
            spent.append(took.cpu_s)
            server.corrections += 1
    return median(spent) * _MILLI


def _first_syncs(
    server: GrowingServer, running: Serving, home: Path, times: int
) -> dict[str, float]:
    """Take everything with fresh laptops; the last one stays."""
    tries = []
    for _ in range(times):
        shutil.rmtree(home, ignore_errors=True)
        new_laptop(home, server.folder, server.project_id, running.url)
        running.rested_cpu_s()
        tries.append(_first_sync(running, home))
    return {name: median([found[name] for found in tries]) for name in tries[0]}


def _first_sync(server: Serving, home: Path) -> dict[str, float]:
    """Take everything in a process of its own, whose start is taken off again."""
    forget_peak(server.pid)
    held, before_s = held_mib(server.pid), tree_cpu_s(server.pid)
    busy_mib, report, busy_s = _alone(home)
    server_s = tree_cpu_s(server.pid) - before_s
    grown = peak_mib(server.pid) - held
    idle = [_alone(home) for _ in range(_FIRST_TIMES)]
    rows = report["received"]
    return {
        "first_laptop": (busy_s - median([s for _, _, s in idle])) / rows * _MICRO,
        "first_server": server_s / rows * _MICRO,
        "first_laptop_memory": busy_mib - median([mib for mib, _, _ in idle]),
        "first_server_memory": grown,
    }


def _alone(home: Path) -> tuple[float, dict[str, Any], float]:
    """Return the memory a sync held at most, its report, and its CPU with its start."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak, report = sync_alone(home, _PATIENCE_S)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent_s = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return peak, report, spent_s


def _status_s(home: Path) -> float:
    def look() -> None:
        with laptop_at(home) as laptop:
            laptop_status(laptop)

    return timed(look).cpu_s
