"""Bulk density of a few rings that stands for every point of a plot in one campaign.

One ring's error is the error of all points, so it does not show in their spread: with
10 points and rings that are off by 5 %, an interval of 95 % without it covers the true
change in about a third of plots.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from server.stocks.shared_error import SharedFactor

# What one ring is off by where no second one says so: usual spread of rings in a plot.
ASSUMED_CV: Final = 0.05


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
