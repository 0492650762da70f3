"""What happens in the demo, from top to bottom.

North, south and east are three laptops. They meet the server once, then record two
long-term experiments offline, partly the same campaigns, with three mistakes made
on purpose; then the server is back and everybody syncs until all agree.
"""

import csv
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from demo.commands import Server, Stage, UnexpectedError

ROOT: Final = Path(__file__).parent.parent
LAPTOPS: Final = ("north", "south", "east")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Experiment:
    """One dataset, its project, and which laptop records which campaigns."""

    project: str
    title: str
    depth_cm: float
    plot: tuple[str, ...]
    file: str
    mapping: str
    year_column: str
    years: dict[str, range]


HIGHFIELD: Final = Experiment(
    project="HF",
    title="Highfield Bare Fallow, Rothamsted",
    depth_cm=23.0,
    plot=(
        *("--code", "HF", "--name", "Highfield Bare Fallow", "--land-use", "other"),
        "--note",
        "bare fallow since 1959, before that grassland since 1838",
    ),
    file="highfield_bare_fallow_1959_2014.csv",
    mapping="highfield_bare_fallow.toml",
    year_column="sample_year",
    # 1978 and 2000 are recorded on two laptops each.
    years={
        "north": range(1959, 1979),
        "south": range(1978, 2001),
        "east": range(2000, 2015),
    },
)
WOBURN: Final = Experiment(
    project="WB",
    title="Woburn Ley-arable block 1",
    depth_cm=25.0,
    plot=(
        *("--code", "WB1", "--name", "Woburn Ley-arable, block 1"),
        *("--land-use", "cropland"),
    ),
    file="woburn_ley_arable_1938_2009.csv",
    mapping="woburn_block_1.toml",
    year_column="year",
    # 1984 and 1994 are recorded on two laptops each.
    years={
        "north": range(1984, 1995),
        "south": range(1959, 1985),
        "east": range(1994, 2010),
    },
)
EXPERIMENTS: Final = (HIGHFIELD, WOBURN)


@dataclass
class Outcome:
    """What the demo found."""

    folder: Path
    port: int
    refused: list[dict[str, Any]] = field(default_factory=list)
    syncs: dict[str, dict[str, int]] = field(default_factory=dict)
    statuses: dict[str, dict[str, Any]] = field(default_factory=dict)
    stocks: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    conflicts: list[dict[str, Any]] = field(default_factory=list)
    quarantine: list[dict[str, Any]] = field(default_factory=list)
    laptops_agree: bool = False
    sync_offline_exit: int = 0
    typed: list[str] = field(default_factory=list)


def play(folder: Path, say: Say) -> Outcome:
    """Play the story in a new folder; return what came of it."""
    stage = Stage(folder)
    say("A server is set up, with one project per dataset.")
    stage.server("init")
    for experiment in EXPERIMENTS:
        stage.server(
            *("project", "add", "--code", experiment.project),
            *("--title", experiment.title, "--organisation", "ROTH"),
            *("--organisation-name", "Rothamsted Research"),
            *("--college", "research_institute", "--country", "GB"),
            # One layer per core: there is no mass to compare below it.
            *("--reference-depth-cm", experiment.depth_cm),
            *("--stock-method", "fixed_depth"),
        )
    server = Server(stage)
    try:
        say(f"Three laptops enrol at {server.url} and sync once.")
        meet(stage, server)
    finally:
        server.stop()
    outcome = Outcome(folder, server.port, typed=stage.typed)
    say("The server is gone. The laptops record offline:")
    record_offline(stage, outcome, say)
    say("The server is back. Everybody syncs until all agree.")
    server = Server(stage, outcome.port)
    try:
        converge(stage, outcome)
    finally:
        server.stop()
    return outcome


def meet(stage: Stage, server: Server) -> None:
    """Enrol the laptops; north plans the two plots, the others receive them."""
    people = {"north": "Ada", "south": "Ben", "east": "Chidi"}
    for laptop in LAPTOPS:
        projects = [w for e in EXPERIMENTS for w in ("--project", e.project)]
        code = stage.server("device", "code", *projects, "--name", laptop)["code"]
        stage.permille(laptop, "init", "--name", laptop, "--person", people[laptop])
        stage.permille(laptop, "enrol", server.url, code)
        stage.permille(laptop, "sync")
        if laptop == "north":
            for e in EXPERIMENTS:
                stage.permille(laptop, "plot", "add", *e.plot, "--project", e.project)
            stage.permille(laptop, "sync")


