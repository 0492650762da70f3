"""How far the error of a factor on many values moves the stocks that a change compares.

Rings that gave the density of every point, a factor between two laboratory methods.
"""

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
from server.stocks.shared_error import SharedFactor

# Relative step of the values: far above rounding, and a curve bends little over it. Upward
# only, since lighter cores may no longer reach the mass that they are read at.
_STEP: Final = 1e-3

#: Reads the stock of each point of one campaign, t/ha, in a mass or to a depth.
Read = Callable[[PointReader, ComparedPoints], FloatArray]


@dataclass(frozen=True, slots=True)
class SharedValues:
    """Layers whose values share a factor, and how well it is known, by campaign.

    Campaigns of one number in `source` have one and the same factor, so one error; where
    they are all in `cancels`, it scales both stocks and moves no test.
    """

    factors: Sequence[SharedFactor | None]
    source: IntArray
    layers: BoolArray
    cancels: BoolArray

    def cancel(self, early: int, late: int) -> bool:
        """Return whether the factor moves no test of a change between two campaigns."""
        one = self.source[early] == self.source[late]
        return bool(one and self.cancels[early] and self.cancels[late])


@dataclass(frozen=True, slots=True)
class FactorErrors:
    """Reads stocks twice: as they are, and with the values of the factor raised."""

    values: SharedValues
    reader: PointReader
    raised: PointReader
    of_project: bool = False  # one factor for all plots

    @classmethod
    def of_density(
        cls, values: SharedValues, reader: PointReader, depth_cm: float
    ) -> "FactorErrors":
        """Prepare the cores with the density of the layers raised by a step."""
        gathered = reader.gathered.with_density(values.layers, 1.0 + _STEP)
        return cls(values, reader, reader.of_layers(gathered, depth_cm))

    @classmethod
    def of_soc(
        cls, values: SharedValues, reader: PointReader, depth_cm: float
    ) -> "FactorErrors":
        """Prepare the cores with the SOC of the layers raised by a step."""
        gathered = reader.gathered.with_soc(values.layers, 1.0 + _STEP)
        raised = reader.of_layers(gathered, depth_cm)
        return cls(values, reader, raised, of_project=True)

    def of_changes(
        self,
        comparisons: Sequence[Comparison],
        sides: tuple[ComparedPoints, ComparedPoints],
        read: Read,
    ) -> CommonErrors:
        """Return what one standard error of each campaign's factor moves the means.

        The mass or depth that stocks are read at stays, also where the values of the
        baseline gave it: the change is asked for in that mass. The values of all layers
        of a campaign have one factor. Two factors, of the earlier campaign and of the
        later; one where both have the very same.
        """
        campaigns = [[c.early for c in comparisons], [c.late for c in comparisons]]
        cancel = [self.values.cancel(c.early, c.late) for c in comparisons]
        moved, freedom = [], []
        for side, numbers in zip(sides, campaigns, strict=True):
            error, df = self._errors(numbers)
            error[cancel] = 0.0
            moved.append(np.nan_to_num(self._slopes(side, read, error > 0.0)) * error)
            freedom.append(df)
        one = self.values.source[campaigns[0]] == self.values.source[campaigns[1]]
        return CommonErrors(
            np.stack((moved[0], np.zeros_like(moved[0])), axis=1),
            np.stack(
                (np.where(one, moved[1], 0.0), np.where(one, 0.0, moved[1])), axis=1
            ),
            np.stack(freedom, axis=1),
            (self.of_project, self.of_project),
        )

    def of_points(
        self, points: IntArray, campaigns: IntArray, read: Read
    ) -> list[tuple[FloatArray, float]]:
        """Return for each factor what its standard error moves the points' stocks, t/ha.

        With the degrees of freedom of that error. `campaigns` is that of each point.
        """
        own = ComparedPoints(points, np.arange(points.size), points.size)
        error, df = self._errors(campaigns.tolist())
        moved = np.nan_to_num(self._slopes(own, read, error > 0.0)) * error
        source = self.values.source[campaigns]
        return [
            (np.where(source == each, moved, 0.0), float(df[source == each][0]))
            for each in np.unique(source[error > 0.0]).tolist()
        ]

    def _errors(self, campaigns: Sequence[int]) -> tuple[FloatArray, FloatArray]:
        """Return relative standard error and df of the factors; 0 where there are none."""
        factors = [self.values.factors[number] for number in campaigns]
        return (
            np.array([0.0 if each is None else each.relative_se for each in factors]),
            np.array([np.inf if each is None else each.df for each in factors]),
        )

    def _slopes(
        self, side: ComparedPoints, read: Read, has_factor: BoolArray
    ) -> FloatArray:
        """Return how the mean stock moves with the factor, t/ha."""
        chosen = side.chosen(has_factor)
        apart = read(self.raised, chosen) - read(self.reader, chosen)
        return chosen.mean(apart / _STEP)
