"""One bag is corrected: how long until its plot has new numbers on disk."""

import asyncio
import json
from collections.abc import Iterator

from benchmarks.figures import Figure, Timed, median, percentile, timed
from benchmarks.scale import write
from benchmarks.soil import LAYERS_CM, PER_PLOT, Entry, result_of, survey
from benchmarks.stage import World, new_server, server_store
from benchmarks.yardsticks import bare_table
from server.clock import Clock
from server.config import DataDirectory
from server.derivation.derive import derive_waiting
from server.store.driver import connect
from server.store.port import Store

_TIMES = 15
#: Five points, three layers, two campaigns.
_ORDINARY = 30


def derive(world: World) -> Iterator[Figure]:
    """Correct one bag of an ordinary plot, and of one with very many bags."""
    for bags in (_ORDINARY, PER_PLOT):
        yield _derive(world, bags)


def _derive(world: World, bags: int) -> Figure:
    folder = world.folder / f"derive_{bags}"
    project_id = new_server(folder)
    made = survey(project_id, bags)
    results = [result_of(project_id, bag, n) for n, bag in enumerate(made.samples)]
    everything = [*made.plan, *made.samples, *results]
    with (
        server_store(folder) as store,
        bare_table(folder / "bare", encrypted=False) as bare,
    ):
        write(store, project_id, everything)
        asyncio.run(derive_waiting(store, Clock()))
        ours, theirs = [], []
        for place in range(_TIMES):
            ours.append(
                corrected(
                    store,
                    project_id,
                    made.samples[place % (bags // len(LAYERS_CM)) * len(LAYERS_CM)],
                    place,
                ).seconds
            )
            read_s = timed(lambda: _read(DataDirectory(folder))).seconds
            theirs.append(read_s + bare.save(str(place), b"x" * 1000))
    return Figure(
        "derive_one_bag",
        bags,
        median(ours) * 1000,
        "ms",
        "reading the plot's rows and committing one",
        percentile(theirs, 0.5) * 1000,
    )


def corrected(store: Store, project_id: str, bag: Entry, place: int) -> Timed:
    """Correct the mass of a bag; return what the derivation alone took."""
    grams = bag.fields["fine_dry_mass_g"] - 1.0 - place / 100
    heavier = {**bag.fields, "fine_dry_mass_g": grams}
    write(store, project_id, [Entry(bag.type, bag.id, heavier)])
    changed: list[int] = []
    took = timed(lambda: changed.append(asyncio.run(derive_waiting(store, Clock()))))
    assert changed[0], "a corrected bag changes its plot"
    return took


def _read(data: DataDirectory) -> None:
    connection = connect(data.database)
    try:
        for (fields,) in connection.execute("SELECT fields FROM record"):
            json.loads(fields)
    finally:
        connection.close()
