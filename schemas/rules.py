"""Soil plausibility across the fields of one record: errors and warnings, pure.

Limits come from schemas.limits; sources are named in docs/science.md. A warning
never refuses a value: soils surprise.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from schemas import limits
from schemas.problems import Problem
from schemas.questions.form import fingerprint

Record = Mapping[str, Any]
_Rule = Callable[[Record], Iterator[Problem]]

#: Units an analyte may be reported in, with the limits in that unit.
UNITS: Final[Mapping[str, Mapping[str, tuple[float, float]]]] = MappingProxyType(
    {
        "soc": {
            "g_kg": (0, limits.SOC_MAX_G_KG),
            "pct": (0, limits.SOC_MAX_G_KG / 10),
            "g_g": (0, limits.SOC_MAX_G_KG / 1000),
        },
        "total_carbon": {"g_kg": (0, 1000), "pct": (0, 100), "g_g": (0, 1)},
        "inorganic_carbon": {
            "g_kg": (0, limits.IC_MAX_G_KG),
            "pct": (0, limits.IC_MAX_G_KG / 10),
            "g_g": (0, limits.IC_MAX_G_KG / 1000),
        },
        "calcium_carbonate": {"g_kg": (0, 1000), "pct": (0, 100), "g_g": (0, 1)},
        "organic_matter": {"g_kg": (0, 1000), "pct": (0, 100), "g_g": (0, 1)},
        "total_nitrogen": {
            "g_kg": (0, 200),
            "pct": (0, 20),
            "mg_kg": (0, 200_000),
            "g_g": (0, 0.2),
        },
        "ph_water": {"none": limits.PH_RANGE},
        "water_content": {"g_g": (0, limits.WATER_MAX_G_G), "pct": (0, 2000)},
        "clay": {"g_kg": (0, 1000), "pct": (0, 100), "g_g": (0, 1)},
    }
)

#: What one unit is in g/kg.
TO_G_KG: Final = MappingProxyType(
    {"g_kg": 1.0, "pct": 10.0, "g_g": 1000.0, "mg_kg": 0.001}
)

_TO_G_G: Final = MappingProxyType({"g_g": 1.0, "pct": 0.01})


def check(record_type: str, record: Record) -> list[Problem]:
    """Return every problem across the fields of a whole record, errors first."""
    found = [p for rule in _RULES.get(record_type, ()) for p in rule(record)]
    if "explained" in record:
        found += _EXPLAINED(record)
    return sorted(found, key=lambda problem: problem.is_warning) if found else found


def _both(record: Record, first: str, second: str) -> bool:
    return record.get(first) is not None and record.get(second) is not None


def _period(start: str, end: str) -> _Rule:
    def rule(record: Record) -> Iterator[Problem]:
        if _both(record, start, end) and record[end] < record[start]:
            detail = f"{start} is {record[start]}"
            yield Problem("date_order", end, record[end], detail)

    return rule


def _pair(value: str, companion: str) -> _Rule:
    def rule(record: Record) -> Iterator[Problem]:
        if record.get(value) is not None and record.get(companion) is None:
            detail = f"{value} needs {companion}"
            yield Problem("pair_incomplete", companion, None, detail)

    return rule


def _place(record: Record) -> Iterator[Problem]:
    yield from _pair("lon", "lat")(record)
    yield from _pair("lat", "lon")(record)


def _core_reach(record: Record) -> Iterator[Problem]:
    diameter = record.get("inner_diameter_mm")
    if diameter is not None and diameter < limits.PROBE_WARN_MM:
        yield Problem("small_probe", "inner_diameter_mm", diameter)


def _sample_depth(record: Record) -> Iterator[Problem]:
    if not _both(record, "depth_top_cm", "depth_bottom_cm"):
        return
    top, bottom = record["depth_top_cm"], record["depth_bottom_cm"]
    if top >= bottom:
        detail = f"top {top:g} cm, bottom {bottom:g} cm"
        yield Problem("depth_order", "depth_top_cm", top, detail)
        return
    low, high = limits.THICKNESS_WARN_CM
    if not low <= bottom - top <= high:
        detail = f"{bottom - top:g} cm"
        yield Problem("thin_or_thick_layer", "depth_bottom_cm", bottom, detail)
    if bottom > limits.DEPTH_WARN_CM:
        yield Problem("deep_layer", "depth_bottom_cm", bottom)


def _sample_masses(record: Record) -> Iterator[Problem]:
    field = record.get("field_mass_g")
    dry = sum(
        record.get(name) or 0.0 for name in ("fine_dry_mass_g", "coarse_dry_mass_g")
    )
    # More than the balance reads is not rounding.
    if field is not None and dry > field + limits.BALANCE_G:
        detail = f"dry masses add up to {dry:g} g"
        yield Problem("mass_order", "field_mass_g", field, detail)


def _sample_density(record: Record) -> Iterator[Problem]:
    density = record.get("bulk_density_g_cm3")
    if density is None:
        return
    definition = record.get("bulk_density_definition")
    low, high = limits.BULK_DENSITY_FINE_G_CM3
    if (
        definition in {"fine_earth_only", "fine_in_total"}
        and not low <= density <= high
    ):
        detail = f"{definition}: {low:g} to {high:g} g/cm3"
        yield Problem("kind_of_density", "bulk_density_g_cm3", density, detail)
        return
    fine, whole = (
        limits.BULK_DENSITY_FINE_WARN_G_CM3,
        limits.BULK_DENSITY_WHOLE_WARN_G_CM3,
    )
    most = whole if definition == "whole" else fine
    yield from _density_band("bulk_density_g_cm3", density, most)


def _sample_implied_density(record: Record) -> Iterator[Problem]:
    """Judge the density that masses and volume give, as if it had been entered."""
    if not _both(record, "fine_dry_mass_g", "volume_cm3"):
        return
    volume = record["volume_cm3"]
    fine = record["fine_dry_mass_g"] / volume
    whole = fine + (record.get("coarse_dry_mass_g") or 0.0) / volume
    for density, most, words in (
        (fine, limits.BULK_DENSITY_FINE_G_CM3[1], "fine soil"),
        (whole, limits.BULK_DENSITY_WHOLE_G_CM3[1], "all soil"),
    ):
        if density > most:
            detail = f"{words} over volume is {density:g} g/cm3, at most {most:g}"
            yield Problem("kind_of_density", "volume_cm3", volume, detail)
            return
    for problem in _density_band(
        "volume_cm3", whole, limits.BULK_DENSITY_WHOLE_WARN_G_CM3
    ):
        yield replace(problem, value=volume, detail=f"{whole:g} g/cm3")


def _density_band(path: str, density: float, most: float) -> Iterator[Problem]:
    if density < limits.BULK_DENSITY_PEAT_G_CM3:
        yield Problem("extreme_bulk_density", path, density)
    elif density < limits.BULK_DENSITY_ORGANIC_G_CM3:
        yield Problem("low_bulk_density", path, density)
    elif density > most:
        yield Problem("high_bulk_density", path, density, f"more than {most:g}")


def _sample_fragments(record: Record) -> Iterator[Problem]:
    share = record.get("coarse_fragments_pct")
    by_volume = record.get("coarse_fragments_basis") == "volume"
    if share is not None and 0.0 < share < limits.FRACTION_WARN_PCT:
        yield Problem("percent_or_fraction", "coarse_fragments_pct", share)
    if share is not None and by_volume and share > limits.COARSE_WARN_VOLUME_PCT:
        yield Problem("stony", "coarse_fragments_pct", share)
    density = record.get("fragment_density_g_cm3")
    low, high = limits.FRAGMENT_DENSITY_WARN_G_CM3
    if density is not None and not low <= density <= high:
        yield Problem("fragment_density_unusual", "fragment_density_g_cm3", density)


def _sample_water(record: Record) -> Iterator[Problem]:
    water = record.get("water_g_g")
    if water is not None and water > limits.WATER_WARN_G_G:
        yield Problem("wet_soil", "water_g_g", water)


def _result_value(record: Record) -> Iterator[Problem]:
    value, censored = record.get("value"), record.get("censored")
    if value is None and (censored is None or record.get("detection_limit") is None):
        yield Problem("value_missing", "value")
    if value is not None and censored is not None:
        detail = "a censored result has a detection limit and no value"
        yield Problem("value_missing", "value", value, detail)


def _result_unit(record: Record) -> Iterator[Problem]:
    """Refuse what an analyte cannot be; a blank may lie as far below zero as above."""
    units = UNITS.get(record.get("analyte", ""))
    if units is None or record.get("unit") is None:
        return
    bounds = units.get(record["unit"])
    if bounds is None:
        detail = f"{record['analyte']} takes {', '.join(units)}"
        yield Problem("unit_not_allowed", "unit", record["unit"], detail)
        return
    high = bounds[1]
    low = -high if record.get("kind") == "blank" else bounds[0]
    for name in ("value", "detection_limit", "certified_value", "first_value"):
        value = record.get(name)
        if value is not None and not low <= value <= high:
            detail = f"{record['analyte']} in {record['unit']}: {low:g} to {high:g}"
            yield Problem("out_of_range", name, value, detail)


def _control_duplicate(record: Record) -> Iterator[Problem]:
    if record.get("kind") == "duplicate" and record.get("first_value") is None:
        detail = "a duplicate has the value of the first reading"
        yield Problem("pair_incomplete", "first_value", None, detail)


def _result_carbon(record: Record) -> Iterator[Problem]:
    scale = TO_G_KG.get(record.get("unit", ""))
    value = record.get("value")
    if record.get("analyte") != "soc" or value is None or scale is None:
        return
    carbon = value * scale
    if limits.SOC_WARN_G_KG < carbon <= limits.SOC_MAX_G_KG:
        yield Problem("extreme_carbon", "value", value, f"{carbon:g} g/kg")
    elif limits.SOC_ORGANIC_G_KG < carbon <= limits.SOC_WARN_G_KG:
        yield Problem("high_carbon", "value", value, f"{carbon:g} g/kg")


def _result_clay(record: Record) -> Iterator[Problem]:
    value = record.get("value")
    if record.get("analyte") != "clay" or record.get("unit") != "pct" or not value:
        return
    if 0.0 < value < limits.FRACTION_WARN_PCT:
        yield Problem("percent_or_fraction", "value", value)


def _result_water(record: Record) -> Iterator[Problem]:
    value, scale = record.get("value"), _TO_G_G.get(record.get("unit", ""))
    if record.get("analyte") != "water_content" or value is None or scale is None:
        return
    if limits.WATER_WARN_G_G < value * scale <= limits.WATER_MAX_G_G:
        yield Problem("wet_soil", "value", value)


def _result_ph(record: Record) -> Iterator[Problem]:
    value = record.get("value")
    if record.get("analyte") != "ph_water" or value is None:
        return
    if limits.PH_CARBONATE <= value <= limits.PH_RANGE[1]:
        yield Problem("carbonate_possible", "value", value)


def _within(name: str, most: int = limits.SET_ITEMS) -> _Rule:
    """Bound a set again: two sets that each fit may be too much when they are joined."""

    def rule(record: Record) -> Iterator[Problem]:
        count = len(record.get(name) or ())
        if count > most:
            yield Problem("too_many", name, count, f"{most} at most")

    return rule


def _project_selection(record: Record) -> Iterator[Problem]:
    chosen = record.get("plot_selection")
    areas = ("sampled_area_ha", "sampled_strata_ha")
    given = [name for name in areas if record.get(name) is not None]
    if chosen != "random_sample":
        for name in given:
            detail = f"{name} needs plot_selection random_sample"
            yield Problem("pair_incomplete", "plot_selection", chosen, detail)
    elif not given:
        detail = "random_sample needs sampled_area_ha or sampled_strata_ha"
        yield Problem("pair_incomplete", "sampled_area_ha", None, detail)
    elif len(given) > 1:
        detail = "sampled_area_ha for all plots, or sampled_strata_ha for each stratum"
        yield Problem("either_or", "sampled_area_ha", record[areas[0]], detail)


_BRIDGE: Final = (
    *("bridge_from", "bridge_to", "bridge_factor", "bridge_factor_se"),
    *("bridge_pairs", "bridge_low_g_kg", "bridge_high_g_kg"),
)


def _project_bridge(record: Record) -> Iterator[Problem]:
    """Refuse a bridge in part: each figure means something with the others only."""
    missing = [name for name in _BRIDGE if record.get(name) is None]
    if len(missing) == len(_BRIDGE):
        return
    for name in missing:
        yield Problem("pair_incomplete", name, None, "the bridge is given in part")
    if not missing and record["bridge_from"] == record["bridge_to"]:
        detail = "a bridge leads from one procedure to another one"
        yield Problem("not_itself", "bridge_to", record["bridge_to"], detail)
    if not missing and record["bridge_low_g_kg"] >= record["bridge_high_g_kg"]:
        detail = "the lowest SOC is not below the highest"
        yield Problem(
            "out_of_range", "bridge_low_g_kg", record["bridge_low_g_kg"], detail
        )


def _plot_control(record: Record) -> Iterator[Problem]:
    if record.get("code") in (record.get("control_plots") or ()):
        detail = "a plot is not its own control"
        yield Problem("not_itself", "control_plots", record["code"], detail)
    same = record.get("control_stratum")
    if same is not None and same == record.get("stratum"):
        detail = "a plot is not in the stratum of its control"
        yield Problem("not_itself", "control_stratum", same, detail)


_ABOUT: Final = ("plot_id", "point_id", "core_id", "sample_id")


def _answer_about(record: Record) -> Iterator[Problem]:
    given = [name for name in _ABOUT if record.get(name) is not None]
    if len(given) != 1:
        detail = f"it names {len(given)}"
        yield Problem("one_of_four", given[-1] if given else "core_id", None, detail)


def _form_fingerprint(record: Record) -> Iterator[Problem]:
    questions, said = record.get("questions"), record.get("fingerprint")
    if None in (said, questions):
        return
    if said != fingerprint(questions):
        yield Problem("fingerprint_differs", "fingerprint", said)


_FILES: Final = _within("attachments")
_EXPLAINED: Final = _within("explained", limits.EXPLANATIONS)

_RULES: Final[Mapping[str, tuple[_Rule, ...]]] = MappingProxyType(
    {
        "project": (_project_selection, _project_bridge),
        "plot": (_plot_control, _within("control_plots"), _FILES),
        "practice": (_period("from_date", "to_date"),),
        "point": (_place, _FILES),
        "campaign": (_period("start_date", "end_date"), _within("crew"), _FILES),
        "core": (_place, _core_reach, _FILES),
        "sample": (
            _sample_depth,
            _sample_masses,
            _pair("bulk_density_g_cm3", "bulk_density_definition"),
            _sample_density,
            _sample_implied_density,
            _pair("coarse_fragments_pct", "coarse_fragments_basis"),
            _sample_fragments,
            _sample_water,
            _FILES,
        ),
        "result": (
            _result_value,
            _result_unit,
            _result_carbon,
            _result_water,
            _result_clay,
            _result_ph,
        ),
        "question_form": (_form_fingerprint,),
        "answer": (_answer_about,),
        "lab_control": (_result_value, _result_unit, _control_duplicate),
    }
)
