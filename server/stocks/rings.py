"""Which densities of a campaign are those of rings that stand for all of its points.

Either the records say so, or all points carry one and the same density: nobody measures
the same figure at each point, so it was measured once and copied.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from server.stocks.factor_errors import SharedValues
from server.stocks.fine_soil import FloatArray
from server.stocks.gather import FlatPlots
from server.stocks.profiles import BoolArray, IntArray
from server.stocks.reasons import Reason, mask_of
from server.stocks.shared_density import ASSUMED_CV, RingError

# Two points may agree in one layer by chance, to two decimals once in ten or twenty.
_POINTS_OF_ONE_LAYER: Final = 3
_COPIED: Final = RingError(ASSUMED_CV, 1, float("inf"), assumed=True)
_BD_SHARED: Final = mask_of([Reason.BD_SHARED])
BD_SHARED_ASSUMED: Final = mask_of([Reason.BD_SHARED_ASSUMED])


@dataclass(frozen=True, slots=True)
class Rings:
    """The rings of each campaign, and the layers whose density they gave."""

    of_campaign: Sequence[RingError | None]
    values: SharedValues

    def mask(self, point_campaign: IntArray) -> IntArray:
        """Return what there is to say of each point."""
        said = [
            0 if ring is None else BD_SHARED_ASSUMED if ring.assumed else _BD_SHARED
            for ring in self.of_campaign
        ]
        return np.array(said, dtype=np.int64)[point_campaign]


def find_rings(gathered: FlatPlots) -> Rings | None:
    """Return the rings of all campaigns; None where no campaign has any.

    One density that all campaigns of a plot have, as it was carried over, is not looked
    at, since it moves no test; see `SharedValues.cancel`.
    """
    campaign = gathered.point_campaign[gathered.layer_point]
    told = [layer.shared_density for layer in gathered.layers]
    recorded = np.array([ring is not None for ring in told])
    found: list[RingError | None] = [None] * len(gathered.campaign_keys)
    for number in np.flatnonzero(recorded).tolist():
        found[campaign[number]] = told[number]
    copied = _copied(gathered, campaign) & np.array([ring is None for ring in found])
    known = ~np.isnan(gathered.bd_fine_g_cm3)
    layers = recorded | (copied[campaign] & known)
    ring = _numbers(gathered, campaign, layers)
    copied &= _differs_in_plot(gathered, ring, campaign[known])
    for number in np.flatnonzero(copied).tolist():
        found[number] = _COPIED
    layers = recorded | (copied[campaign] & known)
    if not layers.any():
        return None
    factors = [None if each is None else each.factor for each in found]
    return Rings(found, SharedValues(factors, ring, layers, copied))


def _differs_in_plot(
    gathered: FlatPlots, ring: IntArray, with_density: IntArray
) -> BoolArray:
    """Return the campaigns whose plot has another density in another campaign."""
    densities: list[set[int]] = [set() for _ in range(gathered.plots)]
    for number in np.unique(with_density).tolist():
        densities[gathered.campaign_plot[number]].add(int(ring[number]))
    several = np.array([len(each) > 1 for each in densities])
    differs: BoolArray = several[gathered.campaign_plot]
    return differs


def _copied(gathered: FlatPlots, campaign: IntArray) -> BoolArray:
    """Return the campaigns whose points have one density in every layer they share."""
    density = gathered.bd_given_g_cm3
    known = np.flatnonzero(~np.isnan(density))
    columns = (campaign, gathered.top_cm, gathered.bottom_cm, gathered.layer_point)
    order = known[np.lexsort([column[known] for column in reversed(columns)])]
    if not order.size:
        return np.zeros(len(gathered.campaign_keys), dtype=np.bool_)
    new = np.ones(order.size, dtype=np.bool_)
    new[1:] = np.any([_steps(column[order]) for column in columns[:3]], axis=0)
    starts = np.flatnonzero(new)
    another = new.copy()
    another[1:] |= _steps(gathered.layer_point[order])
    points = np.add.reduceat(another.astype(np.int64), starts)
    values = density[order]
    same = np.minimum.reduceat(values, starts) == np.maximum.reduceat(values, starts)
    owner = campaign[order[starts]]
    shared = points > 1
    count = len(gathered.campaign_keys)
    layers = np.bincount(owner[shared], minlength=count)
    differ = np.bincount(owner[shared & ~same], minlength=count)
    most = np.zeros(count, dtype=np.int64)
    np.maximum.at(most, owner, points)
    evident = (layers > 1) | (most >= _POINTS_OF_ONE_LAYER)
    copied: BoolArray = (layers > 0) & (differ == 0) & evident
    return copied


def _steps(values: IntArray | FloatArray) -> BoolArray:
    changed: BoolArray = values[1:] != values[:-1]
    return changed


def _numbers(gathered: FlatPlots, campaign: IntArray, layers: BoolArray) -> IntArray:
    """Return a number for each density; campaigns of a plot with the very same share one."""
    said: dict[int, set[tuple[float, float, float]]] = {}
    density = gathered.bd_given_g_cm3
    for number in np.flatnonzero(layers).tolist():
        layer = gathered.layers[number]
        place = (layer.top_cm, layer.bottom_cm, float(density[number]))
        said.setdefault(int(campaign[number]), set()).add(place)
    numbers = np.arange(len(gathered.campaign_keys))
    first: dict[tuple[int, frozenset[tuple[float, float, float]]], int] = {}
    for number, places in said.items():
        plot = int(gathered.campaign_plot[number])
        numbers[number] = first.setdefault((plot, frozenset(places)), number)
    return numbers
