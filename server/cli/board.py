"""Command `board`: a programme and a campaign at a glance."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import click

from schemas.printing import TableForm, prose
from schemas.told import counted
from server.cli.common import (
    json_option,
    print_first,
    print_json,
    print_table,
    required_project_option,
    say,
    with_store,
)

_Row = dict[str, Any]

#: As server.figures.programme.VERDICTS and server.figures.campaign_board.Team have them:
#: named here so that --help loads no arrays.
VERDICTS: Final = (
    "not assessable",
    "not distinguishable",
    "below",
    "above",
    "no change",
)
TEAMS: Final = ("device", "person")
_LATE_DAYS: Final = 30

PROJECTS: Final = TableForm(
    "programme",
    *("project", "plots", "above", "below", "not distinguishable", "not assessable"),
    *("no change", "waiting"),
)
WHY: Final = TableForm("not assessable", "plots", prose("why"), prose("what to do"))
PLOTS: Final = TableForm(
    "plots of a programme",
    *("project", "plot", prose("campaigns"), "permille/year", "95 % interval"),
    *("4 permille", prose("why")),
)
STAGES: Final = TableForm(
    "stages of a campaign", "stage", "points", "late", "oldest since"
)
CREWS: Final = TableForm(
    "who recorded points", prose("recorded by"), "points", "late", prose("stages")
)
PROGRESS: Final = TableForm(
    "plots of a campaign", "plot", "points", "late", prose("stages")
)
POINTS: Final = TableForm(
    "points of a campaign",
    *("point", "stage", "since", "days", "late", prose("recorded by")),
)

page_option: Final = click.option(
    "--page",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Page of 50 plots.",
)


@click.group()
def board() -> None:
    """Show a programme or a campaign at a glance.

    \b
    Example:
      permille-server board programme
      permille-server board campaign --project HF --campaign 2026
    """


@board.command("programme")
@click.option("--project", help="Only this project, by code or start of its id.")
@click.option(
    "--verdict", type=click.Choice(VERDICTS), help="Only plots of this verdict."
)
@page_option
@json_option
@click.pass_context
def programme(
    context: click.Context,
    project: str | None,
    verdict: str | None,
    page: int,
    as_json: bool,
) -> None:
    """Show the newest change of each plot against the line of 4 permille a year.

    The line is an illustration, no pass mark. With --json each plot has its place, and
    `map` has all of them as dots. Exit code 1 says that plots wait to be derived.

    \b
    Example:
      permille-server board programme
      permille-server board programme --project HF --verdict "not assessable"
    """
    from server.access.projects import find_project, projects
    from server.figures.pages import PageChoice
    from server.figures.programme import programme_board

    async def job(store: Any) -> _Row:  # noqa: ANN401
        if project is None:
            known = await projects(store)
        else:
            known = [await find_project(store, project)]
        names = {one["id"]: one["name"] for one in known}
        return await programme_board(store, names, verdict, PageChoice(page))

    found = with_store(context, job)
    if as_json:
        print_json(found)
    else:
        _print_programme(found)
    _tell_waiting(context, found["total"]["waiting"])


def _print_programme(found: _Row) -> None:
    print_table(PROJECTS, [_project_cells(row) for row in found["projects"]])
    click.echo()
    if found["not_assessable"]:
        print_table(
            WHY,
            [
                (row["plots"], row["meaning"], row["what_to_do"] or "-")
                for row in found["not_assessable"]
            ],
        )
        click.echo()
    print_table(PLOTS, [_plot_cells(row) for row in found["plots"]])
    _tell_page(found, "plot")
    say(
        f"{found['illustration_permille_year']:g} permille a year is an illustration,"
        " no pass mark."
    )


def _project_cells(row: Mapping[str, Any]) -> tuple[object, ...]:
    verdicts = ("above", "below", "not_distinguishable", "not_assessable", "no_change")
    return (
        row["project"],
        row["plots"],
        *(row[name] for name in verdicts),
        row["waiting"] or "-",
    )


def _plot_cells(row: Mapping[str, Any]) -> tuple[object, ...]:
    campaigns = "-"
    if row["from_campaign"] is not None:
        campaigns = f"{row['from_campaign']} - {row['to_campaign']}"
    beyond = " and beyond" if row["rate_ci95_shape"] == "disjoint" else ""
    return (
        row["project"],
        row["plot"],
        campaigns,
        _number(row["rate_permille_year"]),
        _interval(row["rate_ci95_permille_year"]) + beyond,
        row["verdict_4permille"] or "-",
        "; ".join(row["why"]) or "-",
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:z.2f}"


def _interval(ends: Iterable[float | None] | None) -> str:
    if ends is None:
        return "-"
    return " to ".join("unbounded" if end is None else f"{end:z.2f}" for end in ends)


@board.command("campaign")
@required_project_option
@click.option("--campaign", required=True, help="Name of the campaign.")
@click.option(
    "--by",
    type=click.Choice(TEAMS),
    default=TEAMS[0],
    show_default=True,
    help="Whom points are counted by: the laptops or the people that recorded them.",
)
@click.option(
    "--late",
    "late_days",
    type=click.IntRange(0),
    default=_LATE_DAYS,
    show_default=True,
    metavar="DAYS",
    help="A point that is in a stage for more days is late.",
)
@page_option
@json_option
@click.pass_context
def campaign(  # noqa: PLR0917 - click passes them by name
    context: click.Context,
    project: str,
    campaign: str,
    by: str,
    late_days: int,
    page: int,
    as_json: bool,
) -> None:
    """Show how far each point of a campaign has come, late ones first.

    Stages are planned, visited, bagged, handed over, at the lab, measured and derived;
    a skipped point is done. Exit code 1 says that plots wait to be derived.

    \b
    Example:
      permille-server board campaign --project HF --campaign 2026
      permille-server board campaign --project HF --campaign 2026 --by person --late 14
    """
    from server.access.projects import find_project
    from server.clock import Clock
    from server.custody.warnings import utc
    from server.figures.campaign_board import CampaignChoices, Team, campaign_board
    from server.figures.pages import PageChoice

    choices = CampaignChoices(
        today=utc(Clock()).date(),
        late_days=late_days,
        by=Team(by),
        page=PageChoice(page),
    )

    async def job(store: Any) -> _Row:  # noqa: ANN401
        project_id = (await find_project(store, project))["id"]
        return await campaign_board(store, project_id, campaign, choices)

    found = with_store(context, job)
    if as_json:
        print_json(found)
    else:
        _print_campaign(found)
    _tell_waiting(context, found["waiting"])


def _print_campaign(found: _Row) -> None:
    about = found["campaign"]
    end = f" to {about['end_date']}" if about["end_date"] else ""
    say(
        f"{about['name']}, {about['purpose']}, {about['start_date']}{end}:"
        f" {counted(found['points'], 'point')}, {found['late']} late (in a stage for more"
        f" than {counted(found['late_days'], 'day')})."
    )
    stages = [row for row in found["stages"] if row["points"]]
    print_table(
        STAGES,
        [(row["stage"], row["points"], row["late"], row["oldest"]) for row in stages],
    )
    click.echo()
    print_table(CREWS, [_counted_cells(row, "team") for row in found["teams"]])
    click.echo()
    print_table(PROGRESS, [_counted_cells(row, "plot") for row in found["plots"]])
    _tell_page(found, "plot")
    points = [
        _point_cells(plot["plot"], visit)
        for plot in found["plots"]
        for visit in plot["visits"]
    ]
    if points:
        click.echo()
        print_first(POINTS, points)


def _counted_cells(row: Mapping[str, Any], name: str) -> tuple[object, ...]:
    stages = ", ".join(f"{count} {stage}" for stage, count in row["stages"].items())
    return row[name] or "nobody yet", row["points"], row["late"], stages


def _point_cells(plot: str, visit: Mapping[str, Any]) -> tuple[object, ...]:
    recorded = [visit[name] for name in ("person", "device") if visit[name]]
    return (
        f"{plot}/{visit['point']}",
        visit["stage"],
        visit["since"],
        "-" if visit["days"] is None else visit["days"],
        "late" if visit["late"] else "-",
        " on ".join(recorded) or "-",
    )


def _tell_page(found: Mapping[str, Any], noun: str) -> None:
    """Say which page this is, where there are several."""
    if found["pages"] > 1:
        say(
            f"page {found['page']} of {found['pages']},"
            f" {counted(found['plots_found'], noun)}; the next: --page"
        )


def _tell_waiting(context: click.Context, waiting: int) -> None:
    """Say how many plots wait to be derived, and end with exit code 1 where any does."""
    if waiting:
        say(
            f"{counted(waiting, 'plot')} to be derived yet; a running server does that,"
            " or: permille-server stocks derive",
            err=True,
        )
        context.exit(1)
