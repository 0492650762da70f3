"""stocks: what the server derived from the samples."""

from collections.abc import Mapping
from typing import Any, Final

import click

from collector.cli.app import App, json_option, pass_app, project_option
from collector.cli.output import emit_json, say, table
from schemas.printing import TableForm, prose
from schemas.stock_words import compared_text, notes

CHANGES: Final = TableForm(
    "SOC stock changes",
    "plot",
    "campaigns",
    "n of sampled",
    "before t/ha",
    "after t/ha",
    "change t/ha (95 % CI)",
    "permille/year (95 % CI)",
    "against 4 permille",
    prose("reasons"),
)
POINTS: Final = TableForm(
    "SOC stocks",
    "plot",
    "campaign",
    "point",
    "depth cm",
    "SOC t/ha",
    prose("reasons"),
)


@click.command()
@project_option
@click.option("--plot", metavar="CODE", help="Only this plot.")
@click.option("--points", is_flag=True, help="Show the stock of every point too.")
@json_option
@pass_app
def stocks(
    app: App, project: str | None, plot: str | None, points: bool, as_json: bool
) -> None:
    """Show SOC stocks and their changes, as the server derived them.

    \b
    Example:
      permille sync && permille stocks --plot HF
    """
    from collector.record import names, views

    with app.laptop() as laptop:
        project_id = names.project_of(laptop.store, project)
        if plot is not None:
            plot = str(
                names.find(laptop.store, "plot", plot, project_id).fields["code"]
            )
        found = views.stocks(laptop, project_id, plot)
    if as_json:
        emit_json(found)
        return
    if not found["stocks"] and not found["changes"]:
        click.echo("no stocks yet; after sampling: permille sync")
        return
    if points or not found["changes"]:
        rows = [_point_row(point) for point in found["stocks"]]
        table(POINTS, rows)
    if found["changes"]:
        rows = [_change_row(change) for change in found["changes"]]
        table(CHANGES, rows)
        for change in found["changes"]:
            span = f"{change.get('from_campaign')} - {change.get('to_campaign')}"
            for note in notes(change):
                say(f"{change.get('plot')}, {span}: {note}.", "  ")


def _point_row(point: Mapping[str, Any]) -> list[object]:
    return [
        point.get("plot"),
        point.get("campaign"),
        point.get("point"),
        point.get("depth_cm"),
        _fixed(point.get("soc_stock_t_ha"), 1),
        _reasons(point),
    ]


def _change_row(change: Mapping[str, Any]) -> list[object]:
    return [
        change.get("plot"),
        f"{change.get('from_campaign')} - {change.get('to_campaign')}",
        compared_text(change),
        _fixed(change.get("stock0_t_ha"), 1),
        _fixed(change.get("stock1_t_ha"), 1),
        _with_interval(change, "change_t_ha", "change_ci95_t_ha", 1),
        _with_interval(change, "rate_permille_year", "rate_ci95_permille_year", 2),
        str(change.get("verdict_4permille") or "").replace("_", " "),
        _reasons(change),
    ]


def _with_interval(
    change: Mapping[str, Any], name: str, interval: str, digits: int
) -> str:
    text, ends = _fixed(change.get(name), digits), change.get(interval)
    if not ends:
        return text
    low, high = (_fixed(end, digits, "∞") for end in ends)
    return f"{text} ({'-' if low == '∞' else ''}{low} to {high})"


def _fixed(value: object, digits: int, without: str = "-") -> str:
    return f"{value:z.{digits}f}" if isinstance(value, int | float) else without


def _reasons(row: Mapping[str, Any]) -> str:
    return ", ".join(str(reason) for reason in row.get("reasons") or ())
