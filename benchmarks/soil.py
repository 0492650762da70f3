"""A made-up sampling campaign: plots, points, cores, and bags with 19 fields each.

The record id is the twentieth. Numbers are drawn from a seeded generator and
rounded as balances and laboratories round them; densities fit masses and volumes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from schemas.records import record_id

SEED: Final = 20_260_501
POINTS: Final = 20
CAMPAIGNS: Final = (("2019", "baseline"), ("2026", "resampling"))
LAYERS_CM: Final = (
    (0.0, 10.0),
    (10.0, 20.0),
    (20.0, 30.0),
    (30.0, 50.0),
    (50.0, 100.0),
)
#: Samples of one plot.
PER_PLOT: Final = POINTS * len(CAMPAIGNS) * len(LAYERS_CM)
_PROBE_CM2: Final = 19.63
#: Plots in a row from west to east; then they begin again, in the same places.
_EASTWARDS: Final = 10_000
_HORIZONS: Final = ("Ap", "Ap", "Ah", "Bw", "C")
_NOTES: Final = (
    "roots and earthworm channels down to the lower end",
    "dry, crumbled when the probe was pulled",
    "pieces of charcoal, kept in the bag",
    "stone hit at 8 cm, second try 30 cm to the east",
    "wheel track beside the point, sampled between the rows",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One record to write."""

    type: str
    id: str
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Survey:
    """What is planned before anybody walks out, and the bags they bring home."""

    plan: list[Entry]
    samples: list[Entry]


def survey(project_id: str, samples: int) -> Survey:
    """Make a survey with this many bags in one project."""
    campaigns = campaigns_of(project_id)
    plots = range(-(-samples // PER_PLOT))
    plan = _plan(project_id, campaigns, plots)
    bags = list(_bags(project_id, _Lot(_cores(plan), 0, SEED), samples))
    return Survey([*campaigns, *plan], bags)


def campaigns_of(project_id: str) -> list[Entry]:
    """Return the campaigns, of which there are as many in a small survey as in a large one."""
    return [_entry(project_id, "campaign", _campaign(*c)) for c in CAMPAIGNS]


def plots_of(project_id: str, campaigns: list[Entry], plots: range) -> Survey:
    """Make some plots of a survey with all their bags, alike whatever others there are."""
    plan = _plan(project_id, campaigns, plots)
    lot = _Lot(_cores(plan), plots.start * PER_PLOT, SEED + plots.start)
    bags = list(_bags(project_id, lot, len(plots) * PER_PLOT))
    return Survey(plan, bags)


def result_of(project_id: str, sample: Entry, place: int) -> Entry:
    """Return the laboratory's organic carbon of a bag."""
    fields = {
        "sample_id": sample.id,
        "analyte": "soc",
        "replicate": 1,
        "value": round(22 - 0.15 * sample.fields["depth_top_cm"] + place % 7 / 10, 2),
        "unit": "g_kg",
        "method": "dry_combustion",
        "moisture": "oven_dry",
        "lab": "Soil laboratory",
    }
    return _entry(project_id, "result", fields)


@dataclass(frozen=True, slots=True)
class _Lot:
    """Cores that bags come from, the number of the first bag, and the seed of what they weigh."""

    cores: list[Entry]
    first: int
    seed: int


def _plan(project_id: str, campaigns: list[Entry], plots: range) -> list[Entry]:
    return [entry for plot in plots for entry in _plot(project_id, plot, campaigns)]


def _cores(plan: list[Entry]) -> list[Entry]:
    return [entry for entry in plan if entry.type == "core"]


def _plot(project_id: str, number: int, campaigns: list[Entry]) -> Iterator[Entry]:
    plot = _entry(
        project_id,
        "plot",
        {
            "code": f"KL-{number:03}",
            "name": f"Field {number} at Klostergut",
            "area_ha": 4.2,
            "land_use": "cropland",
        },
    )
    yield plot
    for place in range(1, POINTS + 1):
        where = {
            "lon": round(10.4 + number % _EASTWARDS / 100, 6),
            "lat": round(52.2 + place / 1e4, 6),
        }
        point = _entry(
            project_id, "point", {"plot_id": plot.id, "code": f"{place:02}", **where}
        )
        yield point
        for campaign in campaigns:
            yield _entry(project_id, "core", _core(point, campaign, place, where))


def _core(
    point: Entry, campaign: Entry, place: int, where: dict[str, float]
) -> dict[str, Any]:
    return {
        "point_id": point.id,
        "campaign_id": campaign.id,
        "number": 1,
        "sampled_at": f"{campaign.fields['name']}-09-{10 + place % 7}T10:{place:02}:00+02:00",
        "sampled_precision": "instant",
        **where,
        "accuracy_m": 2.5,
        "tool": "probe",
        "inner_diameter_mm": 50.0,
        "depth_reached_cm": 100.0,
        "stop_reason": "planned_depth",
    }


def _campaign(name: str, purpose: str) -> dict[str, Any]:
    return {
        "name": name,
        "start_date": f"{name}-09-01",
        "end_date": f"{name}-10-15",
        "purpose": purpose,
        "crew": ["Ada", "Ben"],
    }


def _bags(project_id: str, lot: _Lot, count: int) -> Iterator[Entry]:
    chance = np.random.default_rng(lot.seed)
    # Columns: density, stones, water, probe, density of stones, note.
    drawn = chance.random((count, 6))
    for place in range(count):
        core, layer = divmod(place, len(LAYERS_CM))
        code = f"KL-{lot.first // len(LAYERS_CM) + core:05}-{layer + 1}"
        fields = _bag(lot.cores[core].id, code, layer, drawn[place].tolist())
        yield _entry(project_id, "sample", fields)


def _bag(core: str, code: str, layer: int, drawn: list[float]) -> dict[str, Any]:
    density, stones, water, probe, rock, note = drawn
    top_cm, bottom_cm = LAYERS_CM[layer]
    volume_cm3 = round((bottom_cm - top_cm) * _PROBE_CM2 * (0.98 + 0.04 * probe), 1)
    fine_g = round(volume_cm3 * (1.05 + 0.35 * density + 0.03 * layer), 2)
    coarse_g = round(fine_g * 0.12 * stones, 2)
    water_g_g = round(0.12 + 0.16 * water, 3)
    whole_g = fine_g + coarse_g
    return {
        "core_id": core,
        "sample_code": code,
        "depth_top_cm": top_cm,
        "depth_bottom_cm": bottom_cm,
        "field_mass_g": round(whole_g * (1 + water_g_g) + 1, 2),
        "fine_dry_mass_g": fine_g,
        "coarse_dry_mass_g": coarse_g,
        "volume_cm3": volume_cm3,
        "bulk_density_g_cm3": round(whole_g / volume_cm3, 3),
        "bulk_density_definition": "whole",
        "bulk_density_method": "core",
        "mass_moisture": "oven_dry",
        "coarse_fragments_pct": round(100 * coarse_g / whole_g, 1),
        "coarse_fragments_basis": "mass",
        "fragment_density_g_cm3": round(2.55 + 0.2 * rock, 2),
        "water_g_g": water_g_g,
        "horizon": _HORIZONS[layer],
        "carbonate_class": "strong" if rock > 0.7 else "none",
        "note": _NOTES[int(note * len(_NOTES))],
    }


def _entry(project_id: str, record_type: str, fields: dict[str, Any]) -> Entry:
    return Entry(record_type, record_id(project_id, record_type, fields), fields)
