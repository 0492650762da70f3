"""The mass of soil that a plot's stocks are read at: found once, then kept.

It is the mass of the baseline campaign to the depth of the stock. A caller stores it
with the plot and passes it in again, so that points or campaigns that come later, or
values that are mended, never move it.
"""

from dataclasses import dataclass
from datetime import date

from server.stocks.equivalent_mass import Basis
from server.stocks.settings import Reference, Settings


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
        """Tell whether it was found for the same basis and depth."""
        return (self.depth_cm, self.basis) == (settings.depth_cm, settings.basis)

    def masses(self, settings: Settings) -> tuple[float, dict[str, float]]:
        """Give the mass of a plot, and of the places that have another one."""
        if settings.reference is Reference.POINT:
            return self.mass_t_ha, dict(self.by_place)
        return self.mass_t_ha, {}
