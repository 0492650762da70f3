"""Which layers have an SOC that was brought from one laboratory method to another."""

import numpy as np

from server.stocks.factor_errors import SharedValues
from server.stocks.gather import FlatPlots
from server.stocks.shared_error import SharedFactor


def find_bridged(gathered: FlatPlots) -> SharedValues | None:
    """Return the layers that a factor between two methods gave their SOC; None without.

    The factor is one for all campaigns that it was used in.
    """
    bridges = [layer.bridge for layer in gathered.layers]
    layers = np.array([bridge is not None for bridge in bridges])
    if not layers.any():
        return None
    campaign = gathered.point_campaign[gathered.layer_point]
    count = len(gathered.campaign_keys)
    factors: list[SharedFactor | None] = [None] * count
    for number in np.flatnonzero(layers).tolist():
        factors[campaign[number]] = bridges[number]
    one = np.zeros(count, dtype=np.int64)
    return SharedValues(factors, one, layers, np.zeros(count, dtype=np.bool_))
