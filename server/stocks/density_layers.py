"""Bulk density sampled in other layers than SOC, such as rings beside an auger.

The fine mass of a SOC layer is the difference of the cumulative mass of the density
layers at its boundaries, which is a straight line inside each of them.
"""

from itertools import pairwise
from typing import Final

import numpy as np

from server.stocks.profiles import (
    DEPTH_TOLERANCE_CM,
    BoolArray,
    IntArray,
    Profiles,
)
from server.stocks.reasons import Reason, mask_of

_BD_OTHER_LAYERS: Final = mask_of([Reason.BD_OTHER_LAYERS])


def join_density(profiles: Profiles) -> tuple[Profiles, IntArray]:
    """Join the bulk density of density layers to the SOC layers beside them.

    Parameters
    ----------
    profiles
        n profiles; NaN where a layer has no SOC or no bulk density.

    Returns
    -------
    tuple
        The profiles, without the layers that only gave a density; and per profile a
        mask that holds BD_OTHER_LAYERS where that was done.

    Notes
    -----
    Only where a layer with SOC alone and one with density alone overlap; otherwise
    either value is missing. The density layers count from the surface down to the first
    gap or overlap; a SOC layer that ends deeper stays without a density.

    Examples
    --------
    >>> from server.stocks.profiles import arrange
    >>> nan = float("nan")
    >>> profiles, _ = arrange(
    ...     [0, 0, 0], [0, 0, 10], [30, 10, 30], [20, nan, nan], [nan, 1.2, 1.5]
    ... )
    >>> joined, _ = join_density(profiles)
    >>> joined.bottom_cm.tolist(), joined.bd_fine_g_cm3.tolist()
    ([30.0], [1.4])
    """
    soc_missing = np.isnan(profiles.soc_g_kg)
    bd_missing = np.isnan(profiles.bd_fine_g_cm3)
    soc_alone, bd_alone = bd_missing & ~soc_missing, soc_missing & ~bd_missing
    both = _any(profiles, soc_alone) & _any(profiles, bd_alone)
    density = profiles.bd_fine_g_cm3.copy()
    kept = np.ones(density.size, dtype=np.bool_)
    mask = np.zeros(profiles.count, dtype=np.int64)
    for number in np.flatnonzero(both).tolist():
        rows = np.arange(profiles.offsets[number], profiles.offsets[number + 1])
        wanting, giving = rows[soc_alone[rows]], rows[bd_alone[rows]]
        if not _overlap(profiles, wanting, giving):
            continue
        mask[number] = _BD_OTHER_LAYERS
        kept[giving] = False
        depths_cm, mass = _cumulative(profiles, rows[~bd_missing[rows]])
        for row in wanting.tolist():
            top, bottom = profiles.top_cm[row], profiles.bottom_cm[row]
            if bottom <= depths_cm[-1] + DEPTH_TOLERANCE_CM and top < depths_cm[-1]:
                bottom = min(bottom, depths_cm[-1])
                above, below = np.interp([top, bottom], depths_cm, mass)
                density[row] = (below - above) / (bottom - top)
    if not mask.any():
        return profiles, mask
    counts = np.add.reduceat(kept.astype(np.int64), profiles.first)
    return Profiles(
        np.concatenate(([0], np.cumsum(counts))),
        profiles.top_cm[kept],
        profiles.bottom_cm[kept],
        profiles.soc_g_kg[kept],
        density[kept],
    ), mask


def density_layers(profiles: Profiles, number: int = 0) -> list[tuple[float, float]]:
    """Return top and bottom of the density layers of a profile that count.

    >>> from server.stocks.profiles import arrange
    >>> nan = float("nan")
    >>> profiles, _ = arrange(
    ...     [0, 0, 0], [0, 0, 20], [30, 10, 30], [20, nan, nan], [nan, 1.2, 1.5]
    ... )
    >>> density_layers(profiles)
    [(0.0, 10.0)]
    """
    rows = np.arange(profiles.offsets[number], profiles.offsets[number + 1])
    given = rows[~np.isnan(profiles.bd_fine_g_cm3[rows])]
    depths_cm, _ = _cumulative(profiles, given)
    return list(pairwise(depths_cm))


def _any(profiles: Profiles, marked: BoolArray) -> BoolArray:
    found: BoolArray = np.logical_or.reduceat(marked, profiles.first)
    return found


def _overlap(profiles: Profiles, some: IntArray, others: IntArray) -> bool:
    top, bottom = profiles.top_cm, profiles.bottom_cm
    low = np.maximum(top[some][:, np.newaxis], top[others])
    high = np.minimum(bottom[some][:, np.newaxis], bottom[others])
    return bool(np.any(high - low > DEPTH_TOLERANCE_CM))


def _cumulative(profiles: Profiles, rows: IntArray) -> tuple[list[float], list[float]]:
    """Return mass per area over depth, to the first gap or overlap."""
    depths_cm, mass = [0.0], [0.0]
    for row in rows.tolist():
        top, bottom = profiles.top_cm[row], profiles.bottom_cm[row]
        if abs(top - depths_cm[-1]) > DEPTH_TOLERANCE_CM:
            break
        depths_cm.append(float(bottom))
        mass.append(mass[-1] + float(profiles.bd_fine_g_cm3[row] * (bottom - top)))
    return depths_cm, mass
