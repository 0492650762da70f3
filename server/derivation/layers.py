"""From a plot's records to the layers its stocks are derived from. Pure.

Raw field and laboratory quantities are stored; here they become SOC in g/kg and
fine-soil bulk density, by the best route the record allows. What is not known is
left out and says why; nothing is guessed.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from schemas import limits
from schemas.rules import TO_G_KG
from schemas.vocabulary import COMPLETE_SOIL
from server.derivation.crowding import crowded_campaigns
from server.derivation.plot_rings import rings_of, with_rings
from server.stocks import fine_soil
from server.stocks.points import Layer
from server.stocks.reasons import Reason
from server.store.values import DerivationInput, PlotTree
from server.tables.layers import first_visit

Fields = Mapping[str, Any]

#: Part of calcium carbonate that is carbon: 12.011 / 100.087.
CARBON_IN_CARBONATE = 0.12


#: Conventional share of carbon in soil organic matter (van Bemmelen).
CARBON_IN_ORGANIC_MATTER = 0.58

#: Procedures that find only part of the carbon unless a factor makes up for it.
INCOMPLETE_OXIDATION = frozenset({"walkley_black"})


class Carbon(NamedTuple):
    """SOC of a layer: value, procedure, and what there is to say about it."""

    soc_g_kg: float | None
    method: str | None = None
    reasons: tuple[Reason, ...] = ()


class LayerDensity(NamedTuple):
    """Fine mass per total volume: value, how it was found, what there is to say.

    `method` is how people measured, `route` how the value follows from what they wrote;
    `given_g_cm3` is a density they wrote that the value was derived from, with stones.
    """

    bd_fine_g_cm3: float | None
    method: str | None = None
    reasons: tuple[Reason, ...] = ()
    route: str = ""
    given_g_cm3: float | None = None


class CoreVisit(NamedTuple):
    """What all layers of a core share."""

    campaign: str
    point: str
    place: str
    day: date
    complete_soil_cm: float | None
    core: Fields
    contested: bool


def layers_of(tree: PlotTree) -> list[Layer]:
    """Return one layer per sample, keyed by record ids.

    Layers without a density have that of the rings which stand for the plot. Of a ring
    itself only what holds carbon is a layer of its point.
    """
    crowded = crowded_campaigns(tree)
    layers = [
        layer._replace(reasons=(*layer.reasons, Reason.CLUSTERED))
        if layer.campaign in crowded
        else layer
        for layer in _of_samples(tree)
    ]
    rings = ring_layers(tree, layers)
    if not rings:
        return layers
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
    layers = []
    for name, _, _, sample, conflicts in tree.samples:
        visit = visits.get(sample["core_id"])
        if visit is None:
            continue
        found = results.get(name, [])
        layer = _layer(sample["core_id"], visit, sample, [r.fields for r in found])
        if conflicts or visit.contested or any(r.open_conflicts for r in found):
            layer = layer._replace(reasons=(*layer.reasons, Reason.CONTESTED))
        layers.append(layer)
    return layers


def _visits(tree: PlotTree, contested: set[str]) -> dict[str, CoreVisit]:
    """Return the visit that each core belongs to; a core without a campaign has none."""
    campaigns = {record.id for record in tree.campaigns}
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
        reasons=soc_reasons + density.reasons,
    )


def carbon_of(results: list[Fields], sample: Fields) -> Carbon:
    """Choose the SOC of a layer: SOC as measured, else total minus inorganic carbon.

    Replicates are averaged. A value below the detection limit counts as half of
    it, and says so. Total carbon alone is SOC only where the soil does not fizz. Where
    nobody looked the pH in water tells: below 6.5 there is no carbonate, below 7 hardly
    any, and the figure says so; else it says CARBONATE_UNCORRECTED.
    """
    soc = [r for r in results if r["analyte"] == "soc"]
    if soc:
        return Carbon(_mean_g_kg(soc, sample), _methods(soc), _doubts(soc))
    total = [r for r in results if r["analyte"] == "total_carbon"]
    if not total:
        return _carbon_of_organic_matter(results, sample)
    return _carbon_of_total(total, results, sample)


def _carbon_of_total(
    total: list[Fields], results: list[Fields], sample: Fields
) -> Carbon:
    inorganic_g_kg = _inorganic_g_kg(results, sample)
    total_g_kg = _mean_g_kg(total, sample)
    if inorganic_g_kg is not None:
        return Carbon(max(total_g_kg - inorganic_g_kg, 0.0), "total_minus_inorganic")
    match sample.get("carbonate_class"):
        case "none":
            return Carbon(total_g_kg, _methods(total), ())
        case None:
            return Carbon(total_g_kg, _methods(total), (_carbonate_by_ph(results),))
        case _:
            return Carbon(None, _methods(total), (Reason.CARBONATE_UNCORRECTED,))


def _carbonate_by_ph(results: list[Fields]) -> Reason:
    """Return what the highest pH in water says of carbonate where nobody looked."""
    highest = max(
        (r["value"] for r in results if r["analyte"] == "ph_water" and r.get("value")),
        default=math.inf,
    )
    if highest < limits.PH_CARBONATE_FREE:
        return Reason.CARBONATE_FREE_BY_PH
    if highest < limits.PH_CARBONATE:
        return Reason.CARBONATE_UNLIKELY_BY_PH
    return Reason.CARBONATE_UNCORRECTED


def _carbon_of_organic_matter(results: list[Fields], sample: Fields) -> Carbon:
    matter = [r for r in results if r["analyte"] == "organic_matter"]
    if not matter:
        return Carbon(None)
    soc_g_kg = CARBON_IN_ORGANIC_MATTER * _mean_g_kg(matter, sample)
    reasons = (Reason.SOC_FROM_ORGANIC_MATTER, *_doubts(matter))
    return Carbon(soc_g_kg, _methods(matter), tuple(dict.fromkeys(reasons)))


def _doubts(results: list[Fields]) -> tuple[Reason, ...]:
    """Return what the procedures of a layer's values leave open."""
    found = []
    for result in results:
        if result.get("censored"):
            found.append(Reason.CENSORED)
        method = result["method"]
        if method in INCOMPLETE_OXIDATION and not (
            result.get("recovery_applied") or result.get("recovery_factor")
        ):
            found.append(Reason.RECOVERY_UNKNOWN)
        if method == "loss_on_ignition":
            found.append(Reason.SOC_FROM_ORGANIC_MATTER)
    return tuple(dict.fromkeys(found)) if found else ()


