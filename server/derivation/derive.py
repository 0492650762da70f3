"""Derive the numbers of the plots that a merge touched, in the background.

A job is keyed by (project, plot): running it twice is harmless, and one that was
begun and not finished comes back when its lease runs out. Plots of one project are
derived together, as one array computation.
"""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any, Final

import orjson

from schemas.ids import natural_id
from server.clock import Clock
from server.derivation.boards import board_of, with_handling
from server.derivation.garbage import collecting_seldom
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
from server.store.port import Holds, Store, Transaction
from server.store.values import DerivedPlot, DerivedRow, Job, PlotTree

#: Longer than a batch takes; a server that died leaves its jobs this long.
LEASE_MS: Final = 60_000
_LOOK_AGAIN_S: Final = 0.5
#: Plots of one batch: enough for the arrays, few enough for memory and the lease.
BATCH: Final = 250
#: Plots that are read at once: their text stays in the cache of a core.
_READ_AT_ONCE: Final = 50
#: Plots of one transaction: a sync waits for its end, which is some 25 ms away.
_SAVED_AT_ONCE: Final = 50
#: Between two of them. SQLite keeps no queue: who waits looks again after up to 25 ms.
_GIVE_WAY_S: Final = 0.025
#: The profile of a project that names none.
DEFAULT_PROFILE: Final = "permille"

Progress = Callable[[int], None]
#: Derives plots of one project from what was read of them, here or elsewhere.
Deriving = Callable[[Sequence[Job], Sequence[PlotTree]], Awaitable[list[DerivedPlot]]]


def never() -> bool:
    """Return that it is not over."""
    return False


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


async def derive_here(
    jobs: Sequence[Job], trees: Sequence[PlotTree]
) -> list[DerivedPlot]:
    """Derive plots in a thread of this process."""
    return await asyncio.to_thread(derived_plots, jobs, trees)


async def derive_waiting(
    store: Store,
    clock: Clock,
    progress: Progress = lambda _: None,
    is_over: Callable[[], bool] = never,
    deriving: Deriving = derive_here,
) -> int:
    """Derive every waiting plot; return how many stored rows changed.

    Once it is over, what was claimed is derived and nothing more.
    """
    changed = 0

    async def claim() -> list[Job]:
        return [] if is_over() else await _claim(store, clock)

    with collecting_seldom():
        while jobs := await claim():
            rows = await _derive_batch(store, jobs, deriving)
            # Batch after batch: the disk keeps one while the next is derived.
            while jobs:
                ahead = await claim()
                stored, rows = await asyncio.gather(
                    _save(store, rows, clock), _derive_batch(store, ahead, deriving)
                )
                changed += stored
                progress(len(jobs))
                jobs = ahead
    return changed


async def _claim(store: Store, clock: Clock) -> list[Job]:
    return await store.write(
        lambda tx: tx.claim_jobs(clock.now_ms(), LEASE_MS, BATCH), Holds()
    )


async def _derive_batch(
    store: Store, jobs: Sequence[Job], deriving: Deriving
) -> list[DerivedPlot]:
    """Read plots of one project and derive them together."""
    if not jobs:
        return []
    trees = await store.read(partial(_read, jobs=jobs))
    return await deriving(jobs, trees)


def _read(tx: Transaction, jobs: Sequence[Job]) -> list[PlotTree]:
    project_id, plots = jobs[0].project_id, [job.plot_id for job in jobs]
    parts = range(0, len(plots), _READ_AT_ONCE)
    return [
        tree
        for start in parts
        for tree in with_handling(
            tx,
            project_id,
            tx.plot_trees(project_id, plots[start : start + _READ_AT_ONCE]),
        )
    ]


async def _save(store: Store, plots: Sequence[DerivedPlot], clock: Clock) -> int:
    """Save plots, and let others write between; return what changed."""
    changed, now = 0, clock.stamp()
    for start in range(0, len(plots), _SAVED_AT_ONCE):
        if start:
            await clock.pause(_GIVE_WAY_S)
        part = plots[start : start + _SAVED_AT_ONCE]
        holds = Holds(project_ids={derived.job.project_id for derived in part})
        changed += await store.write(partial(_save_part, plots=part, now=now), holds)
    return changed


def _save_part(tx: Transaction, plots: Sequence[DerivedPlot], now: str) -> int:
    return tx.save_derived(plots, now)


async def derive_to_the_end(store: Store, clock: Clock, progress: Progress) -> int:
    """Derive until no plot waits, also those another process had begun.

    What a killed process had claimed comes back when its lease runs out.
    """
    changed = 0
    while await store.read(lambda tx: tx.is_waiting()):
        changed += await derive_waiting(store, clock, progress)
        if await store.read(lambda tx: tx.is_waiting()):
            await clock.pause(_LOOK_AGAIN_S)
    return changed


def derived_plots(jobs: Sequence[Job], trees: Sequence[PlotTree]) -> list[DerivedPlot]:
    """Return every stock, change and trend as they follow from the records. Pure."""
    return [_derived_plot(each) for each in derive_trees(jobs, trees)]


def _derived_plot(derived: Derived) -> DerivedPlot:
    rows = list(rows_of(derived))
    board = board_of(derived.tree, rows)
    return DerivedPlot(derived.job, rows, _reference(derived), board)


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
        row["campaign"], row["point"] = names[stock.campaign], names[stock.point]
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
        inputs=list(
            chain.from_iterable(derived.inputs[name] for name in ("", *campaigns))
        ),
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
    beside: dict[str, dict[str, int]] = defaultdict(dict)
    for result in tree.results if tree.lab.controls or tree.lab.decisions else ():
        beside[home[result.id]] |= {
            record.id: record.seq for record in tree.lab.beside([result])
        }
    for campaign_id, found in beside.items():
        inputs[campaign_id] += found.items()
    return inputs


def _natural(text: str) -> tuple[int, str]:
    """Sort P2 before P10."""
    return (len(text), text)
