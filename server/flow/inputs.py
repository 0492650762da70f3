"""From a plot's records to the layers its stocks are derived from. Pure.

Raw field and laboratory quantities are stored; here they become SOC in g/kg and
fine-soil bulk density, by the best route the record allows. What is not known is
left out and says why; nothing is guessed.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from schemas.rules import TO_G_KG
from schemas.vocabulary import COMPLETE_SOIL
from server.exchange.layers import first_visit
from server.stocks import fine_soil
from server.stocks.points import Layer
from server.stocks.reasons import Reason
from server.store.port import Input, PlotTree

Fields = Mapping[str, Any]

#: Part of calcium carbonate that is carbon: 12.011 / 100.087.
CARBON_IN_CARBONATE = 0.12


#: Conventional share of carbon in soil organic matter (van Bemmelen).
CARBON_IN_ORGANIC_MATTER = 0.58

#: Procedures that find only part of the carbon unless a factor makes up for it.
INCOMPLETE_OXIDATION = frozenset({"walkley_black"})


@dataclass(frozen=True, slots=True)
class Carbon:
    """SOC of a layer: value, procedure, and what there is to say about it."""

    soc_g_kg: float | None
    method: str | None = None
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Density:
    """Fine mass per total volume: value, how it was found, what there is to say.

    `method` is how people measured, `route` how the value follows from what they wrote.
    """

    bd_fine_g_cm3: float | None
    method: str | None = None
    reasons: tuple[Reason, ...] = ()
    route: str = ""


def layers_of(tree: PlotTree) -> list[Layer]:
    """Give one layer per sample, keyed by record ids."""
    points = {record.id: record for record in tree.points}
    cores = {record.id: record for record in tree.cores}
    campaigns = {record.id: record for record in tree.campaigns}
    results: dict[str, list[Input]] = defaultdict(list)
    for result in tree.results:
        results[result.fields["sample_id"]].append(result)
    earlier = {
        record.id: record.fields["revisits_point_id"]
        for record in tree.points
        if record.fields.get("revisits_point_id")
    }
    contested = {record.id for record in tree.inputs if record.open_conflicts}
    layers = []
    for sample in tree.samples:
        core = cores[sample.fields["core_id"]]
        campaign = campaigns.get(core.fields["campaign_id"])
        if campaign is not None:
            place = first_visit(core.fields["point_id"], earlier)
            records = [points[core.fields["point_id"]], core, sample, campaign]
            layer = _layer(records, results[sample.id], place)
            if contested and _any_of(contested, [*records, *results[sample.id]]):
                layer = replace(layer, reasons=(*layer.reasons, Reason.CONTESTED))
            layers.append(layer)
    return layers


def _layer(records: list[Input], results: list[Input], place: str) -> Layer:
    point, core, sample, campaign = records
    carbon = carbon_of([r.fields for r in results], sample.fields)
    density = density_of(sample.fields, core.fields)
    return Layer(
        campaign=campaign.id,
        point=point.id,
        pairing=place,
        core=core.id,
        date=date.fromisoformat(core.fields["sampled_at"][:10]),
        top_cm=sample.fields["depth_top_cm"],
        bottom_cm=sample.fields["depth_bottom_cm"],
        soc_g_kg=carbon.soc_g_kg,
        soc_method=carbon.method,
        bd_fine_g_cm3=density.bd_fine_g_cm3,
        bd_method=density.method,
        complete_soil_cm=_complete_soil(core.fields),
        reasons=carbon.reasons + density.reasons,
    )


def _any_of(names: set[str], records: list[Input]) -> bool:
    return any(record.id in names for record in records)


def carbon_of(results: list[Fields], sample: Fields) -> Carbon:
    """Choose the SOC of a layer: SOC as measured, else total minus inorganic carbon.

    Replicates are averaged. A value below the detection limit counts as half of
    it, and says so. Total carbon alone is SOC only where the soil does not fizz;
    where nobody looked, the figure says CARBONATE_UNCORRECTED.
    """
    soc = [r for r in results if r["analyte"] == "soc"]
    if soc:
        return Carbon(_mean_g_kg(soc, sample), _methods(soc), _doubts(soc))
    total = [r for r in results if r["analyte"] == "total_carbon"]
    if not total:
        return _carbon_of_organic_matter(results, sample)
    return _carbon_of_total(total, _inorganic_g_kg(results, sample), sample)


def _carbon_of_total(
    total: list[Fields], inorganic_g_kg: float | None, sample: Fields
) -> Carbon:
    total_g_kg = _mean_g_kg(total, sample)
    if inorganic_g_kg is not None:
        return Carbon(max(total_g_kg - inorganic_g_kg, 0.0), "total_minus_inorganic")
    match sample.get("carbonate_class"):
        case "none":
            return Carbon(total_g_kg, _methods(total), ())
        case None:
            return Carbon(total_g_kg, _methods(total), (Reason.CARBONATE_UNCORRECTED,))
        case _:
            return Carbon(None, _methods(total), (Reason.CARBONATE_UNCORRECTED,))


def _carbon_of_organic_matter(results: list[Fields], sample: Fields) -> Carbon:
    matter = [r for r in results if r["analyte"] == "organic_matter"]
    if not matter:
        return Carbon(None)
    soc_g_kg = CARBON_IN_ORGANIC_MATTER * _mean_g_kg(matter, sample)
    reasons = (Reason.SOC_FROM_ORGANIC_MATTER, *_doubts(matter))
    return Carbon(soc_g_kg, _methods(matter), tuple(dict.fromkeys(reasons)))


def _doubts(results: list[Fields]) -> tuple[Reason, ...]:
    """Say what the procedures of a layer's values leave open."""
    found = []
    for result in results:
        if result.get("censored"):
            found.append(Reason.CENSORED)
        if _recovery_unknown(result):
            found.append(Reason.RECOVERY_UNKNOWN)
        if result["method"] == "loss_on_ignition":
            found.append(Reason.SOC_FROM_ORGANIC_MATTER)
    return tuple(dict.fromkeys(found))


