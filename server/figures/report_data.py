"""Gather what a project's report shows: one snapshot, plain data."""

import shlex
from collections.abc import Sequence
from typing import Any

from schemas.lab.replicates import field_replicates
from schemas.plausibility.records import Records
from schemas.selection import drawn_areas
from server.access.projects import find_project
from server.derivation.derive import BATCH, settings_of
from server.figures.group_stocks import group_stocks
from server.figures.queries import project_figures
from server.figures.soc_layers import soc_by_depth
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
from server.stocks.reasons import EXPLANATIONS
from server.stocks.rows import settings_row
from server.store.custody_values import ConflictQuery, CustodyQuery
from server.store.port import Store, Transaction
from server.store.values import PlotTree

Row = dict[str, Any]


async def report_of(
    store: Store, name: str, aggregates: Sequence[Row] = ()
) -> ReportPage:
    """Gather the report of a project; the same records give the same report.

    Raises
    ------
    NotFoundError
        If there is no such project.
    """
    project = await find_project(store, name)
    return await store.read(lambda tx: _gather(tx, project, aggregates))


def _gather(tx: Transaction, project: Row, aggregates: Sequence[Row]) -> ReportPage:
    project_id = project["id"]
    rows = project_figures(tx, project_id)
    plots = tx.records(project_id, "plot")
    campaigns = tx.records(project_id, "campaign")
    own = next(
        (p for p in tx.records(project_id, "project") if p.id == project_id), None
    )
    fields = own.fields if own else {}
    settings = settings_of(fields)
    facts, layers = _of_trees(tx, project_id, plots)
    conflicts = tx.conflicts(ConflictQuery(project_id=project_id))
    waiting_changes = tx.quarantine(
        CustodyQuery(project_id=project_id, statuses=(CustodyStatus.OPEN,))
    )
    waiting = [row for row in rows["changes"] if any(row["provisional"].values())]
    return ReportPage(
        project=ProjectFacts(
            code=project["code"],
            title=project["title"],
            organisation=_organisation(tx, project_id, fields),
            depth_cm=settings.depth_cm,
            method_profile=project["stock_method_profile"] or "permille",
            method_version=settings.version,
            settings=settings_row(settings),
        ),
        plots=facts,
        layers=layers,
        stocks=rows["stocks"],
        changes=rows["changes"],
        trends=rows["trends"],
        aggregates=aggregates,
        group_stocks=group_stocks(plots, campaigns, rows, drawn_areas(fields)),
        campaigns=[
            CampaignFacts(name=c.fields["name"], date=c.fields["start_date"])
            for c in campaigns
        ],
        custody=OpenCounts(
            conflicts=len(conflicts),
            quarantined=len(waiting_changes),
            provisional=len(waiting),
        ),
        **_quality(tx, project_id, fields),
        reasons={r.value: ReasonText(*why) for r, why in EXPLANATIONS.items()},
        commands=_commands(project["code"], rows["changes"]),
    )


def _quality(tx: Transaction, project_id: str, fields: Row) -> Row:
    """Return the controls of the project's laboratories, where there are any."""
    controls = tx.records(project_id, "lab_control")
    if not controls:
        return {}
    decisions = tx.records(project_id, "lab_batch")
    replicates = field_replicates(
        Records(
            (kind, one.id, one.fields)
            for kind in ("plot", "point", "campaign", "core", "sample", "result")
            for one in tx.records(project_id, kind)
        )
    )
    return {
        "lab_controls": [one.fields for one in controls],
        "lab_decisions": [one.fields for one in decisions],
        "lab_limits": fields,
        "field_replicates": [one.as_data() for one in replicates],
    }


def _organisation(tx: Transaction, project_id: str, fields: Row) -> str | None:
    """Return who runs the project; where it does not say, the first that it knows."""
    known = {o.id: o.fields["name"] for o in tx.records(project_id, "organisation")}
    return known.get(
        fields.get("organisation_id", ""), next(iter(known.values()), None)
    )


def _of_trees(
    tx: Transaction, project_id: str, plots: Sequence[Record]
) -> tuple[list[PlotFacts], list[Row]]:
    """Return what there is of each plot, and its SOC by depth."""
    facts, layers = [], list[Row]()
    order = sorted(plots, key=lambda each: (str(each.fields["code"]), each.id))
    for start in range(0, len(order), BATCH):
        some = order[start : start + BATCH]
        trees = tx.plot_trees(project_id, [plot.id for plot in some])
        for plot, tree in zip(some, trees, strict=True):
            facts.append(_facts(plot, tree))
            layers += soc_by_depth(tree)
    return facts, layers


def _facts(plot: Record, tree: PlotTree) -> PlotFacts:
    names = ("name", "farm", "stratum", "land_use", "area_ha", "geometry")
    return PlotFacts(
        code=plot.fields["code"],
        **{name: plot.fields.get(name) for name in names},
        points=len(tree.points),
        # A core in the records may be several that were mixed in one bag.
        cores=sum(core.fields.get("cores_composited") or 1 for core in tree.cores),
        bags=len(tree.samples),
    )


def _commands(code: str, changes: Sequence[Row]) -> list[Command]:
    code = shlex.quote(code)
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
        path = shlex.join(row[key] for key in ("plot", "from_campaign", "to_campaign"))
        commands.append(
            Command(
                f"permille-server stocks explain {path} --project {code}",
                "from a figure to its bags, results and people",
            )
        )
    return commands
