"""From a plot's records to the layers its stocks are derived from. Pure.

Raw field and laboratory quantities are stored; here they become SOC in g/kg and
fine-soil bulk density, by the best route the record allows. What is not known is
left out and says why; nothing is guessed.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Final, NamedTuple

from schemas.explained import why
from schemas.plausibility.cores import outside_campaign, unlikely_densities
from schemas.problems import Problem
from schemas.vocabulary import COMPLETE_SOIL
from server.derivation.bridging import ProjectBridge, bridge_of, bridged
from server.derivation.crowding import crowded_campaigns
from server.derivation.lab_quality import counted_results, quality_of
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
    oddities: tuple[Reason, ...]


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
    contested = _contested(tree)
    visits, results = _visits(tree, contested), _by_bag(tree.results)
    has_marks, bridge = bool(quality_of(tree.lab).marks), project_bridge(tree)
    layers = []
    for name, _, _, sample, conflicts in tree.samples:
        visit = visits.get(sample["core_id"])
        if visit is None:
            continue
        counted: Sequence[DerivationInput] = results.get(name, ())
        is_contested = contested and (
            conflicts or visit.contested or _is_contested(counted)
        )
        reasons: tuple[Reason, ...] = (Reason.CONTESTED,) if is_contested else ()
        if has_marks:
            counted, told = counted_results(counted, tree.lab)
            reasons = told + reasons
        values: list[Fields] = [result.fields for result in counted]
        if bridge is not None:
            values = preferred_results(values, bridge.to_method)
        layers.append(_layer(sample["core_id"], visit, sample, values, reasons))
    return layers


def _contested(tree: PlotTree) -> set[str]:
    """Return the records of a plot that two people see differently."""
    if not tree.open_conflicts:
        return set()
    return {record.id for record in tree.inputs if record.open_conflicts}


def _is_contested(results: Iterable[DerivationInput]) -> bool:
    return any(result.open_conflicts for result in results)


def _by_bag(
    results: Iterable[DerivationInput],
) -> dict[str, list[DerivationInput]]:
    found: dict[str, list[DerivationInput]] = {}
    for result in results:
        found.setdefault(result.fields["sample_id"], []).append(result)
    return found


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
                first_visit(point, earlier) if earlier else point,
                _day(core["sampled_at"][:10]),
                _complete_soil(core),
                core,
                bool(contested)
                and not contested.isdisjoint((record.id, campaign, point)),
                (Reason.CORE_OUTSIDE_CAMPAIGN,)
                if _is_open(outside_campaign(core, campaigns[campaign]), core)
                else (),
            )
    return visits


# Many cores are of one day.
_day: Final = lru_cache(maxsize=1024)(date.fromisoformat)


def _layer(
    core: str,
    visit: CoreVisit,
    sample: Fields,
    results: list[Fields],
    reasons: tuple[Reason, ...],
) -> Layer:
    campaign, point, place, day, complete_soil_cm, fields, _, oddities = visit
    soc_g_kg, soc_method, soc_reasons = carbon_of(results, sample)
    density, method, density_reasons, _, given = density_of(sample, fields)
    if sample.get("fine_dry_mass_g") and _is_density_odd(sample, fields):
        oddities = (*oddities, Reason.BD_IMPLAUSIBLE)
    # By position, in the order of the fields: there are as many of them as bags.
    return Layer(
        campaign,
        point,
        day,
        sample["depth_top_cm"],
        sample["depth_bottom_cm"],
        soc_g_kg,
        density,
        place,
        core,
        soc_method,
        method,
        complete_soil_cm,
        soc_reasons + density_reasons + oddities + reasons,
        given,
    )


def _is_density_odd(sample: Fields, core: Fields) -> bool:
    """Return whether a bag weighs what no soil weighs, and nobody has said why."""
    return any(
        problem.path == "fine_dry_mass_g" and _is_open(problem, sample)
        for problem in unlikely_densities(sample, core)
    )


def _is_open(problem: Problem | None, fields: Fields) -> bool:
    """Return whether something is odd and nobody has said why it is right."""
    return problem is not None and why(problem, fields.get("explained") or ()) is None


def _complete_soil(core: Fields) -> float | None:
    if core.get("stop_reason") not in COMPLETE_SOIL:
        return None
    reached = core.get("depth_reached_cm")
    return None if reached is None else float(reached)
