"""Bulk density of a few rings that stands for every point of a plot in one campaign.

One ring's error is the error of all points, so it does not show in their spread: with
10 points and rings that are off by 5 %, an interval of 95 % without it covers the true
change in about a third of plots.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from server.stocks.profiles import BoolArray, Profiles
from server.stocks.shared_error import SharedFactor

# What one ring is off by where no second one says so: usual spread of rings in a plot.
ASSUMED_CV: Final = 0.05
_FEWEST_POINTS: Final = 2


@dataclass(frozen=True, slots=True)
class RingError:
    """Relative error of one ring, and how many rings the density is the mean of.

    `cv` is dimensionless, `df` that of `cv`; `assumed` tells that no ring was repeated,
    so that `cv` is 5 % and its df infinite.
    """

    cv: float
    rings: int
    df: float
    assumed: bool

    @property
    def factor(self) -> SharedFactor:
        """The error of the mean of the rings, ``cv / sqrt(rings)``."""
        return SharedFactor(self.cv / self.rings**0.5, self.df)


def ring_error(density_g_cm3: ArrayLike) -> RingError:
    """Estimate how far one ring is off from the density of the plot.

    ``cv^2 = sum((x / mean - 1)^2) / sum(rings - 1)``, pooled over the layers. Its
    degrees of freedom are ``sum(rings - 1)`` where each ring was taken in a hole of its
    own; where rings go down through several layers, ``rings - 1`` of the layer that
    has most. The layer with fewest rings says how many the density is the mean of.

    Parameters
    ----------
    density_g_cm3
        Densities of one plot and campaign, g/cm3, shape (rings, layers), > 0; NaN
        where a ring was not taken in a layer.

    Returns
    -------
    RingError
        Of 5 % with infinite df where no layer has a second ring.

    Raises
    ------
    ValueError
        When a density is not positive, or a layer or all of the rings have none.

    Notes
    -----
    Layers of one hole err together (the same wheel track, the same person), so they do
    not count as further rings: three rings through three layers would claim 6 degrees
    of freedom and have about 2. The error is used as one factor on all layers, see
    `sensitivity`; where layers err independently the interval is wider than it had to
    be. Source: ours; pooled variance as in Snedecor and Cochran 1989.

    Examples
    --------
    >>> ring_error([[1.30, 1.45], [1.40, 1.55], [1.35, 1.50]])
    RingError(cv=0.035..., rings=3, df=2.0, assumed=False)
    >>> ring_error([[1.30, 1.45]])
    RingError(cv=0.05, rings=1, df=inf, assumed=True)
    """
    density = np.atleast_2d(np.asarray(density_g_cm3, dtype=np.float64))
    taken = ~np.isnan(density)
    counts = taken.sum(axis=0)
    if not counts.size or not counts.min():
        raise ValueError("a layer has no density")
    if not np.all(density[taken] > 0.0):
        raise ValueError("a density is not positive")
    rings = int(counts.min())
    repeats = counts - 1
    if not repeats.any():
        return RingError(ASSUMED_CV, rings, float("inf"), assumed=True)
    deviation = density / np.nanmean(density, axis=0) - 1.0
    cv = float(np.sqrt(np.nansum(np.square(deviation)) / repeats.sum()))
    is_own_hole = bool((taken.sum(axis=1) <= 1).all())
    df = float(repeats.sum() if is_own_hole else repeats.max())
    return RingError(cv, rings, df, assumed=False)


def scale_density(profiles: Profiles, chosen: BoolArray, factor: float) -> Profiles:
    """Multiply the density of all layers of some profiles by one factor.

    Parameters
    ----------
    profiles
        n profiles.
    chosen
        Which of them share the density, shape (n,): those of one campaign.
    factor
        Dimensionless, > 0.

    Examples
    --------
    >>> from server.stocks.profiles import arrange
    >>> profiles, _ = arrange([0, 1], [0, 0], [30, 30], [20.0, 20.0], [1.2, 1.2])
    >>> scale_density(profiles, np.array([False, True]), 1.5).bd_fine_g_cm3.tolist()
    [1.2, 1.7999999999999998]
    """
    scale = profiles.per_layer(np.where(chosen, factor, 1.0))
    return Profiles(
        profiles.offsets,
        profiles.top_cm,
        profiles.bottom_cm,
        profiles.soc_g_kg,
        profiles.bd_fine_g_cm3 * scale,
    )


def one_density(
    points: Sequence[ArrayLike], depths_cm: Sequence[ArrayLike] | None = None
) -> bool:
    """Return whether all points of a campaign carry one and the same density.

    Parameters
    ----------
    points
        Densities of the layers of each point, g/cm3, downward; NaN where missing.
    depths_cm
        Top and bottom of these layers, shape (layers, 2) for each point; where it is
        not given layers are the same by their number.

    Returns
    -------
    bool
        True where two points or more share a layer and every layer that more than one
        point has is bit for bit of one density: then it was copied, since two rings
        never agree so in every layer. False where only one point has densities.

    Notes
    -----
    A single layer noted to 0.1 g/cm3 can agree by chance; the more points and layers,
    the less. A missing density is no evidence for either.

    Examples
    --------
    >>> one_density([[1.3, 1.45], [1.3, 1.45]]), one_density([[1.3], [1.31]])
    (True, False)
    """
    found: dict[tuple[float, ...], list[float]] = {}
    for number, values in enumerate(points):
        column = np.asarray(values, dtype=np.float64).tolist()
        keys = (
            [(float(layer),) for layer in range(len(column))]
            if depths_cm is None
            else [tuple(each) for each in np.asarray(depths_cm[number]).tolist()]
        )
        for key, value in zip(keys, column, strict=True):
            if not isnan(value):
                found.setdefault(key, []).append(value)
    shared = [values for values in found.values() if len(values) >= _FEWEST_POINTS]
    return bool(shared) and all(len(set(values)) == 1 for values in shared)
