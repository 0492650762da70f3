"""From a plot's records to the layers its stocks are derived from. Pure.

Raw field and laboratory quantities are stored; here they become SOC in g/kg and
fine-soil bulk density, by the best route the record allows. What is not known is
left out and says why; nothing is guessed.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from schemas.explained import why
from schemas.plausibility.cores import outside_campaign, unlikely_densities
from schemas.problems import Problem
from schemas.vocabulary import COMPLETE_SOIL
from server.derivation.bridging import ProjectBridge, bridge_of, bridged
from server.derivation.crowding import crowded_campaigns
from server.derivation.layer_values import carbon_of, density_of
from server.derivation.plot_rings import rings_of, with_rings
from server.stocks.points import Layer
from server.stocks.reasons import Reason
from server.store.values import DerivationInput, PlotTree
from server.tables.layers import first_visit

Fields = Mapping[str, Any]


class CoreVisit(NamedTuple):
    """What all layers of a core share."""

    campaign: str
    point: str
    place: str
    day: date
    complete_soil_cm: float | None
    core: Fields
    contested: bool
    is_outside_campaign: bool = False


def layers_of(tree: PlotTree) -> list[Layer]:
    """Return one layer per sample, keyed by record ids.

    Layers without a density have that of the rings which stand for the plot. Of a ring
    itself only what holds carbon is a layer of its point.
    """
    layers = _noted(_of_samples(tree), crowded_campaigns(tree))
    rings = ring_layers(tree, layers)
    if rings:
        layers = _with_rings(layers, rings)
    return bridged(layers, project_bridge(tree))


def project_bridge(tree: PlotTree) -> ProjectBridge | None:
    """Return the bridge between laboratory methods that the project recorded."""
    return bridge_of(tree.project.fields) if tree.project else None


def _noted(layers: Sequence[Layer], crowded: frozenset[str]) -> list[Layer]:
    """Return the layers; those of crowded campaigns say so."""
    return [
        layer._replace(reasons=(*layer.reasons, Reason.CLUSTERED))
        if layer.campaign in crowded
        else layer
        for layer in layers
    ]


def _with_rings(
    layers: Sequence[Layer], rings: Mapping[str, Sequence[Layer]]
) -> list[Layer]:
    cores = {layer.core for own in rings.values() for layer in own}
    carbon = {layer.core for layer in layers if layer.soc_g_kg is not None}
    found = {campaign: rings_of(own) for campaign, own in rings.items()}
    return [
        with_rings(layer, found.get(layer.campaign))
        for layer in layers
        if layer.core not in cores or layer.core in carbon
    ]


def ring_layers(
    tree: PlotTree, layers: Sequence[Layer] | None = None
) -> dict[str, list[Layer]]:
    """Return by campaign the layers of the cores that stand for the whole plot."""
    cores = {core.id for core in tree.cores if core.fields.get("represents") == "plot"}
    found: dict[str, list[Layer]] = defaultdict(list)
    if cores:
        for layer in _of_samples(tree) if layers is None else layers:
            if layer.core in cores:
                found[layer.campaign].append(layer)
    return found


def _of_samples(tree: PlotTree) -> list[Layer]:
    contested = {record.id for record in tree.inputs if record.open_conflicts}
    visits = _visits(tree, contested)
    results: dict[str, list[DerivationInput]] = defaultdict(list)
    for result in tree.results:
        results[result.fields["sample_id"]].append(result)
    layers, bridge = [], project_bridge(tree)
    preferred = None if bridge is None else bridge.to_method
    for name, _, _, sample, conflicts in tree.samples:
        visit = visits.get(sample["core_id"])
        if visit is None:
            continue
        found = results.get(name, [])
        values = preferred_results([r.fields for r in found], preferred)
        layer = _layer(sample["core_id"], visit, sample, values)
        if conflicts or visit.contested or any(r.open_conflicts for r in found):
            layer = layer._replace(reasons=(*layer.reasons, Reason.CONTESTED))
        layers.append(layer)
    return layers


def preferred_results(results: list[Fields], method: str | None) -> list[Fields]:
    """Return the results of a bag without SOC by other methods than the preferred one.

    A bag that was analysed by both sides of a bridge counts by the side it leads to.
    """
    by_both = any(r["analyte"] == "soc" and r["method"] == method for r in results)
    if not by_both:
        return results
    return [r for r in results if r["analyte"] != "soc" or r["method"] == method]


def _visits(tree: PlotTree, contested: set[str]) -> dict[str, CoreVisit]:
    """Return the visit that each core belongs to; a core without a campaign has none."""
    campaigns = {record.id: record.fields for record in tree.campaigns}
    earlier = {
        record.id: record.fields["revisits_point_id"]
        for record in tree.points
        if record.fields.get("revisits_point_id")
    }
    visits = {}
    for record in tree.cores:
        core = record.fields
        campaign, point = core["campaign_id"], core["point_id"]
        if campaign in campaigns:
            visits[record.id] = CoreVisit(
                campaign,
                point,
                first_visit(point, earlier),
                date.fromisoformat(core["sampled_at"][:10]),
                _complete_soil(core),
                core,
                not contested.isdisjoint((record.id, campaign, point)),
                _is_open(outside_campaign(core, campaigns[campaign]), core),
            )
    return visits


def _layer(core: str, visit: CoreVisit, sample: Fields, results: list[Fields]) -> Layer:
    soc_g_kg, soc_method, soc_reasons = carbon_of(results, sample)
    density = density_of(sample, visit.core)
    return Layer(
        campaign=visit.campaign,
        point=visit.point,
        pairing=visit.place,
        core=core,
        date=visit.day,
        top_cm=sample["depth_top_cm"],
        bottom_cm=sample["depth_bottom_cm"],
        soc_g_kg=soc_g_kg,
        soc_method=soc_method,
        bd_fine_g_cm3=density.bd_fine_g_cm3,
        bd_method=density.method,
        bd_given_g_cm3=density.given_g_cm3,
        complete_soil_cm=visit.complete_soil_cm,
        reasons=soc_reasons + density.reasons + _oddities(sample, visit),
    )


def _oddities(sample: Fields, visit: CoreVisit) -> tuple[Reason, ...]:
    """Return what is odd about a bag and its core and bears on figures."""
    found = (Reason.CORE_OUTSIDE_CAMPAIGN,) if visit.is_outside_campaign else ()
    densities = unlikely_densities(sample, visit.core)
    if any(
        problem.path == "fine_dry_mass_g" and _is_open(problem, sample)
        for problem in densities
    ):
        return (*found, Reason.BD_IMPLAUSIBLE)
    return found


def _is_open(problem: Problem | None, fields: Fields) -> bool:
    """Return whether something is odd and nobody has said why it is right."""
    return problem is not None and why(problem, fields.get("explained") or ()) is None


def _complete_soil(core: Fields) -> float | None:
    if core.get("stop_reason") not in COMPLETE_SOIL:
        return None
    reached = core.get("depth_reached_cm")
    return None if reached is None else float(reached)
