"""`permille-server stocks compute`: stocks and changes of a table, without a server."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import click

from schemas import vocabulary
from schemas.names import listed
from schemas.problems import from_data
from schemas.told import problem_line
from server.cli.common import say, screen_width
from server.cli.stocks_annotations import told_lines
from server.cli.stocks_table import Document, render_table, rows_of
from server.stocks.choices import Basis

if TYPE_CHECKING:
    from server.stocks.results import PlotResult
    from server.stocks.settings import Settings

DONE: Final = 0
NEEDS_ATTENTION: Final = 1
REFUSED: Final = 4

#: Without the default of projects, which is one of the others.
METHODS: Final = sorted({*vocabulary.STOCK_METHOD_PROFILE.codes} - {"permille"})


def _reference(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> str | None:
    from server.stocks.settings import choose_settings

    try:
        choose_settings(METHODS[0], reference=value)
    except ValueError:
        raise click.BadParameter(
            f"{value!r} is neither mean, point, lightest nor a mass in t/ha, such as 3900"
        ) from None
    return value


def _reasons_by_plot(
    _context: click.Context, _parameter: click.Parameter, values: Sequence[str]
) -> dict[str, str]:
    reasons = {}
    for value in values:
        plot, _, reason = (part.strip() for part in value.partition("="))
        if not plot or not reason:
            raise click.BadParameter(
                f"{value!r}: write the plot and why its change is right, such as"
                " 'P1=grass ploughed up in 2012'"
            )
        reasons[plot] = reason
    return reasons


def _controls_by_plot(
    _context: click.Context, _parameter: click.Parameter, values: Sequence[str]
) -> dict[str, list[str]]:
    controls: dict[str, list[str]] = {}
    for value in values:
        plot, _, text = (part.strip() for part in value.partition("="))
        codes = [code.strip() for code in text.split(",") if code.strip()]
        if not plot or not codes or plot in codes:
            raise click.BadParameter(
                f"{value!r}: write a plot and other plots that are its control, such as"
                " 'treated=C1,C2'"
            )
        controls.setdefault(plot, []).extend(codes)
    return controls


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
@click.option(
    "--method",
    type=click.Choice(METHODS),
    default="hyman",
    show_default=True,
    help="Stocks in an equal soil mass by this curve; fixed_depth leaves them out.",
)
@click.option(
    "--basis",
    type=click.Choice(Basis, case_sensitive=False),
    help="Soil mass held equal.  [default: the method's own]",
)
@click.option(
    "--reference",
    metavar="mean|point|lightest|MASS",
    callback=_reference,
    help="Baseline mass stocks are read at, or t/ha.  [default: the method's own]",
)
@click.option(
    "--confirm",
    "confirmed",
    metavar="PLOT=REASON",
    multiple=True,
    callback=_reasons_by_plot,
    help="Why a change of this plot is right although no soil is known to change as"
    " fast; its verdict is withheld else.",
)
@click.option(
    "--control",
    "controls",
    metavar="PLOT=CONTROL[,CONTROL]",
    multiple=True,
    callback=_controls_by_plot,
    help="Plots of the table that are the control of another: the difference of their"
    " changes is given too.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def compute(  # noqa: PLR0917 - click passes them by name
    context: click.Context,
    path: Path,
    depth_cm: float,
    method: str,
    basis: Basis | None,
    reference: str | None,
    confirmed: dict[str, str],
    controls: dict[str, list[str]],
    as_json: bool,
) -> None:
    """Compute SOC stocks and their changes from a table of layers.

    \b
    Columns:  plot, campaign, date, point, top_cm, bottom_cm,
              soc_pct or soc_g_kg,
              bd_fine_g_cm3, or coarse_pct and coarse_basis with
              bd_whole_g_cm3 or bd_fine_earth_g_cm3; or any of
              them in kg/m3, such as bd_fine_kg_m3
    Optional: core, soc_method, bd_method, revisits_point,
              fragment_density_g_cm3,
              bd_rings, where the density is the mean of so many
              rings and stands for all points of plot and campaign,
              bd_rings_cv_pct, how far one ring is off, in %;
              without it 5 % is assumed
    Missing:  an empty cell, * or NA

    \b
    Example:
      permille-server stocks compute --layers layers.csv --depth-cm 30
      permille-server stocks compute --layers layers.csv --method vm0042 --json
      permille-server stocks compute --layers layers.csv --confirm 'P1=ploughed in 2012'

    Both stocks stand side by side: to the fixed depth, and in an equal mass. A change
    is judged on the equal mass where every point has two layers or more.

    Points of the same name, or named by revisits_point, are compared as pairs.

    Exit code: 0 done, 1 done but a stock or change could not be computed, 2 wrong
    usage, 4 the file was refused and nothing was computed.
    """
    document = compute_document(
        path,
        depth_cm,
        method=method,
        basis=basis,
        reference=reference,
        confirmed=confirmed,
        controls=controls,
    )
    if as_json:
        click.echo(json.dumps(document, indent=2, allow_nan=False))
    else:
        refused = bool(document["problems"])
        told = render_table(document, screen_width(err=refused))
        click.echo(told, nl=False, err=refused)
        for line in told_lines(document["changes"]):
            say(line)
        for warning in document["warnings"]:
            say(f"warning: {problem_line(from_data(warning))}", "  ", err=True)
    context.exit(exit_code(document))


def compute_document(
    path: Path,
    depth_cm: float = 30.0,
    *,
    method: str = "hyman",
    basis: str | None = None,
    reference: str | None = None,
    confirmed: Mapping[str, str] = MappingProxyType({}),
    controls: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Document:
    """Compute the document that `--json` prints; problems stand in it as data.

    Raises
    ------
    ValueError
        If the reference is neither a word nor a positive mass.
    click.UsageError
        If a plot that is confirmed, or named with a control, is not in the table.
    """
    from server.stocks.plot import derive_plots
    from server.stocks.rows import (
        settings_row,
        stock_row,
        trend_row,
    )
    from server.stocks.settings import choose_settings
    from server.tables.layers import read_layers
    from server.tables.odd_columns import table_warnings

    settings = choose_settings(
        method, depth_cm=depth_cm, basis=basis, reference=reference
    )
    table = read_layers(path)
    if not table.problems:
        _check_names("--confirm", confirmed, table.plots)
        named = {*controls, *(code for codes in controls.values() for code in codes)}
        _check_names("--control", named, table.plots)
    results = derive_plots(table.plots, settings, confirmed=confirmed)
    changes = _changes(results, settings, controls)
    return {
        "method": {"version": settings.version, **settings_row(settings)},
        "stocks": [
            stock_row(plot, stock, settings)
            for plot, result in results.items()
            for stock in result.stocks
        ],
        "changes": changes,
        "trends": [
            trend_row(plot, result.trend)
            for plot, result in results.items()
            if result.trend is not None
        ],
        "problems": [asdict(problem) for problem in table.problems],
        "warnings": [one.as_data() for one in table_warnings(table.plots)],
        "ignored_columns": list(table.ignored_columns),
    }


def _changes(
    results: "Mapping[str, PlotResult]",
    settings: "Settings",
    controls: Mapping[str, Sequence[str]],
) -> list[dict[str, Any]]:
    """Return the rows of all changes, with what their points could have told."""
    from server.derivation.controls import against_controls
    from server.stocks.rows import change_row, detectability_row

    changes: list[dict[str, Any]] = [
        change_row(plot, change, settings) | detectability_row(change)
        for plot, result in results.items()
        for change in result.changes
    ]
    plots = {
        plot: {"code": plot, "control_plots": controls.get(plot)} for plot in results
    }
    controlled = against_controls(changes, plots)
    for row in changes:
        key = row["plot"], row["from_campaign"], row["to_campaign"]
        row["against_control"] = controlled.get(key)
    return changes


def _check_names(option: str, names: Iterable[str], plots: Iterable[str]) -> None:
    unknown = sorted({*names} - {*plots})
    if unknown:
        raise click.UsageError(
            f"{option} names {unknown[0]}, which is not in the table; its plots are"
            f" {listed(sorted(plots))}"
        )


def exit_code(document: Document) -> int:
    """Return the exit code that tells a program what the document holds."""
    if document["problems"]:
        return REFUSED
    complete = all(
        row[key] is not None
        for rows, key in (("stocks", "soc_stock_t_ha"), ("changes", "change_t_ha"))
        for row in rows_of(document, rows)
    )
    return DONE if complete else NEEDS_ATTENTION
