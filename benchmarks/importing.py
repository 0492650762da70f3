"""A table of layers imported into a laptop that is empty, and into one that is not."""

import csv
import gc
import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.figures import Figure, Timed, in_turn, median, say, timed
from benchmarks.soil import survey
from benchmarks.stage import World, laptop_at, save
from benchmarks.yardsticks import bare_table
from collector.cli import collect_seldom
from collector.clock import Clock
from collector.config import Home
from collector.laptop.open import init
from collector.record.entry import add
from collector.tables import importing
from schemas import limits
from schemas.operations import OperationKind, operation

_TIMES = 3
_POINTS: Final = 20
_LAYERS_CM: Final = ((0, 10), (10, 20), (20, 30), (30, 50), (50, 100))
_COLUMNS: Final = ("plot", "point", "date", "top", "bottom", "bag", "density", "soc")
_MAPPING: Final = """
create = ["plot", "point", "campaign", "core", "sample", "result"]
[[date]]
value = "{date}"
[depth]
top = "{top}"
bottom = "{bottom}"
[plot]
code = "{plot}"
[point]
code = "{point}"
[campaign]
name = "2026"
[sample]
sample_code = "{bag}"
bulk_density_g_cm3 = "{density}"
bulk_density_definition = "whole"
bulk_density_method = "core"
[[result]]
analyte = "soc"
value = "{soc}"
unit = "g_kg"
method = "dry_combustion"
"""


class _Files(NamedTuple):
    """A table and what its columns mean."""

    table: Path
    mapping: Path


def import_layers(world: World) -> Iterator[Figure]:
    """Check and keep a table of as many layers as there are records."""
    files = _Files(world.folder / "layers.csv", world.folder / "layers.toml")
    files.table.write_text(_table(world.n), encoding="utf-8")
    files.mapping.write_text(_MAPPING, encoding="utf-8")
    for held in (0, world.n):
        say(f"  {world.n} layers into a laptop that has {held} bags")
        state = world.folder / f"has-{held}"
        project_id = _laptop(state / "crew", held)
        with bare_table(world.folder / f"bare-import-{held}", encrypted=True) as bare:

            def theirs() -> Timed:
                return timed(
                    lambda: bare.insert(_rows(files.table), limits.IMPORT_BATCH_LAYERS)
                )

            ours, bare_took = in_turn(
                partial(_import, world, state, project_id, files), theirs, _TIMES
            )
        yardstick = median([took.cpu_s for took in bare_took])
        for name, stage in (("check", 0), ("save", 1)):
            cpu_s = median([took[stage].cpu_s for took in ours])
            yield _figure(f"{name}_{held}", world.n, cpu_s, yardstick)
        both_s = median([sum(stage.cpu_s for stage in took) for took in ours])
        yield _figure(str(held), world.n, both_s, yardstick)


def _figure(name: str, n: int, cpu_s: float, yardstick_s: float) -> Figure:
    return Figure(
        f"import_layers_{name}",
        n,
        n / cpu_s,
        "rows/CPU s",
        f"csv and executemany, {limits.IMPORT_BATCH_LAYERS} rows per commit, keyed",
        n / yardstick_s,
    )


def _laptop(folder: Path, bags: int) -> str:
    """Set up a laptop with one project and so many bags; return the project."""
    init(Home(folder), Clock(), folder.name, "Ada Diallo", None)
    with laptop_at(folder) as laptop:
        project = {"code": "KL", "title": "Klostergut"}
        project_id = add(laptop, "project", project).view.id
        made = survey(project_id, bags)
        save(laptop, project_id, [*made.plan, *made.samples])
    return project_id


def _import(
    world: World, state: Path, project_id: str, files: _Files
) -> tuple[Timed, Timed]:
    copy = world.copy(state)
    checked: list[importing.CheckedFile] = []
    with laptop_at(copy / "crew") as laptop, _collecting_as_commands():
        done = operation(OperationKind.IMPORT, laptop.clock.new_id(), "layers.csv")
        looked = timed(
            lambda: checked.append(importing.check(laptop, project_id, *files))
        )
        assert checked[0].is_clean, checked[0].rejections[:1]
        kept = timed(
            lambda: importing.save(laptop, checked[0], done, lambda _done, _all: None)
        )
    world.discard(copy)
    return looked, kept


@contextmanager
def _collecting_as_commands() -> Iterator[None]:
    """Look for garbage as seldom as a process does that runs one command."""
    before = gc.get_threshold()
    collect_seldom()
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _rows(table: Path) -> list[tuple[str, bytes]]:
    """Read a table as the bare machine does: a bag and its row."""
    with table.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        bag = next(rows).index("bag")
        return [(row[bag], ",".join(row).encode()) for row in rows]


def _table(rows: int) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for place in range(rows):
        core, layer = divmod(place, len(_LAYERS_CM))
        plot, point = divmod(core, _POINTS)
        top_cm, bottom_cm = _LAYERS_CM[layer]
        density, soc_g_kg = 1.2 + place % 31 / 100, 22 - 0.15 * top_cm + place % 7 / 10
        day = f"2026-05-{4 + core % 20:02}"
        where = (f"IM-{plot:03}", point + 1, day, top_cm, bottom_cm)
        bag = f"IM-{core:05}-{layer + 1}"
        writer.writerow((*where, bag, f"{density:.2f}", f"{soc_g_kg:.2f}"))
    return out.getvalue()
