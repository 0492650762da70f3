"""A whole project from stored records to stored results: 5 points, 2 campaigns, 3 layers."""

import asyncio
import json
import os
import random  # noqa: TID251 - seeded, and only to make test data
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.figures import Figure, median, timed
from benchmarks.stage import World, new_server, server_store
from schemas.records import record_id
from server.clock import Clock
from server.config import DataDirectory
from server.derivation.derive import derive_waiting
from server.merge.model import Record, Writer
from server.store.driver import connect
from server.store.rows import record_row
from server.store.save import put_records

_POINTS = 5
_CAMPAIGNS = ("2015", "2025")
_READS = 3
_LAYERS = ((0.0, 15.0), (15.0, 30.0), (30.0, 50.0))


def derive_all(world: World) -> Iterator[Figure]:
    """Derive every plot of a project on one core; as many plots as the run has records."""
    folder = world.folder / "derive_all"
    project_id = new_server(folder)
    database = DataDirectory(folder).database
    connection = connect(database)
    connection.execute("BEGIN IMMEDIATE")
    put_records(connection, map(record_row, records_of(project_id, world.n)))
    connection.execute("UPDATE project SET head = 100000000")
    connection.execute("COMMIT")
    # Records are read where the derivation finds them, not from the log of their writing.
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    with _one_core():
        reads = [timed(lambda: _read(connection)) for _ in range(_READS)]
        connection.close()
        with server_store(folder) as store:
            asyncio.run(_ask(store, project_id))
            took = timed(lambda: asyncio.run(derive_waiting(store, Clock())))
    of_wall = took.seconds, median([read.seconds for read in reads])
    of_cpu = took.cpu_s, median([read.cpu_s for read in reads])
    for name, (value, read_s) in (
        ("derive_all_plots", of_wall),
        ("derive_all_cpu", of_cpu),
    ):
        said = "reading and parsing the same records"
        yield Figure(name, world.n, value, "s", said, read_s)


@contextmanager
def _one_core() -> Iterator[None]:
    """Stay on one core, where the system lets a process choose."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


async def _ask(store, project_id: str) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    await store.write(lambda tx: tx.ask_for(project_id))


def _read(connection) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    for (fields,) in connection.execute("SELECT fields FROM record"):
        json.loads(fields)


def records_of(project_id: str, plots: int) -> Iterator[Record]:
    """Return the records of a project in which every plot gained a little carbon."""
    values = random.Random(4)  # noqa: S311 - seeded test data
    seq = iter(range(10, 100_000_000))

    def record(kind: str, fields: dict[str, object]) -> Record:
        number = next(seq)
        writer = Writer(number, "bench", number, number, "bench")
        name = record_id(project_id, kind, fields)
        return Record(project_id, kind, name, number, fields, {"all": (writer,)})

    campaigns = [
        record(
            "campaign",
            {"name": name, "start_date": f"{name}-09-01", "purpose": "resampling"},
        )
        for name in _CAMPAIGNS
    ]
    yield from campaigns
    for number in range(plots):
        plot = record("plot", {"code": f"P{number}", "area_ha": 2.0})
        yield plot
        for code in range(_POINTS):
            point = record("point", {"plot_id": plot.id, "code": str(code)})
            yield point
            for campaign in campaigns:
                yield from _core(record, point, campaign, values)


def _core(record, point, campaign, values) -> Iterator[Record]:  # type: ignore[no-untyped-def]  # noqa: ANN001
    core = record(
        "core",
        {
            "point_id": point.id,
            "campaign_id": campaign.id,
            "number": 1,
            "sampled_at": f"{campaign.fields['name']}-09-01T12:00:00Z",
        },
    )
    yield core
    for top, bottom in _LAYERS:
        sample = record(
            "sample",
            {
                "core_id": core.id,
                "sample_code": f"{core.id}-{top:g}",
                "depth_top_cm": top,
                "depth_bottom_cm": bottom,
                "bulk_density_g_cm3": round(values.gauss(1.3, 0.05), 3),
                "bulk_density_definition": "fine_in_total",
                "bulk_density_method": "ring",
            },
        )
        yield sample
        yield record(
            "result",
            {
                "sample_id": sample.id,
                "analyte": "soc",
                "replicate": 1,
                "value": round(values.gauss(18.0 - top / 5, 2.0), 2),
                "unit": "g_kg",
                "method": "dry_combustion",
            },
        )
