"""Gather derived numbers for people: the same keys wherever they are shown."""

from dataclasses import replace
from typing import Any

from server.errors import NotFoundError
from server.flow.admin import find_project
from server.flow.derive import derive_trees, setting_name
from server.stocks.plot import derive_plot
from server.stocks.rows import change_row, reference_of
from server.store.port import Job, Store, Unit
from server.sync.model import Record

Row = dict[str, Any]
Document = dict[str, list[Row]]


async def stocks_document(
    store: Store, project: str, plot: str | None = None
) -> tuple[dict[str, Any], int]:
    """Give stocks, changes and trends of a project, and how many plots still wait."""
    stream = (await find_project(store, project))["id"]
    document = await store.read(lambda unit: gather(unit, stream))
    if plot is not None:
        document = {
            name: [row for row in rows if row["plot"] == plot]
            for name, rows in document.items()
        }
    return dict(document), await store.read(lambda unit: unit.waiting_jobs())


def gather(unit: Unit, stream: str) -> Document:
    """Give every derived row of a project, ordered as people read them."""
    stocks = [
        {**point, **_common(row)}
        for row in unit.records(stream, "stock")
        for point in row.fields["points"]
    ]
    changes, trends = (
        [{**row.fields[kind], **_common(row)} for row in unit.records(stream, kind)]
        for kind in ("change", "trend")
    )
    stocks.sort(key=lambda row: (row["plot"], row["campaign"]))
    changes.sort(key=lambda row: (row["plot"], row["to_date"], row["from_date"]))
    trends.sort(key=lambda row: str(row["plot"]))
    return {"stocks": stocks, "changes": changes, "trends": trends}


async def change_between(
    store: Store, project: str, plot: str, early: str, late: str
) -> Row:
    """Derive the change between any two campaigns of a plot, as asked now.

    Raises
    ------
    NotFoundError
        If the plot or a campaign does not exist.
    """
    stream = (await find_project(store, project))["id"]
    record = await store.read(lambda unit: find_plot(unit, stream, plot))
    trees = await store.read(lambda unit: unit.plot_trees(stream, [record.id]))
    (derived,) = derive_trees([Job(stream, record.id, 0)], trees)
    ids = {name: number for number, name in derived.names.items()}
    wanted = {_campaign(ids, early), _campaign(ids, late)}
    frozen = derived.tree.frozen.get(setting_name(derived.settings))
    result = derive_plot(
        [layer for layer in derived.layers if layer.campaign in wanted],
        derived.settings,
        reference_of(frozen) if frozen else derived.result.reference,
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
    return dict(change_row(derived.plot, named, derived.settings))


def find_plot(unit: Unit, stream: str, code: str) -> Record:
    """Give the plot with this code or id.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    for record in unit.records(stream, "plot"):
        if code in {record.fields["code"], record.id}:
            return record
    raise NotFoundError(f"there is no plot {code}", "see: permille-server stocks show")


def _campaign(ids: dict[str, str], name: str) -> str:
    if name not in ids:
        raise NotFoundError(
            f"the plot has no campaign {name}", f"it has: {', '.join(sorted(ids))}"
        )
    return ids[name]


def _common(row: Record) -> Row:
    names = ("provisional", "method_version", "settings", "digest")
    return {name: row.fields[name] for name in names if name in row.fields}
