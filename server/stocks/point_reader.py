"""Stocks of chosen points, read off their cores once more.

At another mass than the reference, by another curve, to another depth: what a comparison
of two campaigns asks for when their cores do not reach equally far, or were cut at other
depths. A point may be asked for as often as comparisons use it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from server.stocks.choices import Basis
from server.stocks.equivalent_mass import layer_masses, read_curve
from server.stocks.fine_soil import FloatArray
from server.stocks.fixed_depth import cumulative_t_ha
from server.stocks.gather import FlatPlots
from server.stocks.monotone import Interpolant
from server.stocks.point_stocks import Cores, compute_cores, read_cores
from server.stocks.profiles import DEPTH_TOLERANCE_CM, BoolArray, IntArray, Profiles

# A tape is read to the half centimetre: layers that end this near the depth end at it.
_CUT_CM: Final = 0.5


@dataclass(frozen=True, slots=True)
class HoldingLayers:
    """The layer of each point that holds a depth, or the deepest; NaN where cores differ."""

    top_cm: FloatArray
    bottom_cm: FloatArray
    is_cut: BoolArray  # every core of the point has a boundary at the depth


@dataclass(frozen=True)
class PointReader:
    """The cores of all points, and how their curves run."""

    gathered: FlatPlots
    cores: Cores
    basis: Basis
    curves: Sequence[Interpolant]  # one per plot

    @cached_property
    def _cores_of(self) -> tuple[IntArray, IntArray]:
        """Cores in order of their point, and where those of each point begin."""
        order = np.argsort(self.cores.point, kind="stable")
        counts = np.bincount(self.cores.point, minlength=self.cores.points)
        return order, np.concatenate(([0], np.cumsum(counts)))

    def of_layers(self, gathered: FlatPlots, depth_cm: float) -> "PointReader":
        """Return a reader of the same cores whose layers hold other values."""
        cores = compute_cores(gathered, depth_cm)
        return PointReader(gathered, cores, self.basis, self.curves)

    def in_mass(
        self, points: IntArray, mass_t_ha: FloatArray, *, other_curve: bool = False
    ) -> tuple[FloatArray, IntArray]:
        """Return the stock of each point in a mass of its own, t/ha, and its reasons.

        The other curve is the straight line, or Hyman's where the line is the usual one.
        """
        rows, owner = self._rows(points)
        curves = [other_of(c) for c in self.curves] if other_curve else self.curves
        read = read_cores(
            self.cores,
            rows,
            mass_t_ha[owner],
            self.basis,
            [curves[plot] for plot in self.gathered.core_plot[rows].tolist()],
        )
        mask = np.zeros(points.size, dtype=np.int64)
        np.bitwise_or.at(mask, owner, np.where(np.isnan(read.stock), 0, read.mask))
        return _mean(read.stock, owner, points.size), mask

    def to_depth(self, points: IntArray, depth_cm: FloatArray) -> FloatArray:
        """Return the stock of each point to a depth of its own, by straight lines."""
        rows, owner = self._rows(points)
        usable = ~np.isnan(self.cores.fixed.soc_stock_t_ha[rows])
        _, stock = cumulative_t_ha(self.cores.profiles.take(rows), depth_cm[owner])
        return _mean(np.where(usable, stock, np.nan), owner, points.size)

    def by_curve(self, points: IntArray, depth_cm: FloatArray) -> FloatArray:
        """Return the stock of each point to a depth by a curve that never falls."""
        rows, owner = self._rows(points)
        profiles = self.cores.profiles.take(rows)
        _, stock = layer_masses(profiles, Basis.FINE)
        sound = _layers_to(profiles, depth_cm[owner])
        sound[np.isnan(self.cores.fixed.soc_stock_t_ha[rows])] = 0
        thickness = profiles.bottom_cm - profiles.top_cm
        values = read_curve(
            profiles, sound, thickness, stock, depth_cm[owner], Interpolant.HYMAN
        )
        return _mean(values, owner, points.size)

    def depth_of_mass(self, points: IntArray, mass_t_ha: FloatArray) -> FloatArray:
        """Return the depth to which each point holds a mass, cm; its mean over cores."""
        rows, owner = self._rows(points)
        profiles = self.cores.profiles.take(rows)
        mass, _ = layer_masses(profiles, self.basis)
        below = np.nancumsum(mass)
        below -= profiles.per_layer((below - np.nan_to_num(mass))[profiles.first])
        wanted = profiles.per_layer(mass_t_ha[owner])
        into = np.clip(1.0 - (below - wanted) / mass, 0.0, None)
        # The deepest layer goes on where the mass lies beyond it.
        last = np.zeros(below.size, dtype=np.bool_)
        last[profiles.last] = True
        into = np.where(last, into, np.minimum(into, 1.0))
        depths = into * (profiles.bottom_cm - profiles.top_cm)
        return _mean(np.add.reduceat(depths, profiles.first), owner, points.size)

    def holding(self, points: IntArray, depth_cm: FloatArray) -> HoldingLayers:
        """Return the layer of each point that holds a depth."""
        rows, owner = self._rows(points)
        profiles = self.cores.profiles.take(rows)
        at = profiles.per_layer(depth_cm[owner])
        away = np.minimum(np.abs(profiles.bottom_cm - at), np.abs(profiles.top_cm - at))
        cut = np.minimum.reduceat(away, profiles.first) <= _CUT_CM
        row = profiles.first + np.maximum(_layers_to(profiles, depth_cm[owner]), 1) - 1
        return HoldingLayers(
            _same(profiles.top_cm[row], owner, points.size),
            _same(profiles.bottom_cm[row], owner, points.size),
            _all(cut, owner, points.size),
        )

    def boundaries_cm(self, point: int) -> set[float]:
        """Return the depths at which every core of a point that has a stock is cut."""
        order, begin = self._cores_of
        found: set[float] | None = None
        for core in order[begin[point] : begin[point + 1]].tolist():
            if np.isnan(self.cores.fixed.soc_stock_t_ha[core]):
                continue
            own = self._boundaries(core)
            found = own if found is None else found & own
        return found or set()

    def _boundaries(self, core: int) -> set[float]:
        """Return the bottoms of a core's layers down to the first fault."""
        profiles = self.cores.profiles
        rows = range(int(profiles.offsets[core]), int(profiles.offsets[core + 1]))
        found, floor = set[float](), 0.0
        for row in rows:
            top, bottom = float(profiles.top_cm[row]), float(profiles.bottom_cm[row])
            density, soc = profiles.bd_fine_g_cm3[row], profiles.soc_g_kg[row]
            if abs(top - floor) > DEPTH_TOLERANCE_CM or np.isnan(density * soc):
                break
            floor = bottom
            found.add(round(bottom, 1))
        return found

    def _rows(self, points: IntArray) -> tuple[IntArray, IntArray]:
        """Return the cores of each point asked for, and which one they belong to."""
        order, begin = self._cores_of
        counts = begin[points + 1] - begin[points]
        owner = np.repeat(np.arange(points.size), counts)
        within = np.arange(owner.size) - np.repeat(np.cumsum(counts) - counts, counts)
        return order[begin[points][owner] + within], owner