def _recovery_unknown(result: Fields) -> bool:
    if result["method"] not in INCOMPLETE_OXIDATION:
        return False
    return not (result.get("recovery_applied") or result.get("recovery_factor"))


def density_of(sample: Fields, core: Fields) -> Density:
    """Choose the fine-soil bulk density of a layer, by the best route there is."""
    return _density_of_masses(sample, core) or _density_as_given(sample)


def _density_of_masses(sample: Fields, core: Fields) -> Density | None:
    method = sample.get("bulk_density_method", "core")
    mass = sample.get("fine_dry_mass_g")
    if not mass:
        return None
    thickness = sample["depth_bottom_cm"] - sample["depth_top_cm"]
    diameter = core.get("inner_diameter_mm")
    if diameter is not None and sample.get("volume_cm3") is None:
        cores = core.get("cores_composited", 1)
        per_area = fine_soil.fine_mass_of_cores_t_ha(mass, diameter, cores)
        density = float(per_area / (thickness * fine_soil.T_HA_PER_G_CM2))
        return Density(_dry(sample, density), method, route="fine mass of the cores")
    if sample.get("volume_cm3") is not None:
        density = float(fine_soil.bd_fine_of_masses(mass, sample["volume_cm3"]))
        return Density(_dry(sample, density), method, route="fine mass and volume")
    return None


def _density_as_given(sample: Fields) -> Density:
    given = sample.get("bulk_density_g_cm3")
    method = sample.get("bulk_density_method")
    if given is None:
        return Density(None, method)
    match sample.get("bulk_density_definition"):
        case "fine_in_total":
            return Density(_dry(sample, given), method, route="density as given")
        case "whole" | "fine_earth_only" as definition:
            return _density_with_stones(sample, definition, _dry(sample, given), method)
        case _:
            return Density(None, method, (Reason.BD_DEFINITION_UNKNOWN,))


def _density_with_stones(
    sample: Fields, definition: str, given: float, method: str | None
) -> Density:
    share, basis = _coarse(sample)
    stone = sample.get("fragment_density_g_cm3", fine_soil.FRAGMENT_DENSITY_G_CM3)
    if share is None or basis is None:
        return Density(None, method, (Reason.COARSE_BASIS_UNKNOWN,))
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
        return Density(None, method, (Reason.NEGATIVE_FINE_MASS,))
    route = f"{definition} density and coarse fragments by {basis}".replace("_", " ")
    return Density(float(density), method, route=route)


def _coarse(sample: Fields) -> tuple[float | None, str | None]:
    """Give the coarse fragments as a fraction, with its basis."""
    fine, coarse = sample.get("fine_dry_mass_g"), sample.get("coarse_dry_mass_g")
    if fine and coarse is not None:
        return coarse / (fine + coarse), "mass"
    percent = sample.get("coarse_fragments_pct")
    basis = sample.get("coarse_fragments_basis")
    return (None if percent is None else percent / 100), basis


def _mean_g_kg(results: list[Fields], sample: Fields) -> float:
    values = [_g_kg(result, sample) for result in results]
    return math.fsum(values) / len(values)


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
