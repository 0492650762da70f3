"""Derive the numbers of the plots that a merge touched, in the background.

A job is keyed by (project, plot): running it twice is harmless, and one that was
begun and not finished comes back when its lease runs out.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from schemas.ids import natural_id
from server.clock import Clock
from server.flow.inputs import layers_of
from server.stocks.plot import METHOD_VERSION, PlotResult, Settings, derive_plot
from server.stocks.rows import change_row, stock_row
from server.store.port import DerivedRow, Job, PlotTree, Store

#: Longer than any plot takes; a server that died leaves its job this long.
LEASE_MS: Final = 60_000


async def derive_waiting(store: Store, clock: Clock) -> int:
    """Derive every waiting plot; give how many stored rows changed."""
    changed = 0
    while True:
        job = await store.write(lambda unit: unit.claim_job(clock.now_ms(), LEASE_MS))
        if job is None:
            return changed
        changed += await derive_one(store, job)


async def derive_one(store: Store, job: Job) -> int:
    """Derive one plot and store what changed."""
    tree = await store.read(lambda unit: unit.plot_tree(job.stream, job.plot))
    rows = await asyncio.to_thread(derived_rows, job, tree)
    return await store.write(lambda unit: unit.store_derived(job, rows))


def derived_rows(job: Job, tree: PlotTree) -> list[DerivedRow]:
    """Give every stock and change of a plot as it follows from its records. Pure."""
    if tree.plot is None:
        return []
    depth_cm = (tree.project.fields if tree.project else {}).get("reference_depth_cm")
    settings = Settings(depth_cm=depth_cm) if depth_cm else Settings()
    result = derive_plot(layers_of(tree), settings)
    common = {
        "method_version": METHOD_VERSION,
        "settings": {"depth_cm": settings.depth_cm},
        "provisional": {
            "conflicts": tree.open_conflicts,
            "quarantined": tree.quarantined,
        },
    }
    return [*_stocks(job, tree, result, common), *_changes(job, tree, result, common)]


def _stocks(
    job: Job, tree: PlotTree, result: PlotResult, common: dict[str, Any]
) -> Iterable[DerivedRow]:
    plot, names = _code(tree), _names(tree)
    for campaign in dict.fromkeys(stock.campaign for stock in result.stocks):
        points = [
            stock_row(
                plot,
                replace(
                    stock, campaign=names[stock.campaign], point=names[stock.point]
                ),
            )
            for stock in result.stocks
            if stock.campaign == campaign
        ]
        points.sort(key=lambda row: _natural(str(row["point"])))
        fields = {"campaign_id": campaign, **common, "points": points}
        name = natural_id(job.stream, "stock", [job.plot, campaign])
        yield DerivedRow("stock", name, job.plot, fields)


def _changes(
    job: Job, tree: PlotTree, result: PlotResult, common: dict[str, Any]
) -> Iterable[DerivedRow]:
    plot, names = _code(tree), _names(tree)
    for change in result.changes:
        early, late = change.from_campaign, change.to_campaign
        named = replace(change, from_campaign=names[early], to_campaign=names[late])
        fields = {
            "from_campaign_id": early,
            "to_campaign_id": late,
            **common,
            "change": change_row(plot, named),
        }
        name = natural_id(job.stream, "change", [job.plot, early, late])
        yield DerivedRow("change", name, job.plot, fields)


def _code(tree: PlotTree) -> str:
    return str(tree.plot.fields["code"]) if tree.plot else ""


def _names(tree: PlotTree) -> dict[str, str]:
    """Give the names people use for the ids the science was keyed by."""
    names = {record.id: str(record.fields["code"]) for record in tree.points}
    names |= {record.id: str(record.fields["name"]) for record in tree.campaigns}
    return names


def _natural(text: str) -> tuple[int, str]:
    """Sort P2 before P10."""
    return (len(text), text)
