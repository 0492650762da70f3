"""Rings that stand for the bulk density of a whole plot in one campaign. Pure.

A core of `represents: plot` gives its density to every layer of the campaign that has
none of its own. A ring that stopped short says nothing of what lies below it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

import numpy as np

from server.stocks.points import Layer
from server.stocks.reasons import Reason
from server.stocks.shared_density import RingError, ring_error

#: Core -> its layers.
_Cores = Mapping[str, Sequence[Layer]]
_TOLERANCE_CM: Final = 0.1
_UNUSABLE: Final = frozenset(
    {
        Reason.BD_DEFINITION_UNKNOWN,
        Reason.COARSE_BASIS_UNKNOWN,
        Reason.NEGATIVE_FINE_MASS,
    }
)


@dataclass(frozen=True, slots=True)
class PlotRings:
    """The rings of one plot in one campaign, each a core with its layers."""

    cores: _Cores
    error: RingError

    def density_of(self, top_cm: float, bottom_cm: float) -> float | None:
        """Return the mean density of a layer over the rings that hold all of it, g/cm3.

        Where a ring was cut otherwise, its layers count by their share of the layer.
        """
        found = [
            density
            for layers in self.cores.values()
            if (density := _density_of(layers, top_cm, bottom_cm)) is not None
        ]
        return fmean(found) if found else None


def rings_of(layers: Sequence[Layer]) -> PlotRings | None:
    """Return the rings of a campaign from the layers of its ring cores.

    None where no layer has a density. See `ring_error` for how far one ring is off.
    """
    cores: dict[str, list[Layer]] = {}
    for layer in layers:
        if layer.bd_fine_g_cm3 is not None:
            cores.setdefault(layer.core, []).append(layer)
    if not cores:
        return None
    places = sorted(
        {(one.top_cm, one.bottom_cm) for own in cores.values() for one in own}
    )
    density = np.full((len(cores), len(places)), np.nan)
    for row, own in enumerate(cores.values()):
        for one in own:
            column = places.index((one.top_cm, one.bottom_cm))
            density[row, column] = one.bd_fine_g_cm3
    return PlotRings(cores, ring_error(density))


def with_rings(layer: Layer, rings: PlotRings | None) -> Layer:
    """Return a layer with the density of the rings where it has none of its own.

    A density that was written down and cannot be used is not made up for.
    """
    if rings is None or not _UNUSABLE.isdisjoint(layer.reasons):
        return layer
    if layer.core in rings.cores:
        return layer._replace(shared_density=rings.error)
    if layer.bd_fine_g_cm3 is not None:
        return layer
    density = rings.density_of(layer.top_cm, layer.bottom_cm)
    if density is None:
        return layer
    methods = {one.bd_method for own in rings.cores.values() for one in own}
    return layer._replace(
        bd_fine_g_cm3=density,
        bd_method=methods.pop() if len(methods) == 1 else None,
        shared_density=rings.error,
    )


def _density_of(
    layers: Sequence[Layer], top_cm: float, bottom_cm: float
) -> float | None:
    """Return the density of one ring in a layer; None where it does not hold all of it."""
    weighed, held = 0.0, 0.0
    for one in layers:
        inside = min(one.bottom_cm, bottom_cm) - max(one.top_cm, top_cm)
        if inside > 0.0 and one.bd_fine_g_cm3 is not None:
            weighed += inside * one.bd_fine_g_cm3
            held += inside
    whole = bottom_cm - top_cm
    return weighed / held if abs(held - whole) <= _TOLERANCE_CM else None
