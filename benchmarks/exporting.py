"""Exports of many samples: how much memory they grow by, and how long they take.

`python -m benchmarks.exporting KIND SAMPLES FOLDER` is one export in a process of its own.
"""

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure, say
from benchmarks.machine import forget_peak, held_mib, peak_mib
from benchmarks.stage import World
from benchmarks.yardsticks import json_mib
from schemas.export.manifest import Snapshot
from schemas.export.run import ExportKind, Origin, export
from schemas.export.shape import ExportRecord
from schemas.ids import natural_id
from server.data import plain_database

KINDS = ("csv", "gpkg", "sqlite", "parquet")
_SAMPLES_OF_A_CORE = 4
_CORES_OF_A_PLOT = 100
#: An export that everything is loaded for, before memory is counted from.
_WARM = 100
_TIMES = 100


def exports(world: World) -> Iterator[Figure]:
    """Export a hundred times the samples of the world in each kind."""
    samples = world.n * _TIMES
    text_mib = json_mib([one.fields for one in _records(2000)]) * samples / 2000
    bare_s = _bare_s(world.folder / "bare.csv", samples)
    for kind in KINDS:
        target = world.folder / f"export.{kind}"
        command = [sys.executable, "-m", "benchmarks.exporting", kind, str(samples)]
        done = subprocess.run(
            [*command, str(target)],
            capture_output=True,
            text=True,
            check=True,
            timeout=3600,
        )
        found = json.loads(done.stdout)
        say(f"  {kind}: {found['grown_mib']:.0f} MiB, {found['seconds']:.0f} s")
        yield Figure(
            f"export_{kind}_memory",
            samples,
            found["grown_mib"],
            "MiB",
            "the records as JSON text",
            text_mib,
        )
        yield Figure(
            f"export_{kind}",
            samples,
            found["seconds"],
            "s",
            "the samples through csv.writer",
            bare_s,
        )


def _bare_s(path: Path, samples: int) -> float:
    began_s = time.perf_counter()
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        for record in _records(samples):
            if record.record_type == "sample":
                writer.writerow(record.fields.values())
    path.unlink()
    return time.perf_counter() - began_s


def _id(kind: str, number: int) -> str:
    return natural_id("00000000-0000-4000-8000-000000000000", kind, [number])


def _records(samples: int) -> Iterator[ExportRecord]:
    """Make plots with points, cores, bags and a value of SOC for each bag."""
    project, campaign = _id("project", 0), _id("campaign", 0)

    def one(kind: str, of: int, /, **fields: object) -> ExportRecord:
        return ExportRecord(project, kind, _id(kind, of), fields)

    yield ExportRecord(
        project, "project", project, {"code": "HF", "title": "Highfield"}
    )
    yield one("campaign", 0, name="2026", start_date="2026-05-01", purpose="baseline")
    for n in range(samples):
        core, layer = divmod(n, _SAMPLES_OF_A_CORE)
        plot = core // _CORES_OF_A_PLOT
        if core % _CORES_OF_A_PLOT == 0 and layer == 0:
            yield one("plot", plot, code=f"P{plot}", area_ha=2.5, stratum="clay")
        if layer == 0:
            place = {"lon": 2.35 + core * 1e-6, "lat": 48.85}
            yield one("point", core, plot_id=_id("plot", plot), code=str(core), **place)
            yield one(
                "core",
                core,
                point_id=_id("point", core),
                campaign_id=campaign,
                number=1,
                sampled_at="2026-05-04T09:00:00Z",
                inner_diameter_mm=50.0,
            )
        yield one(
            "sample",
            n,
            core_id=_id("core", core),
            sample_code=f"HF-{n}",
            depth_top_cm=10.0 * layer,
            depth_bottom_cm=10.0 * (layer + 1),
            bulk_density_g_cm3=1.3,
            bulk_density_definition="fine_in_total",
        )
        yield one(
            "result",
            n,
            sample_id=_id("sample", n),
            analyte="soc",
            replicate=1,
            value=15.5,
            unit="g_kg",
            method="dry_combustion",
        )


def _write(kind: ExportKind, target: Path, samples: int) -> None:
    origin = Origin(_records(samples), Snapshot("bench"))
    export(kind, target, origin, plain_database, lambda *_: None)


def main() -> None:
    """Measure one export; print its figures as JSON."""
    kind, samples, target = ExportKind(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    _write(kind, target.with_name(f"warm-{target.name}"), _WARM)
    forget_peak(os.getpid())
    held, began_s = held_mib(os.getpid()), time.perf_counter()
    _write(kind, target, samples)
    seconds = time.perf_counter() - began_s
    grown = peak_mib(os.getpid()) - held
    print(json.dumps({"grown_mib": grown, "seconds": seconds}))


if __name__ == "__main__":
    main()
