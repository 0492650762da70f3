"""`permille-server stocks compute`: stocks and changes of a table, without a server."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final, cast

import click

DONE: Final = 0
NEEDS_ATTENTION: Final = 1
REFUSED: Final = 4

Document = dict[str, object]
_Row = Mapping[str, object]
_Cells = list[tuple[str, ...]]

# A person reads this many problems and mends them; --json has them all.
_PROBLEMS_SHOWN: Final = 50
_NONE: Final = "-"


@click.command()
@click.option(
    "--layers",
    "path",
    metavar="FILE.csv",
    required=True,
    type=click.Path(path_type=Path),
    help="Table with one line per layer.",
)
@click.option(
    "--depth-cm",
    default=30.0,
    show_default=True,
    type=click.FloatRange(1.0, 500.0),
    help="Depth of the stock from the surface.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def compute(context: click.Context, path: Path, depth_cm: float, as_json: bool) -> None:
    """Compute SOC stocks and their changes from a table of layers.

    \b
    Columns:  plot, campaign, date, point, top_cm, bottom_cm,
              soc_pct or soc_g_kg,
              bd_fine_g_cm3, or coarse_pct and coarse_basis with
              bd_whole_g_cm3 or bd_fine_earth_g_cm3
    Optional: core, soc_method, bd_method, revisits_point,
              fragment_density_g_cm3
    Missing:  an empty cell, * or NA

    \b
    Example:
      permille-server stocks compute --layers layers.csv --depth-cm 30

    Points of the same name, or named by revisits_point, are compared as pairs.

    Exit code: 0 done, 1 done but a stock or change could not be computed, 2 wrong
    usage, 4 the file was refused and nothing was computed.
    """
    document = compute_document(path, depth_cm)
    if as_json:
        click.echo(json.dumps(document, indent=2, allow_nan=False))
    else:
        refused = bool(document["problems"])
        click.echo(
            render_table(document), nl=False, file=sys.stderr if refused else None
        )
    context.exit(exit_code(document))


def compute_document(path: Path, depth_cm: float = 30.0) -> Document:
    """Compute the document that `--json` prints; problems stand in it as data."""
    from server.exchange.layers import read_layers
    from server.stocks.plot import METHOD_VERSION, Settings, derive_plot
    from server.stocks.rows import Row, change_row, stock_row

    table = read_layers(path)
    stocks: list[Row] = []
    changes: list[Row] = []
    for plot, layers in table.plots.items():
        result = derive_plot(layers, Settings(depth_cm=depth_cm))
        stocks += [stock_row(plot, stock) for stock in result.stocks]
        changes += [change_row(plot, change) for change in result.changes]
    return {
        "method": {"version": METHOD_VERSION, "depth_cm": depth_cm},
        "stocks": stocks,
        "changes": changes,
        "problems": [asdict(problem) for problem in table.problems],
        "ignored_columns": list(table.ignored_columns),
    }


def exit_code(document: Document) -> int:
    """Tell a program what it needs to know of the document."""
    if document["problems"]:
        return REFUSED
    complete = all(
        row[key] is not None
        for rows, key in (("stocks", "soc_stock_t_ha"), ("changes", "change_t_ha"))
        for row in _rows(document, rows)
    )
    return DONE if complete else NEEDS_ATTENTION


def render_table(document: Document) -> str:
    """Render stocks and changes for a terminal, with what their reason codes mean.

    Takes any document with rows of `stocks` and `changes`, also one that a server
    stored; problems and unused columns are shown where there are any.
    """
    problems = _rows(document, "problems")
    if problems:
        return _render_problems(problems)
    stocks, changes = _rows(document, "stocks"), _rows(document, "changes")
    parts = [
        _title(stocks),
        _columns(_STOCK_HEAD, [_stock_cells(row) for row in stocks]),
    ]
    if changes:
        parts += [
            "Changes",
            _columns(_CHANGE_HEAD, [_change_cells(r) for r in changes]),
        ]
        parts += ["Against 4 permille a year", _verdicts(changes)]
    parts += _render_reasons([*stocks, *changes])
    ignored = cast("Sequence[str]", document.get("ignored_columns", ()))
    if ignored:
        parts.append(f"Columns not used: {', '.join(ignored)}\n")
    return "\n".join(parts)


def _title(stocks: Iterable[_Row]) -> str:
    depths = sorted({cast("float", row["depth_cm"]) for row in stocks})
    ends = " or ".join(f"{depth:g}" for depth in depths)
    return f"SOC stocks, 0 to {ends} cm" if ends else "SOC stocks: none"


_STOCK_HEAD: Final = (
    "plot",
    "campaign",
    "point",
    "stock t/ha",
    "fine soil t/ha",
    "sound to cm",
    "stock to there",
    "reasons",
)
_CHANGE_HEAD: Final = (
    "plot",
    "from",
    "to",
    "years",
    "design",
    "n",
    "change t/ha",
    "95 % interval",
    "p",
    "change",
)
_VERDICT_HEAD: Final = (
    "plot",
    "from",
    "to",
    "permille/year",
    "95 % interval",
    "t CO2e/ha/year",
    "4 permille",
    "reasons",
)


def _stock_cells(row: _Row) -> tuple[str, ...]:
    return (
        *(str(row[key]) for key in ("plot", "campaign", "point")),
        _number(row["soc_stock_t_ha"], 2),
        _number(row["fine_mass_t_ha"], 0),
        _number(row["covered_to_cm"], 1),
        _number(row["stock_to_covered_t_ha"], 2),
        _codes(row),
    )


def _change_cells(row: _Row) -> tuple[str, ...]:
    return (
        *(str(row[key]) for key in ("plot", "from_campaign", "to_campaign")),
        _number(row["years"], 2),
        str(row["design"]),
        f"{row['n0']}, {row['n1']}",
        _number(row["change_t_ha"], 2),
        _interval(row["change_ci95_t_ha"]),
        _p_value(row["p_value"]),
        str(row["verdict_zero"]),
    )


def _verdicts(changes: Iterable[_Row]) -> str:
    return _columns(
        _VERDICT_HEAD,
        [
            (
                *(str(row[key]) for key in ("plot", "from_campaign", "to_campaign")),
                _number(row["rate_permille_year"], 2),
                _interval(row["rate_ci95_permille_year"])
                + (" and beyond" if row["rate_ci95_shape"] == "disjoint" else ""),
                _number(row["co2e_t_ha_year"], 2),
                str(row["verdict_4permille"]),
                _codes(row),
            )
            for row in changes
        ],
    )


def _render_reasons(rows: Iterable[_Row]) -> list[str]:
    from server.stocks.reasons import EXPLANATIONS

    present = {code for row in rows for code in cast("Sequence[str]", row["reasons"])}
    if not present:
        return []
    lines = [
        f"{reason.value}: {why.meaning}.\n  {why.what_to_do}.\n"
        for reason, why in EXPLANATIONS.items()
        if reason.value in present
    ]
    return ["Reasons", "".join(lines)]


def _render_problems(problems: Sequence[_Row]) -> str:
    count = len(problems)
    noun = "problem" if count == 1 else "problems"
    lines = [f"The file was refused: {count} {noun}. Nothing was computed.\n"]
    lines += [_problem(problem) for problem in problems[:_PROBLEMS_SHOWN]]
    if count > _PROBLEMS_SHOWN:
        lines.append(f"and {count - _PROBLEMS_SHOWN} more; --json lists them all\n")
    return "".join(lines)


def _problem(problem: _Row) -> str:
    places = []
    if problem["line"] is not None:
        places.append(f"line {problem['line']}")
    if problem["column"] is not None:
        places.append(f"column {problem['column']}")
    if problem["value"] is not None:
        places.append(repr(problem["value"]))
    where = ", ".join(places) or "file"
    return f"  {where}: {problem['reason']}\n    {problem['hint']}\n"


def _columns(head: tuple[str, ...], cells: _Cells) -> str:
    lines = [head, *cells]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "".join(
        "  ".join(
            text.ljust(width) for text, width in zip(line, widths, strict=True)
        ).rstrip()
        + "\n"
        for line in lines
    )


def _rows(document: Document, key: str) -> Sequence[_Row]:
    return cast("Sequence[_Row]", document.get(key, ()))


def _codes(row: _Row) -> str:
    return " ".join(cast("Sequence[str]", row["reasons"])) or _NONE


def _number(value: object, digits: int) -> str:
    if not isinstance(value, int | float):
        return _NONE
    return f"{value:.{digits}f}"


def _p_value(value: object) -> str:
    return "<0.0001" if isinstance(value, float) and value < 1e-4 else _number(value, 4)


def _interval(ends: object) -> str:
    if not isinstance(ends, list):
        return _NONE
    low, high = ("unbounded" if end is None else f"{end:.2f}" for end in ends)
    return f"{low} to {high}"
