"""Recording offline: many bags in batches, and one bag at a time."""

from collections.abc import Iterator
from functools import partial

from benchmarks.figures import Figure, Timed, in_turn, median, percentile, say, timed
from benchmarks.machine import fdatasync_ms
from benchmarks.soil import Entry
from benchmarks.stage import World, laptop_at, save
from benchmarks.yardsticks import bare_table
from collector.laptop.laptop import Laptop
from collector.record.entry import add
from schemas import limits
from schemas.messages import encode

_TIMES = 3
_SAVES = 300


def disk(world: World) -> Iterator[Figure]:
    """Measure how quiet the disk is: about 0.15 ms on a quiet machine."""
    yield Figure("fdatasync_4kib", 50, fdatasync_ms(world.folder), "ms")


def record(world: World) -> Iterator[Figure]:
    """Record bags in batches through the laptop's store."""
    lines = lines_of(world.samples)
    batch = limits.IMPORT_BATCH_LAYERS
    with bare_table(world.folder / "bare-laptop", encrypted=True) as bare:
        ours, theirs = in_turn(
            lambda: _record(world), lambda: bare.insert(lines, batch), times=_TIMES
        )
    yield rate(
        "record", world.n, ours, theirs, f"executemany, {batch} rows per commit, keyed"
    )
    yield Figure(
        "record_cpu",
        world.n,
        median([t.cpu_s for t in ours]) / world.n * 1e6,
        "us/record",
        "executemany of one row per record",
        median([t.cpu_s for t in theirs]) / world.n * 1e6,
    )


def save_one(world: World) -> Iterator[Figure]:
    """Save one bag: judged, logged, shown, and on disk."""
    say(f"  {_SAVES} bags are saved one by one")
    copy = world.copy(world.recorded)
    ours, theirs = [], []
    # The yardstick lies beside the laptop's database.
    with (
        laptop_at(copy / "crew") as crew,
        bare_table(copy / "crew", encrypted=True) as bare,
    ):
        for entry in world.spare[:_SAVES]:
            ours.append(timed(partial(_add, crew, world.project_id, entry)).seconds)
            theirs.append(bare.save(entry.id, encode(entry.fields)))
    world.discard(copy)
    for share, name in ((0.5, "p50"), (0.99, "p99")):
        yield Figure(
            f"save_one_{name}",
            _SAVES,
            percentile(ours, share) * 1000,
            "ms",
            f"one-row commit, FULL, keyed, {name}",
            percentile(theirs, share) * 1000,
        )


def lines_of(entries: list[Entry]) -> list[tuple[str, bytes]]:
    """Return one raw line per record, for the bare table."""
    return [(e.id, encode({"t": e.type, "r": e.id, "f": e.fields})) for e in entries]


def rate(
    bench: str, n: int, ours: list[Timed], theirs: list[Timed], yardstick: str
) -> Figure:
    """Return records per second beside the bare table."""
    return Figure(
        bench,
        n,
        n / median([t.seconds for t in ours]),
        "records/s",
        yardstick,
        n / median([t.seconds for t in theirs]),
    )


def _record(world: World) -> Timed:
    copy = world.copy(world.planned)
    with laptop_at(copy / "crew") as crew:
        took = timed(lambda: save(crew, world.project_id, world.samples))
    world.discard(copy)
    return took


def _add(crew: Laptop, project_id: str, entry: Entry) -> None:
    saved = add(crew, entry.type, entry.fields, project_id)
    assert saved.view.id == entry.id
