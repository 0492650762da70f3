"""A bridge between two laboratory methods, from the bags that were analysed by both."""

from dataclasses import dataclass

from server.access.projects import find_project
from server.derivation.bridging import paired_analyses
from server.derivation.derive import BATCH
from server.stocks.bridge import BridgeFit, BridgeRefusal, fit_bridge
from server.store.port import Store, Transaction

Pair = tuple[str, float, float]


@dataclass(frozen=True, slots=True)
class FoundBridge:
    """What the bags of a project say: code and SOC by both methods, g/kg, of each."""

    pairs: list[Pair]
    fit: BridgeFit | BridgeRefusal


async def find_bridge(
    store: Store, project: str, from_method: str, to_method: str
) -> FoundBridge:
    """Return the bridge that the bags of a project give.

    Raises
    ------
    NotFoundError
        If there is no such project.
    """
    project_id = (await find_project(store, project))["id"]
    pairs = await store.read(lambda tx: _pairs(tx, project_id, from_method, to_method))
    return FoundBridge(
        pairs, fit_bridge([a for _, a, _ in pairs], [b for _, _, b in pairs])
    )


def _pairs(
    tx: Transaction, project_id: str, from_method: str, to_method: str
) -> list[Pair]:
    plots = [record.id for record in tx.records(project_id, "plot")]
    return sorted(
        pair
        for start in range(0, len(plots), BATCH)
        for tree in tx.plot_trees(project_id, plots[start : start + BATCH])
        for pair in paired_analyses(tree, from_method, to_method)
    )


def bridge_fields(
    fit: BridgeFit, from_method: str, to_method: str
) -> dict[str, str | float | int]:
    """Return the fields of a project that record a bridge."""
    bridge = fit.bridge
    return {
        "bridge_from": from_method,
        "bridge_to": to_method,
        "bridge_factor": bridge.factor,
        "bridge_factor_se": bridge.factor_se,
        "bridge_pairs": bridge.pairs,
        "bridge_low_g_kg": bridge.low_g_kg,
        "bridge_high_g_kg": bridge.high_g_kg,
    }
