"""Gather derived numbers for people: the same keys wherever they are shown."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, assert_never

from server.access.projects import find_plot, find_project
from server.derivation.controls import against_controls
from server.derivation.derive import confirmed_of, derive_trees, setting_name
from server.derivation.newest_change import ending_last, with_figures
from server.errors import NotFoundError, RefusedError
from server.figures.annotations import (
    NOTHING,
    Annotations,
    annotate_change,
    errors_of_project,
)
from server.figures.choices import CampaignSpan
from server.merge.model import Record
from server.stocks.detectability import POWER
from server.stocks.plot import derive_plot
from server.stocks.reasons import Reason
from server.stocks.rows import (
    change_row,
    detectability_row,
    estimate_of,
    has_errors,
    reference_of,
)
from server.stocks.verdicts import ZeroVerdict
from server.store.port import Store, Transaction
from server.store.values import Job

Row = dict[str, Any]
Document = dict[str, list[Row]]

_NOT_JUDGED: Final = ZeroVerdict.NOT_ASSESSABLE.value


async def stocks_document(
    store: Store,
    project: str,
    plot: str | None = None,
    annotations: Annotations = NOTHING,
) -> tuple[dict[str, Any], int]:
    """Return stocks, changes and trends of a project, and how many plots still wait.

    Raises
    ------
    NotFoundError
        If there is no such project, or no such plot in it.
    RefusedError
        If figures were asked for beside numbers of an older version.
    """
    project_id = (await find_project(store, project))["id"]
    document = await store.read(lambda tx: project_figures(tx, project_id))
    if plot is not None:
        record = await store.read(lambda tx: find_plot(tx, project_id, plot))
        code = record.fields["code"]
        document = {
            name: [row for row in rows if row["plot"] == code]
            for name, rows in document.items()
        }
    if annotations != NOTHING:
        document["changes"] = [
            {**row, **annotate_change(whole(row, project), annotations)}
            for row in document["changes"]
        ]
    stated = annotations.errors
    if stated is not None:
        found = await store.read(lambda tx: errors_of_project(tx, project_id, stated))
        for row in document["stocks"]:
            row["measurement_error"] = found.get(
                (row["plot"], row["campaign"], row["point"])
            )
    waiting = await store.read(lambda tx: tx.waiting_jobs())
    return dict(document), len(waiting)


def project_figures(tx: Transaction, project_id: str) -> Document:
    """Return every derived row of a project, ordered as people read them."""
    stocks = [
        {**point, **_common(row)}
        for row in tx.records(project_id, "stock")
        for point in row.fields["points"]
    ]
    changes = [
        {**change, **told_of(change), **_common(row)}
        for row in tx.records(project_id, "change")
        for change in (row.fields["change"],)
    ]
    trends = [
        {**row.fields["trend"], **_common(row)}
        for row in tx.records(project_id, "trend")
    ]
    stocks.sort(key=lambda row: (row["plot"], row["campaign"]))
    changes.sort(key=lambda row: (row["plot"], row["to_date"], row["from_date"]))
    trends.sort(key=lambda row: str(row["plot"]))
    plots = {r.fields["code"]: r.fields for r in tx.records(project_id, "plot")}
    controlled = against_controls(changes, plots)
    for row in changes:
        key = row["plot"], row["from_campaign"], row["to_campaign"]
        row["against_control"] = controlled.get(key)
    return {"stocks": stocks, "changes": changes, "trends": trends}


async def change_between(
    store: Store,
    project: str,
    plot: str,
    early: str,
    late: str,
    annotations: Annotations = NOTHING,
) -> Row:
    """Derive the change between any two campaigns of a plot, as asked now.

    Raises
    ------
    NotFoundError
        If the plot or a campaign does not exist.
    """
    project_id = (await find_project(store, project))["id"]
    record = await store.read(lambda tx: find_plot(tx, project_id, plot))
    trees = await store.read(lambda tx: tx.plot_trees(project_id, [record.id]))
    (derived,) = derive_trees([Job(project_id, record.id, 0)], trees)
    sampled = {layer.campaign for layer in derived.layers}
    ids = {derived.names[campaign]: campaign for campaign in sampled}
    wanted = {_campaign(ids, early), _campaign(ids, late)}
    frozen = derived.tree.frozen.get(setting_name(derived.settings))
    result = derive_plot(
        [layer for layer in derived.layers if layer.campaign in wanted],
        derived.settings,
        reference_of(frozen) if frozen else derived.result.reference,
        confirmed_of(derived.tree),
    )
    if not result.changes:
        raise NotFoundError(
            f"{plot} has no two campaigns {early} and {late} with samples",
            f"see: permille-server stocks show --project {project} --plot {plot}",
        )
    change = result.changes[0]
    names = derived.names
    named = replace(
        change,
        from_campaign=names[change.from_campaign],
        to_campaign=names[change.to_campaign],
    )
    row = change_row(derived.plot, named, derived.settings)
    return {**row, **told_of(row), **annotate_change(row, annotations)}


def choose_span(
    changes: Sequence[Row], span: CampaignSpan = CampaignSpan.LONGEST
) -> tuple[Row | None, CampaignSpan | None]:
    """Choose the change that stands for a plot, and name its span.

    A campaign without figures yet, such as before the laboratory answers, is passed
    over. None where the plot has no such change.
    """
    rows = with_figures(changes)
    if not rows:
        return None, None
    first = min(changes, key=lambda row: str(row["from_date"]))["from_campaign"]
    ending = ending_last(rows)
    fitting = _fitting(span, ending, first)
    if not fitting:
        return None, None
    if span is CampaignSpan.LONGEST:
        span = _name_of(fitting[0], ending, first)
    return fitting[0], span


def _fitting(span: CampaignSpan, ending: list[Row], first: str) -> list[Row]:
    """Return the changes up to the last campaign that a span may mean, best first."""
    match span:
        case CampaignSpan.LATEST:
            return ending[-1:]
        case CampaignSpan.FIRST_LAST:
            return [row for row in ending if row["from_campaign"] == first]
        case CampaignSpan.METHOD:
            changed = Reason.METHOD_CHANGED.value
            return [row for row in ending if changed not in row["reasons"]]
        case CampaignSpan.LONGEST:
            return [row for row in ending if _is_judged(row)] or ending
        case _:
            assert_never(span)


def _name_of(row: Row, ending: list[Row], first: str) -> CampaignSpan:
    if row["from_campaign"] == first:
        return CampaignSpan.FIRST_LAST
    return CampaignSpan.LATEST if row is ending[-1] else CampaignSpan.METHOD


def _is_judged(row: Row) -> bool:
    return row["verdict_zero"] != _NOT_JUDGED and row["annual_t_ha"] is not None


def told_of(change: Row) -> Row:
    """Return what the points of a change could have told."""
    if not has_errors(change):
        names = ("mdd_t_ha", "points_needed_4permille", "years_needed_4permille")
        why = "derived by an older version; run: permille-server stocks derive"
        return {
            **dict.fromkeys(names),
            "mdd_power": POWER,
            "detectability_reason": why,
        }
    return detectability_row(estimate_of(change))


def whole(change: Row, project: str) -> Row:
    """Return a change as it stands in the store.

    Raises
    ------
    RefusedError
        If it was derived before the errors of the stocks were stored.
    """
    if has_errors(change):
        return change
    raise RefusedError(
        "numbers were derived by an older version",
        [],
        f"run: permille-server stocks derive --project {project}",
    )


def _campaign(ids: dict[str, str], name: str) -> str:
    if name not in ids:
        raise NotFoundError(
            f"the plot has no campaign {name} with samples",
            f"it has: {', '.join(sorted(ids)) or 'none'}",
        )
    return ids[name]


def _common(row: Record) -> Row:
    names = ("provisional", "method_version", "settings", "digest")
    return {name: row.fields[name] for name in names if name in row.fields}