def density_of(sample: Fields, core: Fields) -> LayerDensity:
    """Choose the fine-soil bulk density of a layer, by the best route there is."""
    return _density_of_masses(sample, core) or _density_as_given(sample)


def _density_of_masses(sample: Fields, core: Fields) -> LayerDensity | None:
    mass = sample.get("fine_dry_mass_g")
    if not mass:
        return None
    method = sample.get("bulk_density_method", "core")
    thickness = sample["depth_bottom_cm"] - sample["depth_top_cm"]
    diameter = core.get("inner_diameter_mm")
    if diameter is not None and sample.get("volume_cm3") is None:
        cores = core.get("cores_composited", 1)
        per_area = fine_soil.fine_mass_of_cores_t_ha(mass, diameter, cores)
        density = float(per_area / (thickness * fine_soil.T_HA_PER_G_CM2))
        return LayerDensity(
            _dry(sample, density), method, route="fine mass of the cores"
        )
    if sample.get("volume_cm3") is not None:
        density = float(fine_soil.bd_fine_of_masses(mass, sample["volume_cm3"]))
        return LayerDensity(_dry(sample, density), method, route="fine mass and volume")
    return None


def _density_as_given(sample: Fields) -> LayerDensity:
    given = sample.get("bulk_density_g_cm3")
    method = sample.get("bulk_density_method")
    if given is None:
        return LayerDensity(None, method)
    match sample.get("bulk_density_definition"):
        case "fine_in_total":
            return LayerDensity(_dry(sample, given), method, route="density as given")
        case "whole" | "fine_earth_only" as definition:
            return _density_with_stones(sample, definition, _dry(sample, given), method)
        case _:
            return LayerDensity(None, method, (Reason.BD_DEFINITION_UNKNOWN,))