def record_offline(stage: Stage, outcome: Outcome, say: Say) -> None:
    """Record both experiments, each laptop its campaigns, and make the mistakes."""
    for laptop in LAPTOPS:
        for experiment in EXPERIMENTS:
            sheet = field_sheet(stage, laptop, experiment)
            done = stage.permille(
                laptop,
                *("import", "layers", sheet, "--project", experiment.project),
                *("--mapping", ROOT / "fixtures" / "mappings" / experiment.mapping),
                "--write",
            )
            years = experiment.years[laptop]
            say(
                f"  {laptop:5} {experiment.project} campaigns of {years[0]} to"
                f" {years[-1]}: {done['kept']} layers"
            )
    make_mistakes(stage, outcome, say)
    try:
        stage.permille("north", "sync", ends=(3,))
        outcome.sync_offline_exit = 3
    except UnexpectedError:
        outcome.sync_offline_exit = -1


def make_mistakes(stage: Stage, outcome: Outcome, say: Say) -> None:
    """Make an impossible depth, a label on two bags, a plot edited twice."""
    bag = ("sample", "add", "--project", "HF", "--plot", "HF", "--depth-top-cm", "23")
    refused = stage.permille(
        "east",
        *(*bag, "--point", "1", "--campaign", "2014", "--sample-code", "HF-SUB-1"),
        *("--depth-bottom-cm", "4"),
        ends=(4,),
    )
    outcome.refused.append(refused["error"])
    say("  east  an impossible depth, 23 to 4 cm: refused at entry, nothing written")
    for laptop, point, campaign in (("north", "1", "1971"), ("east", "2", "2014")):
        stage.permille(
            laptop,
            *(*bag, "--point", point, "--campaign", campaign),
            *("--sample-code", "HF-SUB-1", "--depth-bottom-cm", "46"),
        )
    say("  north and east put the same label HF-SUB-1 on two bags")
    edit = ("plot", "edit", "HF", "--project", "HF")
    stage.permille("north", *edit, "--area-ha", "0.035", "--stratum", "clay")
    stage.permille("south", *edit, "--area-ha", "0.040", "--farm", "Highfield")
    say("  north and south both edit plot HF: other areas, stratum and farm")


def field_sheet(stage: Stage, laptop: str, experiment: Experiment) -> Path:
    """Write the rows a laptop's crew brought home, as the file has them."""
    source = ROOT / "fixtures" / "campaigns" / experiment.file
    sheet = stage.folder / "sheets" / f"{laptop}_{experiment.file}"
    sheet.parent.mkdir(exist_ok=True)
    with source.open(newline="") as rows, sheet.open("w", newline="") as out:
        reader = csv.DictReader(rows)
        assert reader.fieldnames is not None
        writer = csv.DictWriter(out, reader.fieldnames)
        writer.writeheader()
        wanted = experiment.years[laptop]
        writer.writerows(
            row for row in reader if int(row[experiment.year_column]) in wanted
        )
    return sheet


def converge(stage: Stage, outcome: Outcome) -> None:
    """Sync all laptops until nothing moves, then gather what everybody sees."""
    counted = ("pushed", "accepted", "merged", "conflicts", "quarantined", "received")
    outcome.syncs = {laptop: dict.fromkeys(counted, 0) for laptop in LAPTOPS}
    for _ in range(20):
        received = 0
        for laptop in LAPTOPS:
            done = stage.permille(laptop, "sync", ends=(0, 1))
            received += done["received"]
            for name in counted:
                outcome.syncs[laptop][name] += done[name]
        if not received and not stage.server("stats")["plots_to_derive"]:
            break
        time.sleep(0.2)
    seen = [what_a_laptop_sees(stage, laptop) for laptop in LAPTOPS]
    outcome.laptops_agree = seen[0] == seen[1] == seen[2]
    shown = [
        stage.server("stocks", "show", "--project", e.project) for e in EXPERIMENTS
    ]
    outcome.stocks = {
        name: [row for document in shown for row in document[name]]
        for name in ("stocks", "changes")
    }
    outcome.conflicts = stage.server("conflict", "list")
    outcome.quarantine = stage.server("quarantine", "list")
    outcome.statuses = {n: stage.permille(n, "status", ends=(0, 1)) for n in LAPTOPS}


def what_a_laptop_sees(stage: Stage, laptop: str) -> dict[str, Any]:
    """Return a laptop's numbers and records, without what only waits on its fix list."""
    seen: dict[str, Any] = {"stocks": stage.permille(laptop, "stocks")}
    for experiment in EXPERIMENTS:
        for kind in ("plot", "sample", "result"):
            listed = stage.permille(
                *(laptop, kind, "list"),
                *("--project", experiment.project, "--limit", 10_000),
            )
            seen[f"{experiment.project} {kind}"] = {
                row["id"]: row["fields"] for row in listed if row["state"] != "to fix"
            }
    return seen
