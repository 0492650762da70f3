"""Many profiles as flat layer arrays, so that millions are one array operation.

Layer ``j`` of profile ``i`` stands at ``offsets[i] + j``. Depths grow downward
from 0 cm at the surface. NaN is a missing value.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from server.stocks.fine_soil import FloatArray
from server.stocks.reasons import Reason, mask_of

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

# Depths are read from a tape to the centimetre; the last bits are binary noise.
DEPTH_TOLERANCE_CM: Final = 0.1 + 1e-9

NO_SURFACE: Final = mask_of([Reason.NO_SURFACE])
GAP: Final = mask_of([Reason.GAP])
OVERLAP: Final = mask_of([Reason.OVERLAP])
MISSING_SOC: Final = mask_of([Reason.MISSING_SOC])
MISSING_BD: Final = mask_of([Reason.MISSING_BD])
TOO_SHALLOW: Final = mask_of([Reason.TOO_SHALLOW])
COMPLETE_SOIL: Final = mask_of([Reason.COMPLETE_SOIL])
DUPLICATES_AVERAGED: Final = mask_of([Reason.DUPLICATES_AVERAGED])

REFUSES_FINE_MASS: Final = NO_SURFACE | GAP | OVERLAP | MISSING_BD | TOO_SHALLOW
REFUSES_STOCK: Final = REFUSES_FINE_MASS | MISSING_SOC


@dataclass(frozen=True, slots=True)
class Profiles:
    """Layers of many profiles, sorted downward inside each profile.

    Raises `ValueError` when the arrays do not fit together or a profile is
    empty.
    """

    offsets: IntArray
    top_cm: FloatArray
    bottom_cm: FloatArray
    soc_g_kg: FloatArray
    bd_fine_g_cm3: FloatArray

    def __post_init__(self) -> None:
        if len({column.shape for column in self.columns}) != 1:
            raise ValueError("layer columns differ in length")
        if self.offsets[0] != 0 or self.offsets[-1] != self.top_cm.size:
            raise ValueError("offsets do not span the layers")
        if not np.all(self.offsets[1:] > self.offsets[:-1]):
            raise ValueError("a profile has no layer")

    @property
    def columns(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Top, bottom, SOC and fine bulk density, in this order."""
        return self.top_cm, self.bottom_cm, self.soc_g_kg, self.bd_fine_g_cm3

    @property
    def count(self) -> int:
        """Number of profiles."""
        return int(self.offsets.size - 1)

    @property
    def first(self) -> IntArray:
        """Index of the uppermost layer of each profile."""
        return self.offsets[:-1]

    @property
    def last(self) -> IntArray:
        """Index of the last layer of each profile."""
        return self.offsets[1:] - 1

    @property
    def layer_counts(self) -> IntArray:
        """Number of layers of each profile."""
        return np.diff(self.offsets)

    def per_layer(self, values: NDArray[np.float64]) -> FloatArray:
        """Repeat one value per profile for each of its layers."""
        return np.repeat(values, self.layer_counts)

    def slice(self, start: int, stop: int) -> "Profiles":
        """Return profiles ``start`` to ``stop`` without copying their layers."""
        low, high = int(self.offsets[start]), int(self.offsets[stop])
        return Profiles(
            self.offsets[start : stop + 1] - low,
            *(column[low:high] for column in self.columns),
        )

    def take(self, index: IntArray) -> "Profiles":
        """Copy the profiles at the given positions."""
        counts = self.layer_counts[index]
        offsets = np.concatenate(([0], np.cumsum(counts)))
        rows = np.arange(offsets[-1]) + np.repeat(
            self.offsets[index] - offsets[:-1], counts
        )
        return Profiles(offsets, *(column[rows] for column in self.columns))


def arrange(
    profile: ArrayLike,
    top_cm: ArrayLike,
    bottom_cm: ArrayLike,
    soc_g_kg: ArrayLike,
    bd_fine_g_cm3: ArrayLike,
) -> tuple[Profiles, IntArray]:
    """Sort loose layers into profiles and average what was reported twice.

    Parameters
    ----------
    profile
        Number of the profile of each layer, 0 to n - 1, each used at least once.
    top_cm, bottom_cm
        Depths of each layer, cm.
    soc_g_kg
        SOC of the fine soil, g/kg; NaN where missing.
    bd_fine_g_cm3
        Fine mass per total volume, g/cm3; NaN where missing.

    Returns
    -------
    tuple
        The profiles, and per profile a mask that holds DUPLICATES_AVERAGED where
        a layer had more than one value.

    Raises
    ------
    ValueError
        When columns differ in length or a number in 0 to n - 1 is not used.

    Notes
    -----
    Rows with the same top and bottom are one layer: each quantity is the mean of
    its values present, so SOC and bulk density may come in rows of their own.

    Examples
    --------
    >>> profiles, mask = arrange(
    ...     [0, 0, 0], [10, 0, 0], [30, 10, 10], [8.0, 20.0, 22.0], [1.4, 1.2, 1.2]
    ... )
    >>> profiles.top_cm.tolist(), profiles.soc_g_kg.tolist(), bool(mask[0])
    ([0.0, 10.0], [21.0, 8.0], True)
    """
    owner = np.asarray(profile, dtype=np.int64)
    top, bottom, soc, density = (
        np.asarray(column, dtype=np.float64)
        for column in (top_cm, bottom_cm, soc_g_kg, bd_fine_g_cm3)
    )
    order = np.lexsort((bottom, top, owner))
    owner, top, bottom = owner[order], top[order], bottom[order]
    starts = np.flatnonzero(_begins(owner, top, bottom))
    soc, soc_count = _mean_present(soc[order], starts)
    density, density_count = _mean_present(density[order], starts)
    offsets = np.searchsorted(owner[starts], np.arange(owner[-1] + 2))
    profiles = Profiles(offsets, top[starts], bottom[starts], soc, density)
    repeated = (soc_count > 1) | (density_count > 1)
    flags = np.where(repeated, DUPLICATES_AVERAGED, 0)
    return profiles, np.bitwise_or.reduceat(flags, profiles.first)