def _density_with_stones(
    sample: Fields, definition: str, given: float, method: str | None
) -> LayerDensity:
    share, basis = _coarse(sample)
    stone = sample.get("fragment_density_g_cm3", fine_soil.FRAGMENT_DENSITY_G_CM3)
    if share == 0.0:
        # Without stones all densities are one, whatever the basis.
        return LayerDensity(given, method, route="density as given, no stones")
    if share is None or basis is None:
        return LayerDensity(None, method, (Reason.COARSE_BASIS_UNKNOWN,))
    match definition, basis:
        case "whole", "mass":
            density = fine_soil.bd_fine_of_whole_by_mass(given, share)
        case "whole", _:
            density = fine_soil.bd_fine_of_whole_by_volume(given, share, stone)
        case _, "mass":
            density = fine_soil.bd_fine_of_fine_earth_by_mass(given, share, stone)
        case _:
            density = fine_soil.bd_fine_of_fine_earth_by_volume(given, share)
    if math.isnan(float(density)):
        return LayerDensity(None, method, (Reason.NEGATIVE_FINE_MASS,))
    route = f"{definition} density and coarse fragments by {basis}".replace("_", " ")
    return LayerDensity(float(density), method, route=route, given_g_cm3=given)


def _coarse(sample: Fields) -> tuple[float | None, str | None]:
    """Return the coarse fragments as a fraction, with its basis."""
    fine, coarse = sample.get("fine_dry_mass_g"), sample.get("coarse_dry_mass_g")
    if fine and coarse is not None:
        return coarse / (fine + coarse), "mass"
    percent = sample.get("coarse_fragments_pct")
    basis = sample.get("coarse_fragments_basis")
    return (None if percent is None else percent / 100), basis


def _mean_g_kg(results: list[Fields], sample: Fields) -> float:
    if len(results) == 1:
        return _g_kg(results[0], sample)
    return math.fsum([_g_kg(result, sample) for result in results]) / len(results)


def _g_kg(result: Fields, sample: Fields) -> float:
    value = result.get("value")
    if value is None:
        value = result["detection_limit"] / 2
    value = float(value) * TO_G_KG[result["unit"]]
    if not result.get("recovery_applied"):
        value *= result.get("recovery_factor") or 1.0
    if result.get("moisture") == "air_dry" and sample.get("water_g_g") is not None:
        return float(fine_soil.soc_oven_dry_g_kg(value, sample["water_g_g"]))
    return value


def _dry(sample: Fields, air_dry: float) -> float:
    """Bring a mass or density to the oven-dry basis where the water is known."""
    if sample.get("mass_moisture") == "air_dry" and sample.get("water_g_g") is not None:
        return float(fine_soil.oven_dry_mass_g(air_dry, sample["water_g_g"]))
    return air_dry


def _inorganic_g_kg(results: Iterable[Fields], sample: Fields) -> float | None:
    inorganic = [r for r in results if r["analyte"] == "inorganic_carbon"]
    if inorganic:
        return _mean_g_kg(inorganic, sample)
    carbonate = [r for r in results if r["analyte"] == "calcium_carbonate"]
    if carbonate:
        return CARBON_IN_CARBONATE * _mean_g_kg(carbonate, sample)
    return None


def _methods(results: Iterable[Fields]) -> str:
    return "+".join(sorted({result["method"] for result in results}))


def _complete_soil(core: Fields) -> float | None:
    if core.get("stop_reason") not in COMPLETE_SOIL:
        return None
    reached = core.get("depth_reached_cm")
    return None if reached is None else float(reached)
