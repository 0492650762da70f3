"""Strata of an area: plots whose points were measured, and plots that stand for more."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from server.stocks.change import ChangeEstimate, Design
from server.stocks.common_errors import ProjectError
from server.stocks.fine_soil import FloatArray
from server.stocks.reasons import Reason, in_order

# What the points of one plot could not tell; the spread between plots does not need it.
OF_POINTS: Final = frozenset(
    {Reason.SINGLE_POINT, Reason.NO_VARIANCE, Reason.ZERO_VARIANCE}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """Plots drawn out of a stratum, and those of them that have a result.

    `area_ha` and `measured_ha` are of the plots themselves; `without_area` counts those
    that have none.
    """

    plots: int
    without_area: int
    measured: int
    area_ha: float
    measured_ha: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """A stratum: means of two campaigns and the (co)variances of these means.

    Stocks in t/ha, variances in their squares; None where not computable. `area_ha`
    is taken as exact. `project_error` is in the variances, and is one for all strata.
    `withheld` says that its change must not be judged, for one of
    its `reasons`. `drawn` tells of the plots where they stand for more than themselves.
    """

    name: str
    area_ha: float | None
    design: Design
    n0: int
    n1: int
    years: float
    stock0_t_ha: float | None
    stock1_t_ha: float | None
    annual_t_ha: float | None
    variance0: float | None
    variance1: float | None
    covariance: float | None
    annual_variance: float | None
    project_error: ProjectError | None = None
    withheld: bool = False
    reasons: tuple[Reason, ...] = ()
    drawn: Drawn | None = None

    @property
    def represented_ha(self) -> float:
        """Area that the figures speak of.

        A drawn plot without result takes its share of the land with it.
        """
        area = self.area_ha or 0.0
        if self.drawn is None:
            return area
        if not self.drawn.measured:
            return 0.0
        return area * (self.drawn.measured_ha / self.drawn.area_ha)

    @property
    def measured_ha(self) -> float:
        """Area of the plots that were measured."""
        return (self.area_ha or 0.0) if self.drawn is None else self.drawn.measured_ha


def stratum_of(
    name: str, area_ha: float | None, change: ChangeEstimate | None
) -> Stratum:
    """Return the stratum of a plot whose points were measured in two campaigns.

    The covariance of paired means follows from the three standard errors.
    """
    if change is None or change.change_t_ha is None:
        return _unmeasured(name, area_ha)
    design, years = change.design, change.years
    variance0, variance1 = (
        _square(change.stock0_se_t_ha),
        _square(change.stock1_se_t_ha),
    )
    covariance = annual_variance = None
    if variance0 is not None and variance1 is not None and change.se_t_ha is not None:
        shared = variance0 + variance1 - change.se_t_ha**2
        covariance = shared / 2.0 if design is Design.PAIRED else 0.0
        annual_variance = (change.se_t_ha / years) ** 2 if years > 0.0 else None
    return Stratum(
        name=name,
        area_ha=area_ha,
        design=design,
        n0=change.n0,
        n1=change.n1,
        years=years,
        stock0_t_ha=change.stock0_t_ha,
        stock1_t_ha=change.stock1_t_ha,
        annual_t_ha=change.annual_t_ha,
        variance0=variance0,
        variance1=variance1,
        covariance=covariance,
        annual_variance=annual_variance,
        project_error=change.project_error,
        withheld=change.withheld,
        reasons=change.reasons,
    )


def cluster(name: str, area_ha: float, plots: Sequence[Stratum]) -> Stratum:
    """Merge plots that were sampled out of many into one stratum.

    ``y = sum(a_i y_i) / sum(a_i)``, ``Var = m / (m - 1) * sum(a_i^2 (y_i - y)^2) /
    sum(a_i)^2``, a_i the area of plot i: the variance between plots, which holds the
    variance inside them. No correction for a finite number of plots.

    Parameters
    ----------
    name, area_ha
        The stratum that the plots stand for, with its whole area.
    plots
        Plots drawn at random from it; those without result or area are left out, and
        a plot without result takes its share of the land with it (`represented_ha`).

    Notes
    -----
    Source: two-stage sampling with the first stage drawn with replacement, ratio
    estimator of the mean (Cochran 1977, chapter 11). Plots of one point count like
    any other, since the variance inside a plot is not asked for.

    Examples
    --------
    >>> from server.stocks.change import estimate_change
    >>> plots = [
    ...     stratum_of(
    ...         str(gain),
    ...         2.0,
    ...         estimate_change([50.0], [50.0 + gain], design=Design.PAIRED, years=5.0),
    ...     )
    ...     for gain in (1.0, 2.0, 3.0)
    ... ]
    >>> merged = cluster("all", 100.0, plots)
    >>> round(merged.annual_t_ha, 6), round(merged.annual_variance**0.5, 6)
    (0.4, 0.11547)
    """
    used = [plot for plot in plots if plot.area_ha and plot.annual_t_ha is not None]
    drawn = _drawn(plots, used)
    if not used:
        return replace(_unmeasured(name, area_ha), drawn=drawn)
    columns = [
        np.array([getattr(plot, field) for plot in used], dtype=np.float64)
        for field in ("area_ha", "stock0_t_ha", "stock1_t_ha", "annual_t_ha", "years")
    ]
    share = columns[0] / columns[0].sum()
    means = [float(share @ column) for column in columns[1:]]
    off0, off1, off = (
        share * (column - mean)
        for column, mean in zip(columns[1:4], means, strict=False)
    )
    count = len(used)
    variance0, variance1, covariance, annual_variance = (
        _variance(first, second)
        for first, second in ((off0, off0), (off1, off1), (off0, off1), (off, off))
    )
    return Stratum(
        name=name,
        area_ha=area_ha,
        design=Design.PAIRED,
        n0=count,
        n1=count,
        years=means[3],
        stock0_t_ha=means[0],
        stock1_t_ha=means[1],
        annual_t_ha=means[2],
        variance0=variance0,
        variance1=variance1,
        covariance=covariance,
        annual_variance=annual_variance,
        project_error=_mean_error([plot.project_error for plot in used], share),
        withheld=any(plot.withheld for plot in used),
        reasons=_reasons_of_plots(used),
        drawn=drawn,
    )


def _mean_error(
    errors: Sequence[ProjectError | None], share: FloatArray
) -> ProjectError | None:
    """Return what the factor of all plots moves their weighted mean."""
    known = [each for each in errors if each is not None]
    if not known:
        return None
    pairs = [(0.0, 0.0) if e is None else (e.early_t_ha, e.late_t_ha) for e in errors]
    early, late = (share @ np.array(pairs)).tolist()
    return ProjectError(early, late, min(each.df for each in known))


def _variance(first: FloatArray, second: FloatArray) -> float | None:
    """Return the (co)variance of two weighted means; None of a single plot."""
    count = len(first)
    return count / (count - 1.0) * float(first @ second) if count > 1 else None


def _drawn(plots: Sequence[Stratum], used: Sequence[Stratum]) -> Drawn:
    known = [plot.area_ha for plot in plots if plot.area_ha]
    return Drawn(
        plots=len(plots),
        without_area=len(plots) - len(known),
        measured=len(used),
        area_ha=sum(known),
        measured_ha=sum(plot.area_ha or 0.0 for plot in used),
    )


def _reasons_of_plots(used: Sequence[Stratum]) -> tuple[Reason, ...]:
    reasons = {reason for plot in used for reason in plot.reasons}
    return in_order(reasons - OF_POINTS)


def _square(error: float | None) -> float | None:
    return None if error is None else error**2


def _unmeasured(name: str, area_ha: float | None) -> Stratum:
    return Stratum(
        name=name,
        area_ha=area_ha,
        design=Design.UNPAIRED,
        n0=0,
        n1=0,
        years=0.0,
        stock0_t_ha=None,
        stock1_t_ha=None,
        annual_t_ha=None,
        variance0=None,
        variance1=None,
        covariance=None,
        annual_variance=None,
    )
