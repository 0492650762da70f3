"""How far the error of shared rings moves the stocks that a change compares."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from server.stocks.common_errors import CommonErrors
from server.stocks.compared_points import ComparedPoints
from server.stocks.comparison import Comparison
from server.stocks.fine_soil import FloatArray
from server.stocks.point_reader import PointReader
from server.stocks.profiles import BoolArray, IntArray
from server.stocks.rings import Rings

# Relative step of the density: far above rounding, and a curve bends little over it. Upward
# only, since lighter cores may no longer reach the mass that they are read at.
_STEP: Final = 1e-3

#: Reads the stock of each point of one campaign, t/ha, in a mass or to a depth.
Read = Callable[[PointReader, ComparedPoints], FloatArray]


@dataclass(frozen=True, slots=True)
class RingErrors:
    """Reads stocks twice: as they are, and with the density of shared layers raised."""

    rings: Rings
    reader: PointReader
    raised: PointReader

    @classmethod
    def of_cores(
        cls, rings: Rings, reader: PointReader, depth_cm: float
    ) -> "RingErrors":
        """Prepare the cores with the density of shared layers raised by a step."""
        return cls(
            rings, reader, reader.with_density(rings.layers, 1.0 + _STEP, depth_cm)
        )

    def of_changes(
        self,
        comparisons: Sequence[Comparison],
        sides: tuple[ComparedPoints, ComparedPoints],
        read: Read,
    ) -> CommonErrors:
        """Return what one standard error of each campaign's rings moves the means.

        The mass or depth that stocks are read at stays, also where the rings of the
        baseline gave it: the change is asked for in that mass. The density of all
        layers of a campaign is one factor. Two factors, of the earlier campaign and of
        the later; one where both have the very same density.
        """
        campaigns = [[c.early for c in comparisons], [c.late for c in comparisons]]
        cancel = [self.rings.cancel(c.early, c.late) for c in comparisons]
        moved, freedom = [], []
        for side, numbers in zip(sides, campaigns, strict=True):
            error, df = self._errors(numbers)
            error[cancel] = 0.0
            moved.append(np.nan_to_num(self._slopes(side, read, error > 0.0)) * error)
            freedom.append(df)
        one = self.rings.ring[campaigns[0]] == self.rings.ring[campaigns[1]]
        return CommonErrors(
            np.stack((moved[0], np.zeros_like(moved[0])), axis=1),
            np.stack(
                (np.where(one, moved[1], 0.0), np.where(one, 0.0, moved[1])), axis=1
            ),
            np.stack(freedom, axis=1),
        )

    def of_points(
        self, points: IntArray, campaigns: IntArray, read: Read
    ) -> list[tuple[FloatArray, float]]:
        """Return for each ring what its standard error moves the points' stocks, t/ha.

        With the degrees of freedom of that error. `campaigns` is that of each point.
        """
        own = ComparedPoints(points, np.arange(points.size), points.size)
        error, df = self._errors(campaigns.tolist())
        moved = np.nan_to_num(self._slopes(own, read, error > 0.0)) * error
        rings = self.rings.ring[campaigns]
        return [
            (np.where(rings == ring, moved, 0.0), float(df[rings == ring][0]))
            for ring in np.unique(rings[error > 0.0]).tolist()
        ]

    def _errors(self, campaigns: Sequence[int]) -> tuple[FloatArray, FloatArray]:
        """Return relative standard error and df of the rings; 0 where there are none."""
        factors = [
            None if ring is None else ring.factor
            for ring in (self.rings.of_campaign[number] for number in campaigns)
        ]
        return (
            np.array([0.0 if each is None else each.relative_se for each in factors]),
            np.array([np.inf if each is None else each.df for each in factors]),
        )

    def _slopes(
        self, side: ComparedPoints, read: Read, has_rings: BoolArray
    ) -> FloatArray:
        """Return how the mean stock moves with a factor on the density, t/ha."""
        chosen = side.chosen(has_rings)
        apart = read(self.raised, chosen) - read(self.reader, chosen)
        return chosen.mean(apart / _STEP)
