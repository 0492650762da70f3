"""SOC stock and fine-soil mass from the surface to one fixed depth.

The cumulative curve over depth is piecewise linear: density and concentration
are constant inside a layer. A layer that the depth cuts counts with the share
above it. Nothing is scaled up beyond the sampled depth.
"""

from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from server.stocks.fine_soil import T_HA_PER_G_CM2, FloatArray
from server.stocks.profiles import (
    DEPTH_TOLERANCE_CM,
    REFUSES_FINE_MASS,
    REFUSES_STOCK,
    BoolArray,
    IntArray,
    Profiles,
    check,
)

# Bounds the temporaries: a block of usual profiles stays in the processor cache.
_BLOCK_PROFILES: Final = 16_384


@dataclass(frozen=True, slots=True)
class FixedDepth:
    """Stocks of n profiles; NaN where not computable, with the reason in the mask."""

    soc_stock_t_ha: FloatArray
    fine_mass_t_ha: FloatArray
    covered_to_cm: FloatArray
    stock_to_covered_t_ha: FloatArray
    mask: IntArray


def fixed_depth(
    profiles: Profiles, depth_cm: float, complete_soil_cm: FloatArray | None = None
) -> FixedDepth:
    """Return SOC stock and fine-soil mass of each profile to a fixed depth.

    ``FD(D) = sum_i 100 * bd_i * d_i * C_i / 1000``, with ``d_i`` the thickness of
    layer i above D

    Parameters
    ----------
    profiles
        n profiles; g/kg, g/cm3, cm.
    depth_cm
        Depth D, cm; > 0, usually 30.
    complete_soil_cm
        Depth of bedrock or hardpan, cm, shape (n,); NaN where none was met. Soil
        that ends above D is complete and its stock counts.

    Returns
    -------
    FixedDepth
        Stock and fine mass in t/ha, both (n,), NaN where not computable; beside
        them the depth down to which the profile is complete, the stock to that
        depth (equal to the stock where that is computable; NaN where nothing is
        covered), and the reason mask.

    Raises
    ------
    ValueError
        When the depth is not positive or `complete_soil_cm` is not (n,).

    Notes
    -----
    Not computable: first layer below the surface, gap or overlap beyond 0.1 cm,
    SOC or bulk density missing, deepest layer above D. What lies below D does not
    matter. Fine mass needs no SOC. Source: Poeplau et al. 2017 (layer stock); IPCC
    uses D = 30 cm.

    Examples
    --------
    >>> from server.stocks.profiles import arrange
    >>> profiles, _ = arrange([0, 0], [0, 10], [10, 40], [20.0, 10.0], [1.2, 1.5])
    >>> result = fixed_depth(profiles, 30.0)
    >>> result.soc_stock_t_ha.tolist(), result.fine_mass_t_ha.tolist()
    ([54.0], [4200.0])
    """
    if not depth_cm > 0.0:
        raise ValueError("depth_cm must be positive")
    if complete_soil_cm is None:
        complete_soil_cm = np.full(profiles.count, np.nan)
    if complete_soil_cm.shape != (profiles.count,):
        raise ValueError("complete_soil_cm needs one value per profile")
    blocks = [
        _block(
            profiles.slice(start, min(start + _BLOCK_PROFILES, profiles.count)),
            depth_cm,
            complete_soil_cm[start : start + _BLOCK_PROFILES],
        )
        for start in range(0, profiles.count, _BLOCK_PROFILES)
    ]
    if len(blocks) == 1:
        return blocks[0]
    return FixedDepth(
        *(
            np.concatenate([getattr(block, field.name) for block in blocks])
            for field in fields(FixedDepth)
        )
    )


