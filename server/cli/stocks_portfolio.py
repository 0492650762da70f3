"""Command `stocks portfolio`: what a project or an organisation contributes."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import click

from schemas.printing import TableForm, prose
from schemas.stock_words import control_note
from schemas.told import counted
from server.cli.common import json_option, print_json, print_table, say, with_store
from server.cli.crediting import credited_text, crediting_of, crediting_options
from server.figures.choices import By, CampaignSpan
from server.stocks.choices import Lonely

_Row = dict[str, Any]

AREAS: Final = TableForm(
    "portfolio by area",
    prose("of"),
    *("plots", "ha measured", "t C/ha", "t C/ha/year", "95 % interval"),
    *("t C/year", "t CO2e/year", "95 % of CO2e", "change"),
)
RATES: Final = TableForm(
    "portfolio by rate",
    prose("of"),
    *("permille/year", "95 % interval", "4 permille", prose("own target")),
    *(prose("spans"), "waiting", prose("reasons")),
)
_PLOTS_NAMED: Final = 10


@click.command()
@click.option("--organisation", help="Organisation, by code; in all its projects.")
@click.option("--project", help="Project, by code or start of its id.")
@click.option("--all", "every", is_flag=True, help="Every project of this server.")
@click.option(
    "--by",
    type=click.Choice(By, case_sensitive=False),
    multiple=True,
    help="Gather plots by this; may be repeated.  [default: project; with --project"
    " plot]",
)
@click.option(
    "--span",
    type=click.Choice(CampaignSpan, case_sensitive=False),
    default="longest",
    show_default=True,
    help="Which change stands for a plot: the longest with a verdict (else first to"
    " last), first to last, the longest of one laboratory method, the last two"
    " campaigns.",
)
@click.option(
    "--lonely",
    type=click.Choice(Lonely, case_sensitive=False),
    default="fail",
    show_default=True,
    help="What to do about a plot of one point, or the one plot drawn from a stratum,"
    " which has no variance.",
)
@click.option(
    "--projection",
    is_flag=True,
    help="Also what it comes to by 2050, if the measured rate went on.",
)
@crediting_options
@json_option
@click.pass_context
def portfolio(  # noqa: PLR0917 - click passes them by name
    context: click.Context,
    /,
    organisation: str | None,
    project: str | None,
    every: bool,
    by: tuple[By, ...],
    span: CampaignSpan,
    lonely: Lonely,
    projection: bool,
    as_json: bool,
    **given: Any,  # noqa: ANN401 - click's values
) -> None:
    """Print what a project or an organisation contributes, in its own terms.

    Area-weighted over the plots that were measured; plots that were not are never
    filled. Plots that were drawn out of many (permille project edit --plot-selection)
    stand for all land they were drawn from. The same organisation code in several projects is one organisation.
    4 permille a year is an illustration; a target that the organisation recorded is
    tested in the same way. Exit code 1 says that plots still wait to be derived.

    \b
    Example:
      permille-server stocks portfolio --organisation ROTH --by land_use
      permille-server stocks portfolio --project HF --by farm --by stratum --json
    """
    if sum([organisation is not None, project is not None, every]) != 1:
        raise click.UsageError("give one of --organisation, --project and --all")
    from server.figures.portfolio import Choices, PortfolioScope
    from server.figures.portfolio import portfolio as gather

    levels = by or ((By.PLOT,) if project is not None else (By.PROJECT,))
    choices = Choices(
        by=tuple(dict.fromkeys(levels)),
        span=span,
        lonely=lonely,
        projection=projection,
        crediting=crediting_of(given),
    )
    scope = PortfolioScope(project, organisation)
    document, waiting = with_store(context, lambda store: gather(store, scope, choices))
    if as_json:
        print_json(document)
    else:
        _print(document)
    if waiting:
        click.echo(
            f"{counted(waiting, 'plot')} to be derived yet; a running server does that,"
            " or: permille-server stocks derive",
            err=True,
        )
        context.exit(1)


def _print(document: _Row) -> None:
    rows = [*document["groups"], document["total"]]
    print_table(AREAS, [_area_cells(row) for row in rows])
    click.echo()
    print_table(RATES, [_rate_cells(row) for row in rows])
    click.echo()
    told = (
        *_about(document),
        *_controlled(rows),
        *_projections(rows),
        *_credited(rows),
    )
    for line in (*told, *document["notes"]):
        say(line)
    for code, why in _reasons(rows):
        say(f"{code}: {why.meaning}.", "  ")
        say(f"  {why.what_to_do}.")


def _area_cells(row: _Row) -> tuple[str, ...]:
    return (
        _name(row),
        f"{row['measured_plots']} of {row['plots']}",
        _area(row),
        f"{_number(row['stock0_t_ha'], 2)} to {_number(row['stock1_t_ha'], 2)}",
        _number(row["annual_t_ha"], 3),
        _interval(row["annual_ci95_t_ha"], 3),
        _short(row["total_c_t_year"]),
        _short(row["total_co2e_t_year"]),
        _ends(row["total_co2e_ci95_t_year"]),
        row["verdict_zero"],
    )


def _area(row: _Row) -> str:
    measured, area = row["measured_area_ha"], row["area_ha"]
    share = f"{100.0 * row['coverage']:.0f} %"
    if not row["drawn_plots"]:
        return f"{measured:.6g} of {area:.6g} ({share})"
    stands_for = row["represented_area_ha"]
    return f"{measured:.6g} for {stands_for:.6g} of {area:.6g} ({share})"


def _rate_cells(row: _Row) -> tuple[str, ...]:
    beyond = " and beyond" if row["rate_ci95_shape"] == "disjoint" else ""
    target = row["target_permille_year"]
    waiting = row["provisional"]
    return (
        _name(row),
        _number(row["rate_permille_year"], 2),
        _interval(row["rate_ci95_permille_year"], 2) + beyond,
        row["verdict_4permille"],
        "-" if target is None else f"{row['verdict_target']} ({target:g})",
        ", ".join(
            f"{count} {span.replace('_', ' ')}" for span, count in row["spans"].items()
        )
        or "-",
        str(waiting["conflicts"] + waiting["quarantined"] or "-"),
        " ".join(row["reasons"]) or "-",
    )


def _name(row: _Row) -> str:
    name = row["name"] or ("every project" if row["level"] == "all" else "not recorded")
    inside = row["project"] not in {None, row["name"]}
    return (
        f"{row['level']} {row['project']} {name}"
        if inside
        else (f"{row['level']} {name}")
    )


def _about(document: _Row) -> Iterator[str]:
    total = document["total"]
    if not total["measured_plots"]:
        yield "No plot with an area has been measured in two campaigns yet."
    else:
        yield (
            f"Sampled {total['first_date']} to {total['last_date']}. Figures are of the"
            f" {'represented' if total['drawn_plots'] else 'measured'} area; 4 permille a year is an illustration, no pass mark."
        )
    if total["drawn_plots"]:
        yield _drawn(total)
    left_out = [row["plot"] for row in document["plots"] if not row["counted"]]
    if left_out:
        yield f"Not counted: {_listed(left_out)}. No figure stands in for them."
    waiting = total["provisional"]
    if waiting["plots"]:
        yield (
            f"Provisional: {counted(waiting['plots'], 'plot')}, with"
            f" {counted(waiting['conflicts'], 'conflict')} and"
            f" {counted(waiting['quarantined'], 'quarantined change')} among the inputs."
        )
    alone = total["lonely"]
    if alone != "fail" and "SINGLE_POINT" in total["reasons"]:
        yield f"Plots of one point have no variance of their own; rule used: {alone}."
    if alone != "fail" and "SINGLE_PLOT" in total["reasons"]:
        yield f"A plot drawn alone has no variance between plots; rule used: {alone}."


def _drawn(row: _Row) -> str:
    """Return that plots stand for more than themselves."""
    rest = row["plots"] - row["drawn_plots"]
    beside = f" Beside them, not drawn: {counted(rest, 'plot')}." if rest else ""
    return (
        f"Two-stage sample: {counted(row['drawn_plots'], 'plot')} drawn out of many."
        f" The measured {row['measured_area_ha']:.6g} ha stand for"
        f" {row['represented_area_ha']:.6g} of {row['area_ha']:.6g} ha."
        f" The error is that between drawn plots.{beside}"
    )


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _PLOTS_NAMED
    shown = ", ".join(names[:_PLOTS_NAMED])
    return f"{shown} and {more} more" if more > 0 else shown


def _controlled(rows: Sequence[_Row]) -> Iterator[str]:
    """Return what treated plots changed beyond their controls."""
    for row in rows:
        note = control_note(row)
        if note is not None:
            yield f"{_name(row)}, {note}."


def _projections(rows: Sequence[_Row]) -> Iterator[str]:
    for row in rows:
        found = row["projection"]
        if found is None:
            continue
        if found["reason"] is not None:
            yield f"{_name(row)}: no projection, {found['reason']}."
            continue
        yield (
            f"{_name(row)}: {found['condition']} from {found['from_date']} to"
            f" {found['to_date']}, {_short(found['total_co2e_t'])} t CO2e"
            f" ({_ends(found['total_co2e_ci95_t'])}),"
            f" {_number(found['gain_t_ha'], 2)} t C/ha"
            f" ({_interval(found['gain_ci95_t_ha'], 2)})."
        )


def _credited(rows: Sequence[_Row]) -> Iterator[str]:
    for row in rows:
        found = row.get("crediting")
        if found is None:
            continue
        yield f"{_name(row)}: {credited_text(found)}"


def _reasons(rows: Sequence[_Row]) -> Iterator[tuple[str, Any]]:
    from server.stocks.reasons import EXPLANATIONS

    present = {code for row in rows for code in row["reasons"]}
    for reason, why in EXPLANATIONS.items():
        if reason.value in present:
            yield reason.value, why


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:z.{digits}f}"


def _interval(ends: Sequence[float | None] | None, digits: int) -> str:
    if ends is None:
        return "-"
    low, high = ("unbounded" if end is None else f"{end:.{digits}f}" for end in ends)
    return f"{low} to {high}"


def _short(value: float | None) -> str:
    """Return three digits: totals run from grams to megatonnes."""
    if value is None:
        return "-"
    return f"{value:.3g}" if abs(value) < 1000.0 else f"{value:.0f}"


def _ends(ends: Sequence[float] | None) -> str:
    return "-" if ends is None else f"{_short(ends[0])} to {_short(ends[1])}"
