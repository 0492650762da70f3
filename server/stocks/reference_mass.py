"""The mass of soil that a plot's stocks are read at: found once, then kept.

It is the mass of the baseline campaign to the depth of the stock. A caller stores it
with the plot and passes it in again, so that points or campaigns that come later, or
values that are mended, never move it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from server.stocks.choices import Basis, Reference
from server.stocks.fine_soil import FloatArray
from server.stocks.gather import FlatPlots
from server.stocks.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceMass:
    """Mass per place of the baseline, t/ha, and their mean, on one basis and depth."""

    campaign: str
    date: date
    depth_cm: float
    basis: Basis
    mass_t_ha: float
    by_place: tuple[tuple[str, float], ...]

    def fits(self, settings: Settings) -> bool:
        """Return whether it was found for the same basis and depth."""
        return (self.depth_cm, self.basis) == (settings.depth_cm, settings.basis)

    def chosen_t_ha(self, reference: Reference) -> float:
        """Return the mass for points that have none of their own: mean, or least."""
        if reference is not Reference.LIGHTEST:
            return self.mass_t_ha
        return min(mass for _, mass in self.by_place)


def find_references(
    gathered: FlatPlots,
    settings: Settings,
    point_mass_t_ha: Sequence[float],
    frozen: Sequence[ReferenceMass | None],
) -> list[ReferenceMass | None]:
    """Return each plot the mass that was kept, or find it in its baseline.

    The baseline is the first campaign in which a point has a mass to the depth; a
    plot without such a campaign has no reference, nor has one where the settings
    name the mass.
    """
    if not isinstance(settings.reference, Reference):
        return [None] * gathered.plots
    return [
        kept
        if kept is not None and kept.fits(settings)
        else _find(gathered, settings, point_mass_t_ha, plot)
        for plot, kept in enumerate(frozen)
    ]


def references_per_point(
    gathered: FlatPlots,
    settings: Settings,
    references: Sequence[ReferenceMass | None],
) -> FloatArray:
    """Return the mass that each point is read at, t/ha; NaN where there is none."""
    if not isinstance(settings.reference, Reference):
        return np.full(len(gathered.first_layers), float(settings.reference))
    masses = [
        np.nan if found is None else found.chosen_t_ha(settings.reference)
        for found in references
    ]
    plot = gathered.campaign_plot[gathered.point_campaign]
    per_point = np.array(masses, dtype=np.float64)[plot]
    if settings.reference is not Reference.POINT:
        return per_point
    own = [dict(found.by_place) if found else {} for found in references]
    return np.array(
        [
            own[number].get(place, mass)
            for number, place, mass in zip(
                plot.tolist(), gathered.places, per_point.tolist(), strict=True
            )
        ]
    )


def _find(
    gathered: FlatPlots, settings: Settings, point_mass_t_ha: Sequence[float], plot: int
) -> ReferenceMass | None:
    for campaign in gathered.plot_campaigns[plot]:
        by_place = tuple(
            [
                (gathered.places[point], point_mass_t_ha[point])
                for point in gathered.campaign_points[campaign]
                if point_mass_t_ha[point] > 0.0  # NaN is not
            ]
        )
        if by_place:
            return ReferenceMass(
                campaign=gathered.campaign_keys[campaign],
                date=date.fromordinal(round(float(gathered.campaign_day[campaign]))),
                depth_cm=settings.depth_cm,
                basis=settings.basis,
                mass_t_ha=sum([mass for _, mass in by_place]) / len(by_place),
                by_place=by_place,
            )
    return None