def other_of(curve: Interpolant) -> Interpolant:
    """Return the curve that tells how far a figure depends on the usual one."""
    is_line = curve is Interpolant.LINEAR
    return Interpolant.HYMAN if is_line else Interpolant.LINEAR


def _layers_to(profiles: Profiles, depth_cm: FloatArray) -> IntArray:
    """Count the layers of each profile down to the one that holds a depth."""
    above = profiles.top_cm < profiles.per_layer(depth_cm)
    return np.add.reduceat(above.astype(np.int64), profiles.first)


def _mean(values: FloatArray, owner: IntArray, count: int) -> FloatArray:
    """Return the mean of the values present of each owner; NaN where there is none."""
    present = ~np.isnan(values)
    total = np.bincount(owner[present], weights=values[present], minlength=count)
    number = np.bincount(owner[present], minlength=count)
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)


def _same(values: FloatArray, owner: IntArray, count: int) -> FloatArray:
    """Return the value that all of an owner share within the tolerance; NaN otherwise."""
    least, most = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(least, owner, values)
    np.maximum.at(most, owner, values)
    return np.where(most - least <= _CUT_CM, least, np.nan)


def _all(values: BoolArray, owner: IntArray, count: int) -> BoolArray:
    every = np.ones(count, dtype=np.bool_)
    np.logical_and.at(every, owner, values)
    return every
