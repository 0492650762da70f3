"""What a small sync costs the server when it holds little, and when it holds much."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figure, median, say
from benchmarks.machine import cpu_s
from benchmarks.soil import PER_PLOT, Entry, Survey, survey
from benchmarks.stage import (
    SPARE,
    Serving,
    World,
    laptop_at,
    new_laptop,
    new_server,
    save,
    server_store,
    serving,
    synced,
)
from collector.laptop.laptop import Laptop
from schemas import limits
from schemas.changes import Draft
from server.clock import Clock
from server.custody import own_log
from server.derivation.derive import derive_waiting
from server.store.port import Store

_NEW = 10
_TIMES = 20


@dataclass(frozen=True, slots=True)
class _Side:
    """One server with what it holds, and its laptop."""

    server: Serving
    laptop: Laptop
    project_id: str
    bags: list[Entry]


def scale(world: World) -> Iterator[Figure]:
    """Push a few bags to a server that holds little and to one that holds much."""
    few, many = max(world.n // 10, PER_PLOT), world.n * 5
    with ExitStack() as stack:
        sides = [_side(stack, world.folder / f"holds-{n}", n) for n in (few, many)]
        small, nothing = _in_turn(sides)
    for name, spent in (("small_sync", small), ("noop", nothing)):
        yield Figure(
            f"scale_{name}_server_cpu",
            many,
            median(spent[1]) * 1000,
            "ms",
            f"the same with {few} bags on the server",
            median(spent[0]) * 1000,
        )


def write(store: Store, project_id: str, entries: list[Entry]) -> None:
    """Write records through the server's own log."""
    for start in range(0, len(entries), limits.BATCH_CHANGES):
        drafts = [
            Draft(project_id, e.type, e.id, fields=e.fields)
            for e in entries[start : start + limits.BATCH_CHANGES]
        ]
        asyncio.run(own_log.record(store, Clock(), drafts))


def _side(stack: ExitStack, folder: Path, bags: int) -> _Side:
    say(f"  a server with {bags} bags is filled")
    project_id = new_server(folder / "server")
    made: Survey = survey(project_id, bags + SPARE)
    with server_store(folder / "server") as store:
        write(store, project_id, [*made.plan, *made.samples[:bags]])
        asyncio.run(derive_waiting(store, Clock()))
    server = stack.enter_context(serving(folder / "server"))
    new_laptop(folder / "crew", folder / "server", project_id, server.url)
    laptop = stack.enter_context(laptop_at(folder / "crew"))
    say("  and read by a laptop")
    synced(laptop)
    return _Side(server, laptop, project_id, made.samples[bags:])


def _in_turn(sides: list[_Side]) -> tuple[list[list[float]], list[list[float]]]:
    small: list[list[float]] = [[] for _ in sides]
    nothing: list[list[float]] = [[] for _ in sides]
    for place in range(_TIMES):
        for number, side in enumerate(sides):
            bags = side.bags[place * _NEW : (place + 1) * _NEW]
            save(side.laptop, side.project_id, bags)
            small[number].append(_spent(side))
            synced(side.laptop)
            nothing[number].append(_spent(side))
    return small, nothing


def _spent(side: _Side) -> float:
    """Sync; return the server's CPU seconds until the plot has its numbers again."""
    before_s = cpu_s(side.server.pid)
    synced(side.laptop)
    side.server.wait_until_derived()
    return cpu_s(side.server.pid) - before_s
