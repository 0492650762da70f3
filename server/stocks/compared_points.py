"""The points of many comparisons as columns, one campaign a side."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from server.stocks.comparison import Comparison
from server.stocks.fine_soil import FloatArray
from server.stocks.profiles import BoolArray, IntArray


@dataclass(frozen=True, slots=True)
class ComparedPoints:
    """The points of one campaign of `count` comparisons, flat, and whose they are."""

    points: IntArray
    owner: IntArray
    count: int

    def chosen(self, comparisons: BoolArray) -> "ComparedPoints":
        """Return the points of some of the comparisons; these keep their numbers."""
        rows = comparisons[self.owner]
        return ComparedPoints(self.points[rows], self.owner[rows], self.count)

    def mean(self, values: FloatArray) -> FloatArray:
        """Return the mean of the points' values for each comparison; NaN without points."""
        total = np.bincount(self.owner, weights=values, minlength=self.count)
        number = np.bincount(self.owner, minlength=self.count)
        return np.where(number > 0, total / np.maximum(number, 1), np.nan)


def points_of(
    comparisons: Sequence[Comparison],
) -> tuple[ComparedPoints, ComparedPoints]:
    """Return the points used of both campaigns of each comparison."""
    early = _flat([each.used0 for each in comparisons])
    return early, _flat([each.used1 for each in comparisons])


def _flat(used: Sequence[Sequence[int]]) -> ComparedPoints:
    sizes = [len(points) for points in used]
    return ComparedPoints(
        np.array(list(chain.from_iterable(used)), dtype=np.int64),
        np.repeat(np.arange(len(used)), sizes),
        len(used),
    )
