"""Many changes of revisited points at once, as one simulation needs them."""

import numpy as np

from server.stocks.change import ChangeEstimate, estimate_changes
from server.stocks.reasons import reasons_of
from server.stocks.samples import Compared, Samples


def paired_changes(before, after, years):
    """Estimate one change per row; columns are the points."""
    count, points = before.shape
    owner = np.repeat(np.arange(count), points)
    sides = (Samples(side.ravel(), owner, count) for side in (before, after))
    compared = Compared(*sides, np.ones(count, dtype=bool))
    nothing = np.zeros(count, dtype=np.int64)
    return [
        ChangeEstimate(**row | {"reasons": reasons_of(row["reasons"])})
        for row in estimate_changes(compared, np.full(count, float(years)), nothing)
    ]
