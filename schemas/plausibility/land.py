"""Cores and plots beside what their project says of depth and land."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from schemas.plausibility.records import Fields, Records, Warned
from schemas.problems import Problem
from schemas.selection import WHOLE, beyond, drawn_areas, drawn_stratum
from schemas.vocabulary import COMPLETE_SOIL

#: The one method of stocks that needs no soil below the reference depth.
_FIXED_DEPTH: Final = "fixed_depth"
_DEPTH_CM: Final = 30.0


def of_land(records: Records) -> Iterator[Warned]:
    """Return cores that end where the stock does, and plots larger than their land."""
    for project_id, project in records.of_type("project").items():
        yield from _reach(records, project_id, project)
        yield from _areas(records, project_id, project)
    yield from _baselines(records)


def _reach(records: Records, project_id: str, project: Fields) -> Iterator[Warned]:
    """Doubt a core that ends where the stock does, if equal masses are compared.

    Where the layers of the project end there, it is the project that is doubted, once: a
    core that is as deep as it was asked for is not odd.
    """
    if project.get("stock_method_profile") == _FIXED_DEPTH:
        return
    depth_cm = project.get("reference_depth_cm") or _DEPTH_CM
    detail = f"stocks are to {depth_cm:g} cm"
    asked_cm = max(project.get("layer_depths_cm") or (), default=None)
    if asked_cm is not None and asked_cm <= depth_cm:
        said = Problem("depths_end_at_depth", "layer_depths_cm", asked_cm, detail)
        yield Warned("project", project_id, said)
    for core_id, core in records.of_type("core").items():
        reached_cm = _reached_cm(records, core_id, core)
        if reached_cm is None or reached_cm > depth_cm or reached_cm == asked_cm:
            continue
        found = Problem("ends_at_depth", "depth_reached_cm", reached_cm, detail)
        yield Warned("core", core_id, found, (project_id,))


def _reached_cm(records: Records, core_id: str, core: Fields) -> float | None:
    """Return where a core ends; None where that is not known, or the soil ends there."""
    if core.get("stop_reason") in COMPLETE_SOIL or core.get("represents") is not None:
        return None
    reached_cm: float | None = core.get("depth_reached_cm")
    if reached_cm is not None:
        return reached_cm
    bags = records.below("sample", core_id)
    return max((bag["depth_bottom_cm"] for _, bag in bags), default=None)


def _areas(records: Records, project_id: str, project: Fields) -> Iterator[Warned]:
    """Doubt plots that are larger together than the land they were drawn from."""
    areas = drawn_areas(project)
    plots: Mapping[str, Mapping[str, Any]] = records.of_type("plot")
    path = "sampled_area_ha" if WHOLE in areas else "sampled_strata_ha"
    for stratum, found_ha in beyond(areas, plots.values()).items():
        where = stratum or "all land"
        detail = f"{where}: {areas[stratum]:g} ha, plots {found_ha:g} ha"
        drawn = [
            plot_id
            for plot_id, plot in plots.items()
            if drawn_stratum(areas, plot) == stratum
        ]
        found = Problem("area_below_plots", path, None, detail)
        yield Warned("project", project_id, found, tuple(drawn))


def _baselines(records: Records) -> Iterator[Warned]:
    """Doubt a baseline of plots that were sampled in an earlier campaign."""
    plots: dict[str, set[str]] = {}
    for core in records.of_type("core").values():
        plot_id, _ = records.plot_of_core(core)
        plots.setdefault(core["campaign_id"], set()).add(plot_id)
    campaigns = sorted(
        (campaign["start_date"], campaign_id)
        for campaign_id, campaign in records.of_type("campaign").items()
    )
    earlier: dict[str, str] = {}
    for _, campaign_id in campaigns:
        campaign = records.of_type("campaign")[campaign_id]
        own = plots.get(campaign_id, set())
        before = sorted(own & earlier.keys())
        if before and campaign["purpose"] == "baseline":
            first = earlier[before[0]]
            detail = f"{records.name('plot', before[0])} was sampled in {records.name('campaign', first)}"
            found = Problem("baseline_again", "purpose", "baseline", detail)
            yield Warned("campaign", campaign_id, found, (first,))
        for plot_id in own:
            earlier.setdefault(plot_id, campaign_id)
