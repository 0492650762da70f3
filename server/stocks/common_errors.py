"""Errors that all points of a campaign share, of many changes at once.

A ring that gave the density of every point, a factor between two laboratory methods: the
spread between points does not hold them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from server.stocks.fine_soil import FloatArray
from server.stocks.profiles import BoolArray, IntArray
from server.stocks.student_t import satterthwaite_df


@dataclass(frozen=True, slots=True)
class ProjectError:
    """What one standard error of a factor of all plots moves two mean stocks, t/ha.

    With their signs, since those of many plots add up.
    """

    early_t_ha: float
    late_t_ha: float
    df: float


@dataclass(frozen=True)
class CommonErrors:
    """What one standard error of each shared factor moves the mean stocks of m changes.

    Shapes (m, factors): t/ha, 0 where a factor has no part in a change, and the degrees
    of freedom with which its error is known. A factor that both campaigns share moves
    both. Factors are independent of each other and of the points. Those `of_project` are
    one and the same for all plots.
    """

    early_t_ha: FloatArray
    late_t_ha: FloatArray
    df: FloatArray
    of_project: tuple[bool, ...]

    @classmethod
    def together(cls, parts: Sequence["CommonErrors"]) -> "CommonErrors":
        """Return the factors of all parts, of the same changes."""
        return cls(
            np.concatenate([part.early_t_ha for part in parts], axis=1),
            np.concatenate([part.late_t_ha for part in parts], axis=1),
            np.concatenate([part.df for part in parts], axis=1),
            tuple(each for part in parts for each in part.of_project),
        )

    @cached_property
    def has_any(self) -> BoolArray:
        """Whether a change has shared errors at all, shape (m,)."""
        moved: BoolArray = ((self.early_t_ha != 0.0) | (self.late_t_ha != 0.0)).any(
            axis=1
        )
        return moved

    def take(self, rows: IntArray) -> "CommonErrors":
        """Return the errors of the changes at the given positions."""
        return CommonErrors(
            self.early_t_ha[rows], self.late_t_ha[rows], self.df[rows], self.of_project
        )

    def moved_with_project(self, number: int) -> ProjectError | None:
        """Return what the factor of all plots moves the stocks of one change."""
        for column in np.flatnonzero(self.of_project).tolist():
            early, late = (
                self.early_t_ha[number, column],
                self.late_t_ha[number, column],
            )
            if early or late:
                df = float(self.df[number, column])
                return ProjectError(float(early), float(late), df)
        return None

    def variances(self, ratio: FloatArray) -> FloatArray:
        """Return what each factor adds to the variance of ``mean1 - ratio * mean0``.

        `ratio` has the m changes in its last axis; the factors follow in one more.
        """
        moved = self.late_t_ha - ratio[..., np.newaxis] * self.early_t_ha
        squared: FloatArray = np.square(moved)
        return squared

    def join(
        self, ratio: FloatArray, variance: FloatArray, df: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Add the shared errors to the variance of ``mean1 - ratio * mean0``.

        ``Var = v + sum(m_k^2)``, ``df = Var^2 / (v^2 / df_v + sum(m_k^4 / df_k))``, m_k
        what one standard error of factor k moves the contrast, first order.

        Parameters
        ----------
        ratio, variance, df
            Of m changes: s^2 / n and n - 1 of the points; random error of measurement
            is in it already.

        Returns
        -------
        tuple
            Variance, (t/ha)^2, and degrees of freedom. NaN stays NaN: shared errors do
            not make up for a missing spread. A change without shared errors keeps its
            own to the last digit.

        Notes
        -----
        Sources: VM0042 v2.2 equations 72 and 73; JCGM 100:2008, G.4 (Welch and
        Satterthwaite).
        """
        added = self.variances(ratio)
        parts = np.moveaxis(added, -1, 0)
        with np.errstate(divide="ignore", invalid="ignore"):  # fewer than two points
            joined = satterthwaite_df([variance, *parts], [df, *self.df.T])
        return variance + added.sum(axis=-1), np.where(self.has_any, joined, df)
