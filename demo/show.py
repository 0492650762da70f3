"""Show what came out, on a terminal of any width."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from demo.expectations import Expectation
from demo.story import LAPTOPS, Outcome
from schemas.told import told_values, worded


def show(console: Console, outcome: Outcome, checked: list[Expectation]) -> None:
    """Print the changes, what waits for people, the checks, and how to go on."""
    console.print()
    console.print(_changes(outcome))
    console.print(_custody(outcome))
    for line in _waiting(outcome):
        console.print(f"  {line}", highlight=False)
    console.print()
    for expectation in checked:
        mark = "[green]ok[/]  " if expectation.holds else "[red]FAIL[/]"
        console.print(f"  {mark} {expectation.what}", highlight=False)
        if not expectation.holds:
            console.print(f"       found: {expectation.found}", highlight=False)
    _go_on(console, outcome)


def _changes(outcome: Outcome) -> Table:
    table = Table(title="Soil organic carbon stock changes", title_justify="left")
    table.add_column("plot", no_wrap=True)
    table.add_column("campaigns", no_wrap=True)
    table.add_column("n", justify="right")
    table.add_column("before\nt C/ha", justify="right")
    table.add_column("after\nt C/ha", justify="right")
    table.add_column("change t C/ha\n(95 % CI)", justify="right", no_wrap=True)
    table.add_column("permille a year\n(95 % CI)", justify="right", no_wrap=True)
    table.add_column("against 4 permille")
    table.add_column("reasons", overflow="fold")
    plot = ""
    for row in outcome.stocks["changes"]:
        if plot and row["plot"] != plot:
            table.add_section()
        plot = row["plot"]
        table.add_row(*_cells(row))
    return table


def _cells(row: dict[str, Any]) -> list[str]:
    return [
        row["plot"],
        f"{row['from_campaign']} - {row['to_campaign']}",
        str(row["n0"]) if row["n0"] == row["n1"] else f"{row['n0']}, {row['n1']}",
        f"{row['stock0_t_ha']:.2f}",
        f"{row['stock1_t_ha']:.2f}",
        _with_interval(row["change_t_ha"], row["change_ci95_t_ha"]),
        _with_interval(row["rate_permille_year"], row["rate_ci95_permille_year"]),
        row["verdict_4permille"],
        " ".join(row["reasons"]),
    ]


def _with_interval(value: float | None, ends: list[float | None] | None) -> str:
    if value is None:
        return "-"
    if ends is None:
        return f"{value:.2f}"
    low, high = ("unbounded" if end is None else f"{end:.2f}" for end in ends)
    return f"{value:.2f} ({low} to {high})"


def _custody(outcome: Outcome) -> Table:
    table = Table(title="What happened to what the laptops sent", title_justify="left")
    names = ("pushed", "accepted", "merged", "conflicts", "quarantined", "received")
    table.add_column("laptop")
    for name in names:
        table.add_column(name, justify="right")
    for laptop in LAPTOPS:
        counts = outcome.syncs[laptop]
        table.add_row(laptop, *(str(counts[name]) for name in names))
    return table


def _waiting(outcome: Outcome) -> list[str]:
    """Describe what waits for a person, in words."""
    refused = [p["text"] for error in outcome.refused for p in error["problems"]]
    return [
        *(f"refused at entry: {text}" for text in refused),
        *(
            f"in conflict: {c['name']}, {told_values(c['stood'])} stands,"
            f" {told_values(c['other'])} of {c['person']} is kept"
            for c in outcome.conflicts
        ),
        *(
            f"quarantined: {q['name']} of {q['person']},"
            f" {worded(q['why'][0]['text'], q['names'])}"
            for q in outcome.quarantine
        ),
    ]


def _go_on(console: Console, outcome: Outcome) -> None:
    data = outcome.folder / "server"
    home = outcome.folder / "east"
    console.print(f"\nEverything is in {_short(outcome.folder)}. Go on with:")
    for command in (
        f".venv/bin/permille-server --data {_short(data)} run --port {outcome.port}",
        f".venv/bin/permille-server --data {_short(data)} stocks show --project HF",
        f".venv/bin/permille-server --data {_short(data)} quarantine list",
        f".venv/bin/permille --home {_short(home)} fix",
        f".venv/bin/permille --home {_short(home)} conflicts",
        f".venv/bin/permille --home {_short(home)} status",
    ):
        console.print(f"  {command}", highlight=False, soft_wrap=True)


def _short(path: Path) -> str:
    return (
        str(path.relative_to(Path.cwd()))
        if path.is_relative_to(Path.cwd())
        else str(path)
    )