@dataclass(frozen=True, slots=True)
class CheckedProfiles:
    """What stands in the way of a stock, per profile."""

    mask: IntArray
    goal_cm: FloatArray
    covered_to_cm: FloatArray


def check(
    profiles: Profiles, depth_cm: float, complete_soil_cm: FloatArray
) -> CheckedProfiles:
    """Find what stands in the way of a stock from the surface to a depth.

    Parameters
    ----------
    profiles
        n profiles.
    depth_cm
        Depth of the stock, cm; > 0.
    complete_soil_cm
        Depth of bedrock or hardpan, cm, shape (n,); NaN where none was met.

    Returns
    -------
    Checked
        Reason mask, the depth to reach (the depth itself, or the end of the soil
        above it) and the depth down to which nothing stands in the way, all (n,).

    Notes
    -----
    Gaps, overlaps and missing values below the depth to reach do not matter.
    Layers found deeper than recorded bedrock are believed: the soil goes on.

    Examples
    --------
    >>> profiles, _ = arrange([0, 0], [0, 20], [10, 40], [20, 9], [1.2, 1.4])
    >>> checked = check(profiles, 30.0, np.array([np.nan]))
    >>> int(checked.mask[0]) == GAP, checked.covered_to_cm.tolist()
    (True, [10.0])
    """
    deepest = np.maximum.reduceat(profiles.bottom_cm, profiles.first)
    soil_end = np.fmax(complete_soil_cm, deepest)
    goal = np.where(np.isnan(complete_soil_cm), depth_cm, soil_end)
    goal = np.minimum(goal, depth_cm)
    layer_mask, fails_at = _layer_faults(profiles, profiles.per_layer(goal))
    mask = np.bitwise_or.reduceat(layer_mask, profiles.first)
    too_shallow = deepest < goal
    mask |= np.where(too_shallow, TOO_SHALLOW, 0)
    mask |= np.where((goal < depth_cm) & ~too_shallow, COMPLETE_SOIL, 0)
    covered = np.minimum(np.minimum.reduceat(fails_at, profiles.first), deepest)
    return CheckedProfiles(mask, goal, np.minimum(covered, goal))


def _layer_faults(
    profiles: Profiles, goal_cm: FloatArray
) -> tuple[IntArray, FloatArray]:
    """Mask of each layer's faults and the depth where the first one begins."""
    top = profiles.top_cm
    floor = _floor_above(profiles)
    is_first = np.zeros(top.size, dtype=np.bool_)
    is_first[profiles.first] = True
    used = top < goal_cm
    faults: tuple[tuple[int, BoolArray, FloatArray], ...] = (
        (NO_SURFACE, is_first & (top > 0.0), floor),
        (
            GAP,
            ~is_first & (floor < goal_cm) & (top - floor > DEPTH_TOLERANCE_CM),
            floor,
        ),
        (OVERLAP, ~is_first & used & (floor - top > DEPTH_TOLERANCE_CM), top),
        (MISSING_SOC, used & np.isnan(profiles.soc_g_kg), top),
        (MISSING_BD, used & np.isnan(profiles.bd_fine_g_cm3), top),
    )
    mask = np.zeros(top.size, dtype=np.int64)
    fails_at = np.full(top.size, np.inf)
    for bit, at_fault, depth_cm in faults:
        mask |= np.where(at_fault, bit, 0)
        fails_at = np.where(at_fault, np.minimum(fails_at, depth_cm), fails_at)
    return mask, fails_at


def _floor_above(profiles: Profiles) -> FloatArray:
    """Deepest bottom of the layers above each layer; 0 for the first."""
    floor = np.zeros(profiles.top_cm.size)
    counts = profiles.layer_counts
    for position in range(1, int(counts.max())):
        rows = profiles.first[counts > position] + position
        floor[rows] = np.maximum(floor[rows - 1], profiles.bottom_cm[rows - 1])
    return floor


def _begins(owner: IntArray, top: FloatArray, bottom: FloatArray) -> BoolArray:
    """Mark the rows that are not a repeat of the layer before them."""
    begins = np.ones(owner.size, dtype=np.bool_)
    begins[1:] = (
        (owner[1:] != owner[:-1]) | (top[1:] != top[:-1]) | (bottom[1:] != bottom[:-1])
    )
    return begins


def _mean_present(values: FloatArray, starts: IntArray) -> tuple[FloatArray, IntArray]:
    """Mean and number of the values present in each group of rows."""
    present = ~np.isnan(values)
    count = np.add.reduceat(present.astype(np.int64), starts)
    total = np.add.reduceat(np.where(present, values, 0.0), starts)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan), count
