"""A laboratory's table reconciled with the bags that are here: no disk, no network."""

import csv
import io
from collections.abc import Iterator

from benchmarks.figures import Figure, in_turn, median, timed
from benchmarks.stage import World
from schemas.lab import outcome
from schemas.lab.check import check
from schemas.lab.layout import LabHabits
from schemas.plausibility.records import Records
from schemas.tables.differing import Differing

_TIMES = 3
_HABITS = LabHabits(methods={"soc": "dry_combustion"})


def reconcile(world: World) -> Iterator[Figure]:
    """Read a table of one value a bag, match, judge and tell it; then read it as texts."""
    entries = [*world.survey.plan, *world.samples]
    records = Records((each.type, each.id, each.fields) for each in entries)
    codes = [str(each.fields["sample_code"]) for each in world.samples]
    table = _table(codes)

    def ours() -> None:
        found = check({"lab.csv": table}, records, _HABITS, "LAS", {})
        told = outcome.document(found, "LAS", Differing.KEEP)
        assert told["counts"]["new"] == len(codes)

    def bare() -> None:
        known = set(codes)
        rows = csv.reader(io.StringIO(table.decode()), delimiter=";")
        next(rows)
        values = [
            float(soc.replace(",", ".")) for _, code, soc in rows if code in known
        ]
        assert len(values) == len(codes)

    both = in_turn(lambda: timed(ours), lambda: timed(bare), times=_TIMES)
    ours_s, bare_s = ([each.cpu_s for each in side] for side in both)
    yield Figure(
        "reconcile_lab_table",
        len(codes),
        median(ours_s),
        "s",
        "reading the rows and looking the labels up",
        median(bare_s),
    )


def _table(codes: list[str]) -> bytes:
    rows = [f"{n};{code};{1 + n % 40 / 20:.2f}" for n, code in enumerate(codes)]
    text = "\n".join(["Labor-Nr;Probe;Corg %", *rows])
    return text.replace(".", ",").encode()
