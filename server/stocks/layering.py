"""Campaigns that were cut at other depths: how far a change depends on the curve.

Between the boundaries of its layers a stock is read off a curve. Where both campaigns are
cut at the depth, or in the same layers around it, the curve matters to both alike.
Elsewhere the straight line and the curve part, and their spread says how much of a change
is the curve's and not the soil's.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from server.stocks.compared_points import ComparedPoints
from server.stocks.comparison import Comparison
from server.stocks.fine_soil import FloatArray
from server.stocks.point_reader import HoldingLayers, PointReader
from server.stocks.profiles import BoolArray

# Layers that begin and end this near each other are the same.
_SAME_CM: Final = 0.5


def depths_differ(
    reader: PointReader,
    early: ComparedPoints,
    late: ComparedPoints,
    paired: BoolArray,
    depth_cm: FloatArray,
) -> BoolArray:
    """Return the comparisons whose campaigns were cut differently around a depth.

    Pairs are compared place by place, other points all with all. A boundary at the
    depth in both campaigns leaves nothing to a curve.
    """
    holding = [reader.holding(s.points, depth_cm[s.owner]) for s in (early, late)]
    is_cut = np.ones(early.count, dtype=np.bool_)
    for side, layers in zip((early, late), holding, strict=True):
        np.logical_and.at(is_cut, side.owner, layers.is_cut)
    alike = np.where(
        paired,
        _alike_in_pairs(early, late, holding, paired),
        _alike_in_all(early, late, holding),
    )
    return ~is_cut & ~alike


def shared_boundary_cm(
    reader: PointReader, comparison: Comparison, depth_cm: float
) -> float | None:
    """Return the depth to which a comparison needs no curve; None where there is none.

    The shallowest boundary at or below the depth at which every core of both campaigns
    is cut; where there is none below it, the deepest one above.
    """
    shared: set[float] | None = None
    for point in (*comparison.used0, *comparison.used1):
        found = reader.boundaries_cm(point)
        shared = found if shared is None else shared & found
        if not shared:
            return None
    below = [depth for depth in shared or () if depth >= depth_cm]
    return min(below) if below else max(shared or {0.0}) or None


def _alike_in_pairs(
    early: ComparedPoints,
    late: ComparedPoints,
    holding: Sequence[HoldingLayers],
    paired: BoolArray,
) -> BoolArray:
    rows0, rows1 = paired[early.owner], paired[late.owner]
    first, second = holding
    same = np.ones(int(rows0.sum()), dtype=np.bool_)
    for end0, end1 in (
        (first.top_cm, second.top_cm),
        (first.bottom_cm, second.bottom_cm),
    ):
        # What differs inside a point is NaN, and is like nothing.
        same &= np.abs(end0[rows0] - end1[rows1]) <= _SAME_CM
    alike = np.ones(early.count, dtype=np.bool_)
    np.logical_and.at(alike, early.owner[rows0], same)
    return alike


def _alike_in_all(
    early: ComparedPoints, late: ComparedPoints, holding: Sequence[HoldingLayers]
) -> BoolArray:
    alike = np.ones(early.count, dtype=np.bool_)
    for ends in ([h.top_cm for h in holding], [h.bottom_cm for h in holding]):
        least, most = np.full(early.count, np.inf), np.full(early.count, -np.inf)
        for side, values in zip((early, late), ends, strict=True):
            np.minimum.at(least, side.owner, np.nan_to_num(values, nan=-np.inf))
            np.maximum.at(most, side.owner, np.nan_to_num(values, nan=np.inf))
        alike &= most - least <= _SAME_CM
    return alike
