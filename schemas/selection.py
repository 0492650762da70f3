"""Plots drawn at random out of many, and the land they stand for. Pure.

A project says how its plots were chosen. Where they were drawn it gives the area of all
land they were drawn from, or that of each stratum; plots of a stratum without an area
were not drawn and stand for themselves.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

Fields = Mapping[str, Any]

#: The name under which a project without strata keeps the area of all its land.
WHOLE: Final = ""
_ROUNDING: Final = 1e-9  # of areas that were added up


def drawn_areas(project: Fields) -> dict[str, float]:
    """Return the land that plots were drawn from, ha by stratum; empty if none were.

    >>> drawn_areas({"plot_selection": "random_sample", "sampled_area_ha": 900.0})
    {'': 900.0}
    >>> drawn_areas({"plot_selection": "all"})
    {}
    """
    if project.get("plot_selection") != "random_sample":
        return {}
    whole = project.get("sampled_area_ha")
    if whole is not None:
        return {WHOLE: whole}
    return dict(project.get("sampled_strata_ha") or {})


def drawn_stratum(areas: Mapping[str, float], plot: Fields) -> str | None:
    """Return the stratum that a plot was drawn from, or None if it was not drawn."""
    if WHOLE in areas:
        return WHOLE
    stratum = plot.get("stratum")
    return stratum if stratum in areas else None


def beyond(areas: Mapping[str, float], plots: Iterable[Fields]) -> dict[str, float]:
    """Return the area of the plots of each stratum that exceeds what they stand for.

    >>> beyond({"clay": 5.0}, [{"stratum": "clay", "area_ha": 3.0}] * 2)
    {'clay': 6.0}
    """
    sums = dict.fromkeys(areas, 0.0)
    for plot in plots:
        stratum = drawn_stratum(areas, plot)
        if stratum is not None:
            sums[stratum] += plot.get("area_ha") or 0.0
    return {
        stratum: found
        for stratum, found in sums.items()
        if found > areas[stratum] * (1.0 + _ROUNDING)
    }
