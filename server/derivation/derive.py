"""Derive the numbers of the plots that a merge touched, in the background.

A job is keyed by (project, plot): running it twice is harmless, and one that was
begun and not finished comes back when its lease runs out. Plots of one project are
derived together, as one array computation.
"""

import asyncio
import gc
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import orjson

from schemas.ids import natural_id
from server.clock import Clock
from server.derivation.layers import layers_of
from server.stocks.choices import Reference
from server.stocks.plot import PlotResult, Settings, derive_plots
from server.stocks.points import Layer
from server.stocks.rows import (
    change_row,
    reference_of,
    reference_row,
    settings_row,
    stock_row,
    trend_row,
)
from server.stocks.settings import choose_settings
from server.store.port import Store, Transaction
from server.store.values import DerivedPlot, DerivedRow, Job, PlotTree

#: Longer than a batch takes; a server that died leaves its jobs this long.
LEASE_MS: Final = 60_000
_LOOK_AGAIN_S: Final = 0.5
#: Plots of one batch: enough for the arrays, few enough for memory and the lease.
BATCH: Final = 250
#: The profile of a project that names none.
DEFAULT_PROFILE: Final = "permille"

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Derived:
    """One plot on its way: what it was derived from, and what came of it.

    `said` holds the layers of each campaign as a line of JSON, `names` what people call the
    points and campaigns that the science was keyed by.
    """

    job: Job
    tree: PlotTree
    settings: Settings
    layers: list[Layer]
    result: PlotResult
    said: dict[str, bytes]
    inputs: dict[str, list[tuple[str, int]]]
    provisional: dict[str, int]

    plot: str
    names: dict[str, str]


async def derive_waiting(
    store: Store, clock: Clock, progress: Progress = lambda _: None
) -> int:
    """Derive every waiting plot; return how many stored rows changed."""
    changed = 0
    with _collecting_seldom():
        while jobs := await _claim(store, clock):
            changed += await _derive_on_from(jobs, store, clock, progress)
    return changed


async def _derive_on_from(
    jobs: list[Job], store: Store, clock: Clock, progress: Progress
) -> int:
    """Derive batch after batch; the disk keeps one while the next is derived."""
    changed = 0
    rows = await _derive_batch(store, jobs)
    while jobs:
        ahead = await _claim(store, clock)
        storing = store.write(partial(_store, rows=rows, now=clock.stamp()))
        stored, rows = await asyncio.gather(storing, _derive_batch(store, ahead))
        changed += stored
        progress(len(jobs))
        jobs = ahead
    return changed


async def _claim(store: Store, clock: Clock) -> list[Job]:
    return await store.write(lambda tx: tx.claim_jobs(clock.now_ms(), LEASE_MS, BATCH))


async def _derive_batch(store: Store, jobs: Sequence[Job]) -> list[DerivedPlot]:
    """Read plots of one project and derive them together."""
    if not jobs:
        return []
    project_id, plots = jobs[0].project_id, [job.plot_id for job in jobs]
    trees = await store.read(lambda tx: tx.plot_trees(project_id, plots))
    return await asyncio.to_thread(derived_plots, jobs, trees)


def _store(tx: Transaction, rows: Sequence[DerivedPlot], now: str) -> int:
    return tx.save_derived(rows, now)


async def derive_to_the_end(store: Store, clock: Clock, progress: Progress) -> int:
    """Derive until no plot waits, also those another process had begun.

    What a killed process had claimed comes back when its lease runs out.
    """
    changed = 0
    while await store.read(lambda tx: tx.waiting_jobs()):
        changed += await derive_waiting(store, clock, progress)
        if await store.read(lambda tx: tx.waiting_jobs()):
            await clock.pause(_LOOK_AGAIN_S)
    return changed


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """Pause the garbage collector: a batch makes many objects, all without cycles.

    It would walk them again and again, which cost a sixth of the time. Not batch by
    batch: it would walk what a batch has left as soon as it may.
    """
    thresholds = gc.get_threshold()
    gc.set_threshold(1_000_000, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)


def derived_plots(jobs: Sequence[Job], trees: Sequence[PlotTree]) -> list[DerivedPlot]:
    """Return every stock, change and trend as they follow from the records. Pure."""
    return [
        DerivedPlot(each.job, list(rows_of(each)), _reference(each))
        for each in derive_trees(jobs, trees)
    ]


def derive_trees(jobs: Sequence[Job], trees: Sequence[PlotTree]) -> list[Derived]:
    """Derive plots of one project from what was read of them. Pure."""
    project = trees[0].project
    settings = settings_of(project.fields if project else {})
    layers = {
        number: layers_of(tree) if tree.plot else []
        for number, tree in enumerate(trees)
    }
    frozen = {
        number: reference_of(tree.frozen[setting_name(settings)])
        for number, tree in enumerate(trees)
        if setting_name(settings) in tree.frozen
    }
    confirmed = {
        number: said
        for number, tree in enumerate(trees)
        if (said := confirmed_of(tree)) is not None
    }
    results = derive_plots(layers, settings, frozen, confirmed)
    return [
        Derived(
            job=job,
            tree=tree,
            settings=settings,
            layers=layers[number],
            result=results[number],
            said=_said(layers[number]),
            inputs=_inputs(tree),
            provisional={
                "conflicts": tree.open_conflicts,
                "quarantined": tree.quarantined,
            },
            plot=str(tree.plot.fields["code"]) if tree.plot else "",
            names=_names(tree),
        )
        for number, (job, tree) in enumerate(zip(jobs, trees, strict=True))
    ]


