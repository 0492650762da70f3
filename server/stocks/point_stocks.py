"""Stocks of the points of many plots, as columns.

The stock of each core comes first, then the mean over the cores of a point: an
average of products, never a product of averages.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from server.stocks.choices import Basis
from server.stocks.density_layers import join_density
from server.stocks.equivalent_mass import (
    EXTRAPOLATION_SHARE,
    SOC_PER_OM,
    equivalent_mass,
)
from server.stocks.fine_soil import T_HA_PER_G_CM2, FloatArray
from server.stocks.fixed_depth import FixedDepth, cumulative_t_ha, fixed_depth
from server.stocks.gather import FlatPlots
from server.stocks.monotone import Interpolant
from server.stocks.profiles import (
    REFUSES_STOCK,
    TOO_SHALLOW,
    BoolArray,
    IntArray,
    Profiles,
    arrange,
)
from server.stocks.reasons import Reason, mask_of

_EXTRAPOLATED: Final = mask_of([Reason.EXTRAPOLATED])
_MASS_NOT_REACHED: Final = mask_of([Reason.MASS_NOT_REACHED])
_SINGLE_INCREMENT: Final = mask_of([Reason.SINGLE_INCREMENT])
# What keeps a core from having a stock, whatever it weighs.
_FAULTY: Final = (REFUSES_STOCK & ~TOO_SHALLOW) | mask_of([Reason.NEGATIVE_FINE_MASS])
# A layer that begins where the reference ends is not part of it.
_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Cores:
    """The cores of many plots and their stocks to a fixed depth."""

    profiles: Profiles
    arranged: IntArray  # mask: what arranging the layers took
    fixed: FixedDepth
    point: IntArray
    points: int

    def mean(self, values: FloatArray, chosen: BoolArray) -> FloatArray:
        """Return the mean of the values present in the chosen cores of each point."""
        rows = chosen & ~np.isnan(values)
        total = np.bincount(
            self.point[rows], weights=values[rows], minlength=self.points
        )
        count = np.bincount(self.point[rows], minlength=self.points)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)

    def union(self, mask: IntArray) -> IntArray:
        """Return the reasons of all cores of each point."""
        union = np.zeros(self.points, dtype=np.int64)
        np.bitwise_or.at(union, self.point, mask | self.arranged)
        return union

    def basis_mass_t_ha(self, basis: Basis) -> FloatArray:
        """Return the mass of each core to the depth; NaN where not computable."""
        if basis is Basis.FINE:
            return self.fixed.fine_mass_t_ha
        stock = self.fixed.soc_stock_t_ha
        mineral: FloatArray = self.fixed.fine_mass_t_ha - stock / SOC_PER_OM
        return mineral


@dataclass(frozen=True, slots=True)
class FixedStocks:
    """Stock of each point to a depth; NaN where not computable."""

    soc_stock_t_ha: FloatArray
    fine_mass_t_ha: FloatArray
    covered_to_cm: FloatArray
    stock_to_covered_t_ha: FloatArray
    cores: IntArray
    mask: IntArray


@dataclass(frozen=True, slots=True)
class CoreReading:
    """Stock of cores in a mass, and the mass that was sampled; NaN, with reasons."""

    stock: FloatArray
    mass: FloatArray
    mask: IntArray


@dataclass(frozen=True, slots=True)
class EqualMassStocks:
    """Stock of each point in a reference mass; NaN where not computable.

    `reach_t_ha` is the largest mass that every core of the point can be read at; NaN
    where something else than its mass keeps the point from having a stock.
    """

    soc_stock_t_ha: FloatArray
    sampled_mass_t_ha: FloatArray
    reach_t_ha: FloatArray
    extrapolated: BoolArray
    mask: IntArray
    used_layers: BoolArray  # rows of the layers gathered


def compute_cores(gathered: FlatPlots, depth_cm: float) -> Cores:
    """Arrange the layers into profiles and give their stocks to a depth."""
    profiles, duplicates = arrange(
        gathered.layer_core,
        gathered.top_cm,
        gathered.bottom_cm,
        gathered.soc_g_kg,
        gathered.bd_fine_g_cm3,
    )
    profiles, joined = join_density(profiles)
    return Cores(
        profiles,
        duplicates | joined,
        fixed_depth(profiles, depth_cm, gathered.core_soil_end_cm),
        gathered.core_point,
        len(gathered.first_layers),
    )


def fixed_stocks(cores: Cores) -> FixedStocks:
    """Average the cores that have a stock; the others leave their reasons."""
    result, point = cores.fixed, cores.point
    usable = ~np.isnan(result.soc_stock_t_ha)
    count = np.bincount(point[usable], minlength=cores.points)
    chosen = usable | (count == 0)[point]
    covered = np.full(cores.points, np.inf)
    np.minimum.at(covered, point[chosen], result.covered_to_cm[chosen])
    stock = cores.mean(result.soc_stock_t_ha, chosen)
    partial = np.flatnonzero((count == 0)[point] & (covered > 0.0)[point])
    to_covered = result.soc_stock_t_ha.copy()
    if partial.size:
        _, to_covered[partial] = cumulative_t_ha(
            cores.profiles.take(partial), covered[point[partial]]
        )
    return FixedStocks(
        soc_stock_t_ha=stock,
        fine_mass_t_ha=cores.mean(result.fine_mass_t_ha, chosen),
        covered_to_cm=covered,
        stock_to_covered_t_ha=cores.mean(to_covered, chosen),
        cores=count,
        mask=cores.union(result.mask),
    )


def equal_mass_stocks(
    gathered: FlatPlots,
    cores: Cores,
    reference_t_ha: FloatArray,
    basis: Basis,
    curves: Sequence[Interpolant],
) -> EqualMassStocks:
    """Read each core off at the reference mass of its point, then average.

    `reference_t_ha` has one mass per point, NaN where there is none; `curves` holds
    the interpolant of each plot.
    """
    every = np.arange(cores.point.size)
    reference = reference_t_ha[cores.point]
    of_core = [curves[plot] for plot in gathered.core_plot.tolist()]
    read = read_cores(cores, every, reference, basis, of_core)
    short = np.isnan(read.stock) & ((read.mask & _MASS_NOT_REACHED) != 0)
    short &= (read.mask & _FAULTY) == 0
    reach = np.full(cores.points, np.inf)
    counts = short | ~np.isnan(read.stock)
    np.minimum.at(reach, cores.point[counts], _reach_t_ha(read.mass)[counts])
    stock = cores.mean(read.stock, np.ones(every.size, dtype=np.bool_))
    # A mean of the cores that are heavy enough would be one of the dense soil.
    stock[cores.point[short]] = np.nan
    extrapolated = np.zeros(cores.points, dtype=np.bool_)
    beyond = ~np.isnan(read.stock) & ((read.mask & _EXTRAPOLATED) != 0)
    extrapolated[cores.point[beyond]] = True
    ends_cm = _reference_ends_cm(cores.profiles, reference, basis)
    return EqualMassStocks(
        soc_stock_t_ha=stock,
        sampled_mass_t_ha=cores.mean(read.mass, np.ones(every.size, dtype=np.bool_)),
        reach_t_ha=np.where(np.isfinite(reach), reach, np.nan),
        extrapolated=extrapolated,
        mask=cores.union(read.mask),
        used_layers=gathered.top_cm < ends_cm[gathered.layer_core],
    )


def read_cores(
    cores: Cores,
    rows: IntArray,
    reference_t_ha: FloatArray,
    basis: Basis,
    curves: Sequence[Interpolant],
) -> CoreReading:
    """Read chosen cores off, each at a mass and by a curve of its own.

    A core may be chosen several times. NaN where a core has no mass to be read at.
    """
    stock, mass = np.full((2, rows.size), np.nan)
    mask = np.zeros(rows.size, dtype=np.int64)
    numbers = {curve: number for number, curve in enumerate(Interpolant)}
    curve_of = np.array([numbers[curve] for curve in curves], dtype=np.int64)
    for curve, number in numbers.items():
        chosen = np.flatnonzero((curve_of == number) & ~np.isnan(reference_t_ha))
        if not chosen.size:
            continue
        result = equivalent_mass(
            cores.profiles.take(rows[chosen]),
            reference_t_ha[chosen],
            interpolant=curve,
            basis=basis,
        )
        stock[chosen], mass[chosen] = result.soc_stock_t_ha, result.sampled_mass_t_ha
        mask[chosen] = result.mask
    # A straight line from one layer that ends above the depth would scale it up.
    too_shallow = (cores.fixed.mask[rows] & TOO_SHALLOW) != 0
    scaled = ((mask & _SINGLE_INCREMENT) != 0) & too_shallow
    stock[scaled] = np.nan
    mask[scaled] = (mask[scaled] & ~_EXTRAPOLATED) | _MASS_NOT_REACHED
    return CoreReading(stock, mass, mask)


def _reach_t_ha(sampled_mass_t_ha: FloatArray) -> FloatArray:
    """Return the largest mass that a core of this sampled mass can be read at."""
    return sampled_mass_t_ha / (1.0 - EXTRAPOLATION_SHARE) * (1.0 - _ROUNDING)


def _reference_ends_cm(
    profiles: Profiles, reference_t_ha: FloatArray, basis: Basis
) -> FloatArray:
    """Return the top of the first layer of each profile that the mass does not touch."""
    thickness_cm = profiles.bottom_cm - profiles.top_cm
    mass = np.nan_to_num(profiles.bd_fine_g_cm3) * thickness_cm * T_HA_PER_G_CM2
    if basis is Basis.MINERAL:
        mass *= 1.0 - np.nan_to_num(profiles.soc_g_kg) / (1000.0 * SOC_PER_OM)
    above = np.cumsum(mass) - mass
    above -= profiles.per_layer(above[profiles.first])
    enough = above >= profiles.per_layer(reference_t_ha) * (1.0 - _ROUNDING)
    tops_cm = np.where(enough, profiles.top_cm, np.inf)
    ends_cm: FloatArray = np.minimum.reduceat(tops_cm, profiles.first)
    return ends_cm
