"""A full derivation killed with -9: run again, it comes to the same numbers."""

import json
import random
import signal
import subprocess
import time

import pytest

from schemas.changes import Draft
from schemas.records import record_id
from server.clock import Clock
from server.config import DataDirectory
from server.custody.own_log import add_project, record
from server.derivation import derive
from server.store.sqlite import SqliteStore, create
from tests.processes import PERMILLE_SERVER, run

pytestmark = pytest.mark.timeout(240)

PLOTS = 60
CYCLES = 3
SEED = 3


def drafts(project_id):
    """One layer at two points in two campaigns for each plot."""

    def draft(kind, fields):
        name = record_id(project_id, kind, fields)
        return Draft(project_id, kind, name, fields=fields)

    campaigns = [
        draft(
            "campaign", {"name": y, "start_date": f"{y}-09-01", "purpose": "baseline"}
        )
        for y in ("2010", "2020")
    ]
    yield from campaigns
    for number in range(PLOTS):
        plot = draft("plot", {"code": f"P{number}"})
        yield plot
        for code in "AB":
            point = draft("point", {"plot_id": plot.record_id, "code": code})
            yield point
            for campaign in campaigns:
                year = campaign.fields["name"]
                core = draft(
                    "core",
                    {
                        "point_id": point.record_id,
                        "campaign_id": campaign.record_id,
                        "number": 1,
                        "sampled_at": f"{year}-09-01T12:00:00Z",
                    },
                )
                yield core
                bag = draft(
                    "sample",
                    {
                        "core_id": core.record_id,
                        "sample_code": f"{number}{code}{year}",
                        "depth_top_cm": 0.0,
                        "depth_bottom_cm": 30.0,
                        "bulk_density_g_cm3": 1.2,
                        "bulk_density_definition": "fine_in_total",
                    },
                )
                yield bag
                yield draft(
                    "result",
                    {
                        "sample_id": bag.record_id,
                        "analyte": "soc",
                        "replicate": 1,
                        "value": 15.0 + number % 7 + int(year) % 3 + ord(code) % 5,
                        "unit": "g_kg",
                        "method": "dry_combustion",
                    },
                )


async def numbers(data, project_id):
    store = SqliteStore(data.database)
    try:
        rows = await store.read(lambda tx: tx.records(project_id, "change"))
        return {row.id: row.fields["digest"] for row in rows}
    finally:
        store.close()


def kill_runs(words, seed, cycles):
    """Start the derivation again and again, and kill it at seeded moments."""
    delays = random.Random(seed)
    began = time.monotonic()
    run(PERMILLE_SERVER, *words, check=0)
    whole_s = time.monotonic() - began
    for _ in range(cycles):
        process = subprocess.Popen([*PERMILLE_SERVER, *words], stdout=subprocess.PIPE)
        time.sleep(delays.uniform(0.3, 1) * whole_s)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)


async def kill_derivations(path, seed, cycles):
    """Kill derivations of all plots, and compare what the next one comes to."""
    data = DataDirectory(path / "server")
    create(data.database, Clock())
    store = SqliteStore(data.database)
    fields = {"code": "P", "title": "P", "reference_depth_cm": 30.0}
    project_id = await add_project(store, Clock(), fields, {})
    everything = list(drafts(project_id))
    for start in range(0, len(everything), 400):
        await record(store, Clock(), everything[start : start + 400])
    await derive.derive_waiting(store, Clock())
    store.close()
    before = await numbers(data, project_id)
    assert len(before) == PLOTS
    words = ["--data", str(data.path), "stocks", "derive", "--project", "P", "--json"]
    kill_runs(words, seed, cycles)
    # What a killed run had claimed is leased for a while: here it has run out.
    store = SqliteStore(data.database)
    await store.write(
        lambda tx: tx.connection.execute("UPDATE job SET leased_until = 0")
    )
    store.close()
    done = run(PERMILLE_SERVER, *words, check=0)
    assert json.loads(done.stdout) == {"plots": PLOTS, "changed_rows": 0}
    assert await numbers(data, project_id) == before


async def test_a_derivation_killed_at_any_moment_comes_to_the_same_numbers(tmp_path):
    await kill_derivations(tmp_path, SEED, CYCLES)
