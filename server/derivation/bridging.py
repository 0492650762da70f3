"""Bring SOC of one laboratory method to another, as the project recorded it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.derivation.lab_quality import counted_results
from server.derivation.layer_values import mean_g_kg
from server.stocks.bridge import Bridge
from server.stocks.points import Layer
from server.stocks.reasons import Reason
from server.store.values import PlotTree

#: What a factor makes up for: the oxidation that the method leaves out is part of it.
_MADE_UP_FOR = frozenset({Reason.RECOVERY_UNKNOWN})


@dataclass(frozen=True, slots=True)
class ProjectBridge:
    """The bridge of a project, and the two laboratory methods that it joins."""

    bridge: Bridge
    from_method: str
    to_method: str


def bridge_of(project: Mapping[str, Any]) -> ProjectBridge | None:
    """Return the bridge that the fields of a project record; None without one."""
    if project.get("bridge_factor") is None:
        return None
    bridge = Bridge(
        factor=project["bridge_factor"],
        factor_se=project["bridge_factor_se"],
        pairs=project["bridge_pairs"],
        low_g_kg=project["bridge_low_g_kg"],
        high_g_kg=project["bridge_high_g_kg"],
    )
    return ProjectBridge(bridge, project["bridge_from"], project["bridge_to"])


def paired_analyses(
    tree: PlotTree, from_method: str, to_method: str
) -> Iterator[tuple[str, float, float]]:
    """Return code and SOC by both methods, g/kg, of each bag that was analysed by both.

    Values below a detection limit tell nothing of a factor and are left out.
    """
    results: dict[str, dict[str, list[Mapping[str, Any]]]] = {}
    for record in counted_results(tree.results, tree.lab).results:
        said = record.fields
        if said["analyte"] == "soc" and said.get("value") is not None:
            by_method = results.setdefault(said["sample_id"], {})
            by_method.setdefault(said["method"], []).append(said)
    for sample in tree.samples:
        found = results.get(sample.id, {})
        if from_method in found and to_method in found:
            first, second = (
                mean_g_kg(found[method], sample.fields)
                for method in (from_method, to_method)
            )
            yield str(sample.fields["sample_code"]), first, second


def bridged(layers: Sequence[Layer], found: ProjectBridge | None) -> list[Layer]:
    """Return the layers of a plot by one method, as far as the bridge reaches.

    A plot of one method alone stays as it was analysed. Outside of the range of the
    bridge values stay too, and the change of method withholds the verdict.
    """
    if found is None or found.to_method not in {layer.soc_method for layer in layers}:
        return list(layers)
    return [_bridged(layer, found) for layer in layers]


def _bridged(layer: Layer, found: ProjectBridge) -> Layer:
    value, bridge = layer.soc_g_kg, found.bridge
    if layer.soc_method != found.from_method or value is None:
        return layer
    if not bridge.low_g_kg <= value <= bridge.high_g_kg:
        return layer
    kept = [reason for reason in layer.reasons if reason not in _MADE_UP_FOR]
    return layer._replace(
        soc_g_kg=bridge.factor * value,
        soc_method=found.to_method,
        bridge=bridge.shared,
        reasons=(*kept, Reason.BRIDGED),
    )