def cumulative_t_ha(
    profiles: Profiles, depth_cm: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return cumulative fine mass and SOC stock at one depth per profile.

    Both in t/ha, shape (n,). NaN in a layer above the depth gives NaN; geometry is
    not checked, see `fixed_depth`.

    >>> from server.stocks.profiles import arrange
    >>> profiles, _ = arrange([0, 0], [0, 10], [10, 40], [20.0, np.nan], [1.2, 1.5])
    >>> cumulative_t_ha(profiles, np.array([10.0]))
    (array([1200.]), array([24.]))
    """
    thickness_cm = _thickness_above(profiles, profiles.per_layer(depth_cm))
    used = thickness_cm > 0.0
    mass = np.where(used, profiles.bd_fine_g_cm3 * thickness_cm * T_HA_PER_G_CM2, 0.0)
    stock = np.where(used, mass * profiles.soc_g_kg / 1000.0, 0.0)
    first = profiles.first
    return np.add.reduceat(mass, first), np.add.reduceat(stock, first)


def _block(
    profiles: Profiles, depth_cm: float, complete_soil_cm: FloatArray
) -> FixedDepth:
    """Compute all profiles as if they were faultless, then mend those that are not."""
    mass = _thickness_above(profiles, depth_cm)
    mass *= profiles.bd_fine_g_cm3
    mass *= T_HA_PER_G_CM2
    fine_mass = np.add.reduceat(mass, profiles.first)
    mass *= profiles.soc_g_kg
    stock = np.add.reduceat(mass, profiles.first)
    stock /= 1000.0
    result = FixedDepth(
        soc_stock_t_ha=stock,
        fine_mass_t_ha=fine_mass,
        covered_to_cm=np.full(profiles.count, depth_cm),
        stock_to_covered_t_ha=stock.copy(),
        mask=np.zeros(profiles.count, dtype=np.int64),
    )
    suspects = np.flatnonzero(_suspect(profiles, depth_cm, stock))
    if suspects.size:
        mended = _careful(profiles.take(suspects), depth_cm, complete_soil_cm[suspects])
        for field in fields(FixedDepth):
            getattr(result, field.name)[suspects] = getattr(mended, field.name)
    return result


def _suspect(profiles: Profiles, depth_cm: float, stock_t_ha: FloatArray) -> BoolArray:
    """Mark profiles that may have a fault; a fault below the depth marks them too."""
    suspect: BoolArray = np.isnan(stock_t_ha)
    suspect |= profiles.top_cm[profiles.first] > 0.0
    suspect |= profiles.bottom_cm[profiles.last] < depth_cm
    step_cm = profiles.top_cm[1:] - profiles.bottom_cm[:-1]
    step_cm[profiles.last[:-1]] = 0.0
    np.abs(step_cm, out=step_cm)
    apart = np.flatnonzero(step_cm > DEPTH_TOLERANCE_CM)
    suspect[np.searchsorted(profiles.offsets, apart, side="right") - 1] = True
    return suspect


def _careful(
    profiles: Profiles, depth_cm: float, complete_soil_cm: FloatArray
) -> FixedDepth:
    checked = check(profiles, depth_cm, complete_soil_cm)
    fine_mass, _ = cumulative_t_ha(profiles, checked.goal_cm)
    _, to_covered = cumulative_t_ha(profiles, checked.covered_to_cm)
    refused = (checked.mask & REFUSES_STOCK) != 0
    massless = (checked.mask & REFUSES_FINE_MASS) != 0
    return FixedDepth(
        soc_stock_t_ha=np.where(refused, np.nan, to_covered),
        fine_mass_t_ha=np.where(massless, np.nan, fine_mass),
        covered_to_cm=checked.covered_to_cm,
        stock_to_covered_t_ha=np.where(checked.covered_to_cm > 0, to_covered, np.nan),
        mask=checked.mask,
    )


def _thickness_above(profiles: Profiles, depth_cm: float | FloatArray) -> FloatArray:
    thickness_cm = np.minimum(profiles.bottom_cm, depth_cm)
    thickness_cm -= profiles.top_cm
    return np.maximum(thickness_cm, 0.0, out=thickness_cm)
