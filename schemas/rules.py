"""Soil plausibility across the fields of one record: errors and warnings, pure.

Limits come from schemas.limits; sources are named in docs/stocks.md. A warning
never refuses a value: soils surprise.
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from schemas import limits
from schemas.problems import Problem

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


def check(record_type: str, record: Record) -> list[Problem]:
    """Give every problem across the fields of a whole record, errors first."""
    found = [p for rule in _RULES.get(record_type, ()) for p in rule(record)]
    return sorted(found, key=lambda problem: problem.is_warning)


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
    if diameter is not None and diameter < 30:
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
    # A balance reads to 0.01 g; more than that is not rounding.
    if field is not None and dry > field + 0.01:
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
    elif density < 0.5:
        yield Problem("low_bulk_density", "bulk_density_g_cm3", density)
    elif density > (2.2 if definition == "whole" else 1.9):
        yield Problem("high_bulk_density", "bulk_density_g_cm3", density)


def _sample_fragments(record: Record) -> Iterator[Problem]:
    share = record.get("coarse_fragments_pct")
    if share is not None and share > 60:
        yield Problem("stony", "coarse_fragments_pct", share)
    density = record.get("fragment_density_g_cm3")
    if density is not None and not 2.0 <= density <= 3.0:
        yield Problem("fragment_density_unusual", "fragment_density_g_cm3", density)


def _result_value(record: Record) -> Iterator[Problem]:
    value, censored = record.get("value"), record.get("censored")
    if value is None and (censored is None or record.get("detection_limit") is None):
        yield Problem("value_missing", "value")
    if value is not None and censored is not None:
        detail = "a censored result has a detection limit and no value"
        yield Problem("value_missing", "value", value, detail)


def _result_unit(record: Record) -> Iterator[Problem]:
    units = UNITS.get(record.get("analyte", ""))
    if units is None or record.get("unit") is None:
        return
    bounds = units.get(record["unit"])
    if bounds is None:
        detail = f"{record['analyte']} takes {', '.join(units)}"
        yield Problem("unit_not_allowed", "unit", record["unit"], detail)
        return
    for name in ("value", "detection_limit"):
        value = record.get(name)
        if value is not None and not bounds[0] <= value <= bounds[1]:
            detail = f"{record['analyte']} in {record['unit']}: {bounds[0]:g} to {bounds[1]:g}"
            yield Problem("out_of_range", name, value, detail)


def _result_carbon(record: Record) -> Iterator[Problem]:
    scale = TO_G_KG.get(record.get("unit", ""))
    value = record.get("value")
    if record.get("analyte") != "soc" or value is None or scale is None:
        return
    if 120 < value * scale <= limits.SOC_MAX_G_KG:
        yield Problem("high_carbon", "value", value, f"{value * scale:g} g/kg")


_RULES: Final[Mapping[str, tuple[_Rule, ...]]] = MappingProxyType(
    {
        "practice": (_period("from_date", "to_date"),),
        "point": (_place,),
        "campaign": (_period("start_date", "end_date"),),
        "core": (_place, _core_reach),
        "sample": (
            _sample_depth,
            _sample_masses,
            _pair("bulk_density_g_cm3", "bulk_density_definition"),
            _sample_density,
            _pair("coarse_fragments_pct", "coarse_fragments_basis"),
            _sample_fragments,
        ),
        "result": (_result_value, _result_unit, _result_carbon),
    }
)
