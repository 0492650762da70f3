"""A core in its campaign, the bags of a core, and when a bag was analysed."""

import math
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from schemas import limits
from schemas.plausibility.records import Fields, Records, Warned
from schemas.problems import Problem

_LONGEST: Final = timedelta(days=366)
#: How much of a date counts, by how exactly it is known.
_KNOWN_TO: Final = {"month": 7, "year": 4}
#: Depths that differ less are the same.
_SAME_CM: Final = 0.1


def of_cores(records: Records) -> Iterator[Warned]:
    """Return what is odd about cores, their bags and the results of these."""
    for core_id, core in records.of_type("core").items():
        campaign_id = core["campaign_id"]
        campaign = records.get("campaign", campaign_id)
        late = outside_campaign(core, campaign) if campaign is not None else None
        if late is not None:
            yield Warned("core", core_id, late, (campaign_id,))
        bags = sorted(
            records.below("sample", core_id),
            key=lambda bag: (*_depths(bag[1]), bag[1]["sample_code"], bag[0]),
        )
        yield from _layers(core_id, bags)
        # A ring that stands for the plot is taken from the middle of a layer.
        if core.get("represents") is None:
            yield from _gaps(core_id, bags)
        for sample_id, sample in bags:
            for problem in unlikely_densities(sample, core):
                yield Warned("sample", sample_id, problem, (core_id,))
            yield from _analysed(records, sample_id, core_id, core)


def of_skips(records: Records) -> Iterator[Warned]:
    """Return skips of points that have a core in the same campaign."""
    cored = {
        (core["point_id"], core["campaign_id"]): core_id
        for core_id, core in records.of_type("core").items()
    }
    for skip_id, skip in records.of_type("skip").items():
        core_id = cored.get((skip["point_id"], skip["campaign_id"]))
        if core_id is not None:
            detail = f"core {records.name('core', core_id)}"
            found = Problem("skipped_and_sampled", "point_id", None, detail)
            yield Warned("skip", skip_id, found, (core_id,))


def outside_campaign(core: Fields, campaign: Fields) -> Problem | None:
    """Return that a core was not taken in the days of its campaign, as far as is known.

    A campaign that does not say when it ended is over after a year.
    """
    known = _KNOWN_TO.get(core.get("sampled_precision", ""), 10)
    day, first = core["sampled_at"][:known], campaign["start_date"]
    last = campaign.get("end_date")
    until = last or _a_year_after(first)
    if first[:known] <= day <= until[:known]:
        return None
    period = f"{first} to {last}" if last else f"from {first}"
    detail = f"{campaign['name']}: {period}"
    return Problem("core_outside_campaign", "sampled_at", core["sampled_at"], detail)


@lru_cache(maxsize=1024)
def _a_year_after(day: str) -> str:
    return (date.fromisoformat(day) + _LONGEST).isoformat()


def _layers(core_id: str, bags: list[tuple[str, Fields]]) -> Iterator[Warned]:
    """Compare each bag of a core, from the top down, with the deepest one before it."""
    before: dict[tuple[float, float], tuple[str, Fields]] = {}
    deepest: tuple[str, Fields] | None = None
    for sample_id, sample in bags:
        twin = before.setdefault(_depths(sample), (sample_id, sample))
        is_twin = twin[0] != sample_id
        other = twin if is_twin else deepest
        if other is not None:
            other_id, above = other
            shared_cm = above["depth_bottom_cm"] - sample["depth_top_cm"]
            if shared_cm > _SAME_CM:
                code = "layer_twice" if is_twin else "layers_overlap"
                top_cm, bottom_cm = _depths(above)
                detail = f"bag {above['sample_code']} is {top_cm:g} to {bottom_cm:g} cm"
                found = Problem(code, "depth_top_cm", sample["depth_top_cm"], detail)
                yield Warned("sample", sample_id, found, (other_id, core_id))
        if deepest is None or sample["depth_bottom_cm"] > deepest[1]["depth_bottom_cm"]:
            deepest = (sample_id, sample)


def _gaps(core_id: str, bags: list[tuple[str, Fields]]) -> Iterator[Warned]:
    reached_cm = 0.0
    for sample_id, sample in bags:
        top_cm = sample["depth_top_cm"]
        if top_cm - reached_cm > _SAME_CM:
            detail = f"nothing from {reached_cm:g} to {top_cm:g} cm"
            found = Problem("layer_gap", "depth_top_cm", top_cm, detail)
            yield Warned("sample", sample_id, found, (core_id,))
        reached_cm = max(reached_cm, sample["depth_bottom_cm"])


def _depths(sample: Fields) -> tuple[float, float]:
    return round(sample["depth_top_cm"], 1), round(sample["depth_bottom_cm"], 1)


def unlikely_densities(sample: Fields, core: Fields) -> Iterator[Problem]:
    """Judge the density that the masses of a bag and the size of the probe give.

    ``density = mass / (pi/4 * diameter^2 * thickness * cores)`` in g/cm3. Soil as taken
    holds water, so that it may be heavier.
    """
    volume_cm3, dry_g = sample.get("volume_cm3"), None
    if volume_cm3 is None and core.get("inner_diameter_mm") is not None:
        thickness_cm = sample["depth_bottom_cm"] - sample["depth_top_cm"]
        area_cm2 = math.pi / 4.0 * (core["inner_diameter_mm"] / 10.0) ** 2
        volume_cm3 = area_cm2 * thickness_cm * (core.get("cores_composited") or 1)
        # With a volume of its own schemas.rules has judged the dry mass already.
        dry_g = sample.get("fine_dry_mass_g")
    if not volume_cm3:
        return
    stones_g = sample.get("coarse_dry_mass_g") or 0.0
    for name, mass_g, most in (
        (
            "fine_dry_mass_g",
            dry_g and dry_g + stones_g,
            limits.BULK_DENSITY_WHOLE_WARN_G_CM3,
        ),
        ("field_mass_g", sample.get("field_mass_g"), limits.WET_DENSITY_WARN_G_CM3),
    ):
        least = limits.BULK_DENSITY_ORGANIC_G_CM3
        if mass_g and not least <= mass_g / volume_cm3 <= most:
            density = f"{mass_g / volume_cm3:.3g} g/cm3"
            detail = f"{mass_g:g} g in {volume_cm3:.4g} cm3 are {density}"
            yield Problem("density_unlikely", name, sample.get(name), detail)


def _analysed(
    records: Records, sample_id: str, core_id: str, core: Fields
) -> Iterator[Warned]:
    known = _KNOWN_TO.get(core.get("sampled_precision", ""), 10)
    day = core["sampled_at"][:known]
    for result_id, result in records.below("result", sample_id):
        analysed = result.get("analysed_on")
        if analysed and analysed[:known] < day:
            detail = f"sampled {day}"
            found = Problem("analysed_too_early", "analysed_on", analysed, detail)
            yield Warned("result", result_id, found, (sample_id, core_id))