def _names(tree: PlotTree) -> dict[str, str]:
    names = {record.id: str(record.fields["code"]) for record in tree.points}
    return names | {r.id: str(r.fields["name"]) for r in tree.campaigns}


def confirmed_of(tree: PlotTree) -> str | None:
    """Return why a person stands by a change of the plot that no soil makes."""
    return tree.plot.fields.get("change_confirmed") if tree.plot else None


def settings_of(fields: Mapping[str, Any]) -> Settings:
    """Return the settings of a project from its fields."""
    mass = fields.get("stock_reference_mass_t_ha")
    return choose_settings(
        fields.get("stock_method_profile", DEFAULT_PROFILE),
        depth_cm=fields.get("reference_depth_cm", Settings().depth_cm),
        basis=fields.get("stock_mass_basis"),
        reference=fields.get("stock_reference") if mass is None else mass,
    )


def setting_name(settings: Settings) -> str:
    """Name what a frozen reference mass belongs to: depth and basis."""
    return f"{settings.depth_cm:g} cm {settings.basis.value}"


def _reference(derived: Derived) -> tuple[str, dict[str, Any]] | None:
    found = derived.result.reference
    settings = derived.settings
    if found is None or not isinstance(settings.reference, Reference):
        return None
    return setting_name(settings), reference_row(found)


def rows_of(derived: Derived) -> Iterator[DerivedRow]:
    """Return every stock, change and trend of a plot."""
    yield from _stocks(derived)
    yield from _changes(derived)
    yield from _trend(derived)


def _stocks(derived: Derived) -> Iterator[DerivedRow]:
    names, campaigns = derived.names, dict[str, list[dict[str, Any]]]()
    for stock in derived.result.stocks:
        row = stock_row(derived.plot, stock, derived.settings)
        row |= {"campaign": names[stock.campaign], "point": names[stock.point]}
        campaigns.setdefault(stock.campaign, []).append(row)
    for campaign, points in campaigns.items():
        points.sort(key=lambda row: _natural(str(row["point"])))
        fields = {"campaign_id": campaign, "points": points}
        yield _row(derived, "stock", [campaign], fields)


def _changes(derived: Derived) -> Iterator[DerivedRow]:
    names = derived.names
    for change in derived.result.changes:
        early, late = change.from_campaign, change.to_campaign
        row = change_row(derived.plot, change, derived.settings)
        row |= {"from_campaign": names[early], "to_campaign": names[late]}
        fields = {"from_campaign_id": early, "to_campaign_id": late, "change": row}
        yield _row(derived, "change", [early, late], fields)


def _trend(derived: Derived) -> Iterator[DerivedRow]:
    trend, names = derived.result.trend, derived.names
    if trend is None:
        return
    campaigns = [stock.campaign for stock in derived.result.stocks]
    row = trend_row(derived.plot, trend)
    row["from_campaign"] = names[trend.from_campaign]
    row["to_campaign"] = names[trend.to_campaign]
    fields = {"trend": row}
    yield _row(derived, "trend", list(dict.fromkeys(campaigns)), fields)


def _row(
    derived: Derived, kind: str, campaigns: list[str], fields: dict[str, Any]
) -> DerivedRow:
    """Return a row with its method, what it rests on, and a digest of both."""
    job = derived.job
    key = [job.plot_id] if kind == "trend" else [job.plot_id, *campaigns]
    common = {
        "method_version": derived.settings.version,
        "settings": settings_row(derived.settings),
        "provisional": derived.provisional,
    }
    used = [derived.said[campaign] for campaign in campaigns]
    whole = {**common, **fields}
    return DerivedRow(
        type=kind,
        id=natural_id(job.project_id, kind, key),
        plot_id=job.plot_id,
        fields={**whole, "digest": digest(used, whole)},
        inputs=[one for name in ("", *campaigns) for one in derived.inputs[name]],
    )


def digest(layers: Sequence[bytes], fields: dict[str, Any]) -> str:
    """Return the SHA-256 of what a row says and of every layer it rests on."""
    row = orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(b"\n".join([*layers, row])).hexdigest()


def _said(layers: Sequence[Layer]) -> dict[str, bytes]:
    """Write the layers of each campaign as one line of JSON, values in their order."""
    campaigns: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for layer in layers:
        campaigns[layer.campaign].append(tuple(layer))
    return {campaign: orjson.dumps(said) for campaign, said in campaigns.items()}


def _inputs(tree: PlotTree) -> dict[str, list[tuple[str, int]]]:
    """Return id and number of every input, by campaign; "" is what all rest on."""
    inputs: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for record in (tree.project, tree.plot, *tree.points):
        if record is not None:
            inputs[""].append((record.id, record.seq))
    for campaign in tree.campaigns:
        inputs[campaign.id].append((campaign.id, campaign.seq))
    home: dict[str, str] = {}
    for records, parent in (
        (tree.cores, "campaign_id"),
        (tree.samples, "core_id"),
        (tree.results, "sample_id"),
    ):
        for name, _, seq, fields, _ in records:
            above = fields[parent]
            home[name] = campaign_id = home.get(above, above)
            inputs[campaign_id].append((name, seq))
    return inputs


def _natural(text: str) -> tuple[int, str]:
    """Sort P2 before P10."""
    return (len(text), text)
