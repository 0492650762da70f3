"""SOC and fine-soil bulk density of a layer from its records, by the best route. Pure.

Raw field and laboratory quantities are stored. What is not known is left out and says
why; nothing is guessed.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from schemas import limits
from schemas.rules import TO_G_KG
from server.stocks import fine_soil
from server.stocks.reasons import Reason
from server.stocks.stones import remove_stones

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


def carbon_of(results: list[Fields], sample: Fields) -> Carbon:
    """Choose the SOC of a layer: SOC as measured, else total minus inorganic carbon.

    Replicates are averaged. A value below the detection limit counts as half of
    it, and says so. Total carbon alone is SOC only where the soil does not fizz. Where
    nobody looked the pH in water tells: below 6.5 there is no carbonate, below 7 hardly
    any, and the figure says so; else it says CARBONATE_UNCORRECTED.
    """
    soc = [r for r in results if r["analyte"] == "soc"]
    if len(soc) == 1:
        return Carbon(_g_kg(soc[0], sample), soc[0]["method"], _doubts(soc))
    if soc:
        return Carbon(mean_g_kg(soc, sample), _methods(soc), _doubts(soc))
    total = [r for r in results if r["analyte"] == "total_carbon"]
    if not total:
        return _carbon_of_organic_matter(results, sample)
    return _carbon_of_total(total, results, sample)


def _carbon_of_total(
    total: list[Fields], results: list[Fields], sample: Fields
) -> Carbon:
    inorganic_g_kg = _inorganic_g_kg(results, sample)
    total_g_kg = mean_g_kg(total, sample)
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
    soc_g_kg = CARBON_IN_ORGANIC_MATTER * mean_g_kg(matter, sample)
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
    mass = sample.get("fine_dry_mass_g")
    found = _density_of_mass(mass, sample, core) if mass else None
    return found or _density_as_given(sample)


def _density_of_mass(mass: float, sample: Fields, core: Fields) -> LayerDensity | None:
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
            return LayerDensity(_dry(sample, given), method, (), "density as given")
        case "whole" | "fine_earth_only" as definition:
            return _density_with_stones(sample, definition, _dry(sample, given), method)
        case _:
            return LayerDensity(None, method, (Reason.BD_DEFINITION_UNKNOWN,))


def _density_with_stones(
    sample: Fields, definition: str, given: float, method: str | None
) -> LayerDensity:
    share, basis = _coarse(sample)
    stone = sample.get("fragment_density_g_cm3", fine_soil.FRAGMENT_DENSITY_G_CM3)
    whole, fine_earth = (given, None) if definition == "whole" else (None, given)
    found = remove_stones(whole, fine_earth, share, basis, stone)
    if found.bd_fine_g_cm3 is None:
        return LayerDensity(None, method, found.reasons)
    if share == 0.0:
        return LayerDensity(given, method, route="density as given, no stones")
    route = f"{definition} density and coarse fragments by {basis}".replace("_", " ")
    density = found.bd_fine_g_cm3
    return LayerDensity(density, method, route=route, given_g_cm3=given)


def _coarse(sample: Fields) -> tuple[float | None, str | None]:
    """Return the coarse fragments as a fraction, with its basis."""
    fine, coarse = sample.get("fine_dry_mass_g"), sample.get("coarse_dry_mass_g")
    if fine and coarse is not None:
        return coarse / (fine + coarse), "mass"
    percent = sample.get("coarse_fragments_pct")
    basis = sample.get("coarse_fragments_basis")
    return (None if percent is None else percent / 100), basis


def mean_g_kg(results: list[Fields], sample: Fields) -> float:
    """Return the mean of the results of one analyte of a bag, g/kg of oven-dry soil."""
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
        return mean_g_kg(inorganic, sample)
    carbonate = [r for r in results if r["analyte"] == "calcium_carbonate"]
    if carbonate:
        return CARBON_IN_CARBONATE * mean_g_kg(carbonate, sample)
    return None


def _methods(results: Iterable[Fields]) -> str:
    return "+".join(sorted({result["method"] for result in results}))
