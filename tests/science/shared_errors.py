"""Shared errors of one change, through the code that joins those of many."""

from math import log

import numpy as np

from server.stocks.common_errors import CommonErrors
from server.stocks.profiles import Profiles


def join(variance, df, sensitivities, shared):
    """Join the errors of factors to a variance; return both as plain numbers."""
    moved = [
        [slope * factor.relative_se]
        for slope, factor in zip(sensitivities, shared, strict=True)
    ]
    late = np.array(moved, dtype=np.float64).reshape(1, len(moved))
    common = CommonErrors(
        np.zeros_like(late),
        late,
        np.array([factor.df for factor in shared], dtype=np.float64).reshape(
            late.shape
        ),
        (False,) * len(moved),
    )
    own = np.array([variance], dtype=np.float64), np.array([df], dtype=np.float64)
    joined, freedom = common.join(np.ones(1), *own)
    return float(joined[0]), float(freedom[0])


def sensitivity(figure, step=0.01):
    """Return dD / dln f by a central difference, apart from the product's own way."""
    apart = log(1.0 + step) - log(1.0 - step)
    return (figure(1.0 + step) - figure(1.0 - step)) / apart


def scale_density(profiles, chosen, factor):
    """Multiply the density of all layers of some profiles."""
    scale = profiles.per_layer(np.where(chosen, factor, 1.0))
    return Profiles(
        profiles.offsets,
        profiles.top_cm,
        profiles.bottom_cm,
        profiles.soc_g_kg,
        profiles.bd_fine_g_cm3 * scale,
    )
