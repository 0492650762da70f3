"""Gather what a project's report shows: one snapshot, plain data."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from schemas.selection import drawn_areas
from server.access.projects import find_project
from server.clock import Clock
from server.derivation.derive import settings_of
from server.figures.queries import Document, project_figures
from server.merge.model import Record
from server.merge.statuses import CustodyStatus
from server.report.model import (
    CampaignFacts,
    Command,
    OpenCounts,
    PlotFacts,
    ProjectFacts,
    ReasonText,
    ReportPage,
)
from server.stocks.aggregate import mean_stock
from server.stocks.reasons import EXPLANATIONS
from server.stocks.rows import settings_row
from server.store.custody_values import ConflictQuery, CustodyQuery
from server.store.port import Store, Transaction

Row = dict[str, Any]


async def report_of(
    store: Store, clock: Clock, name: str, aggregates: Sequence[Row] = ()
) -> ReportPage:
    """Gather the report of a project.

    Raises
    ------
    NotFoundError
        If there is no such project.
    """
    project = await find_project(store, name)
    now = f"{clock.stamp()[:16].replace('T', ' ')} UTC"
    return await store.read(lambda tx: _gather(tx, project, now, aggregates))


def _gather(
    tx: Transaction, project: Row, now: str, aggregates: Sequence[Row]
) -> ReportPage:
    project_id = project["id"]
    rows = project_figures(tx, project_id)
    plots = tx.records(project_id, "plot")
    campaigns = tx.records(project_id, "campaign")
    organisations = tx.records(project_id, "organisation")
    own = next(
        (p for p in tx.records(project_id, "project") if p.id == project_id), None
    )
    settings = settings_of(own.fields if own else {})
    conflicts = tx.conflicts(ConflictQuery(project_id=project_id))
    waiting_changes = tx.quarantine(
        CustodyQuery(project_id=project_id, statuses=(CustodyStatus.OPEN,))
    )
    waiting = [row for row in rows["changes"] if any(row["provisional"].values())]
    return ReportPage(
        project=ProjectFacts(
            code=project["code"],
            title=project["title"],
            organisation=next((o.fields["name"] for o in organisations), None),
            depth_cm=settings.depth_cm,
            method_profile=project["stock_method_profile"] or "permille",
            method_version=settings.version,
            settings=settings_row(settings),
        ),
        generated_at=now,
        plots=_plots(tx, project_id, plots, rows["stocks"]),
        stocks=rows["stocks"],
        changes=rows["changes"],
        trends=rows["trends"],
        aggregates=aggregates,
        group_stocks=_strata(
            plots, campaigns, rows, drawn_areas(own.fields if own else {})
        ),
        campaigns=[
            CampaignFacts(name=c.fields["name"], date=c.fields["start_date"])
            for c in campaigns
        ],
        custody=OpenCounts(
            conflicts=len(conflicts),
            quarantined=len(waiting_changes),
            provisional=len(waiting),
        ),
        reasons={r.value: ReasonText(*why) for r, why in EXPLANATIONS.items()},
        commands=_commands(project["code"], rows["changes"]),
    )


def _plots(
    tx: Transaction, project_id: str, plots: Sequence[Record], stocks: Sequence[Row]
) -> list[PlotFacts]:
    points: dict[str, int] = defaultdict(int)
    for point in tx.records(project_id, "point"):
        points[point.fields["plot_id"]] += 1
    samples: dict[str, int] = defaultdict(int)
    for row in stocks:
        samples[row["plot"]] += row["cores"]
    return [
        PlotFacts(
            code=plot.fields["code"],
            name=plot.fields.get("name"),
            farm=plot.fields.get("farm"),
            stratum=plot.fields.get("stratum"),
            land_use=plot.fields.get("land_use"),
            area_ha=plot.fields.get("area_ha"),
            geometry=plot.fields.get("geometry"),
            points=points[plot.id],
            samples=samples[plot.fields["code"]],
        )
        for plot in sorted(plots, key=lambda each: str(each.fields["code"]))
    ]


def _commands(code: str, changes: Sequence[Row]) -> list[Command]:
    commands = [
        Command(
            f"permille-server stocks show --project {code} --json",
            "every figure of this page",
        ),
        Command(
            f"permille-server stocks derive --project {code}",
            "derive all plots again from the stored records",
        ),
    ]
    for row in changes[-1:]:
        path = f"{row['plot']} {row['from_campaign']} {row['to_campaign']}"
        commands.append(
            Command(
                f"permille-server stocks explain {path} --project {code}",
                "from a figure to its bags, results and people",
            )
        )
    return commands


def _strata(
    plots: Sequence[Record],
    campaigns: Sequence[Record],
    rows: Document,
    drawn: dict[str, float],
) -> list[Row]:
    """Return the area-weighted mean stock of each stratum and campaign.

    Only strata whose plots all have an area and a standard error.
    """
    dates = {c.fields["name"]: c.fields["start_date"] for c in campaigns}
    key = _stock_key(rows["changes"])
    of_plot: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in rows["stocks"]:
        if row[key] is not None:
            of_plot[row["plot"], row["campaign"]].append(row[key])
    members: dict[str, list[Record]] = defaultdict(list)
    for plot in plots:
        if plot.fields.get("stratum"):
            members[plot.fields["stratum"]].append(plot)
    return [
        {"level": "stratum", "name": stratum, "campaign": name, "date": dates[name]}
        | figures
        for stratum, own in sorted(members.items())
        for name in sorted(dates, key=dates.__getitem__)
        if (figures := _weighted(own, name, of_plot, is_drawn=stratum in drawn))
        is not None
    ]


def _stock_key(changes: Sequence[Row]) -> str:
    """Name the stocks that are drawn: those that every change is judged on."""
    judged = {row.get("judged_on", "fixed_depth") for row in changes}
    return "esm_stock_t_ha" if judged == {"equivalent_mass"} else "soc_stock_t_ha"


def _weighted(
    plots: Sequence[Record],
    campaign: str,
    of_plot: dict[tuple[str, str], list[float]],
    *,
    is_drawn: bool,
) -> Row | None:
    parts: list[tuple[float, list[float]]] = [
        (
            plot.fields.get("area_ha") or 0.0,
            of_plot.get((plot.fields["code"], campaign), []),
        )
        for plot in plots
    ]
    least = 1 if is_drawn else 2
    if not all(area > 0.0 and len(values) >= least for area, values in parts):
        return None
    found = mean_stock(parts, is_drawn=is_drawn)
    ends = None if found.ci95 is None else [*found.ci95]
    return {"stock_t_ha": found.value, "stock_ci95_t_ha": ends}
