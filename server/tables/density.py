"""Fine bulk density of one line of a layer table, by the route its cells allow."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan
from typing import Final

from schemas import limits
from server.stocks import fine_soil
from server.stocks.reasons import Reason
from server.tables.cells import Bounds

# Columns in order of preference; None is text.
DENSITY_COLUMNS: Final[Mapping[str, Bounds | None]] = {
    "bd_fine_g_cm3": Bounds(*limits.BULK_DENSITY_FINE_G_CM3, "g/cm3"),
    "bd_whole_g_cm3": Bounds(*limits.BULK_DENSITY_WHOLE_G_CM3, "g/cm3"),
    "bd_fine_earth_g_cm3": Bounds(*limits.BULK_DENSITY_FINE_G_CM3, "g/cm3"),
    "coarse_pct": Bounds(0.0, 100.0, "%", below_high=True),
    "coarse_basis": None,
    "fragment_density_g_cm3": Bounds(*limits.FRAGMENT_DENSITY_G_CM3, "g/cm3"),
}


@dataclass(frozen=True, slots=True)
class CellDensity:
    """Fine mass per total volume, or None with the reason."""

    bd_fine_g_cm3: float | None
    reasons: tuple[Reason, ...] = ()


def fine_density(values: Mapping[str, float | None], basis: str | None) -> CellDensity:
    """Take the fine density as given, or derive it from density and stones.

    >>> fine_density({"bd_whole_g_cm3": 2.0, "coarse_pct": 25.0}, "mass")
    CellDensity(bd_fine_g_cm3=1.5, reasons=())
    >>> fine_density({"bd_whole_g_cm3": 2.0, "coarse_pct": 25.0}, None).reasons
    (<Reason.COARSE_BASIS_UNKNOWN: 'COARSE_BASIS_UNKNOWN'>,)
    >>> fine_density({"bd_whole_g_cm3": 2.0}, "mass").reasons
    (<Reason.COARSE_BASIS_UNKNOWN: 'COARSE_BASIS_UNKNOWN'>,)
    """
    given = values.get("bd_fine_g_cm3")
    whole, fine_earth = values.get("bd_whole_g_cm3"), values.get("bd_fine_earth_g_cm3")
    coarse_pct = values.get("coarse_pct")
    underivable = whole is None and fine_earth is None
    if given is not None or underivable:
        return CellDensity(given)
    if coarse_pct == 0.0:
        # Without stones all three densities are one, whatever the basis.
        return CellDensity(fine_earth if fine_earth is not None else whole)
    if coarse_pct is None or basis is None:
        return CellDensity(None, (Reason.COARSE_BASIS_UNKNOWN,))
    stones = values.get("fragment_density_g_cm3")
    if stones is None:
        stones = fine_soil.FRAGMENT_DENSITY_G_CM3
    derived = _derive(whole, fine_earth, coarse_pct / 100.0, basis, stones)
    if isnan(derived):
        return CellDensity(None, (Reason.NEGATIVE_FINE_MASS,))
    return CellDensity(derived)


def _derive(
    whole: float | None,
    fine_earth: float | None,
    coarse: float,
    basis: str,
    stones_g_cm3: float,
) -> float:
    """Prefer the route that needs no density of the stones."""
    by_volume = basis == "volume"
    if fine_earth is not None and (by_volume or whole is None):
        if by_volume:
            return float(fine_soil.bd_fine_of_fine_earth_by_volume(fine_earth, coarse))
        return float(
            fine_soil.bd_fine_of_fine_earth_by_mass(fine_earth, coarse, stones_g_cm3)
        )
    if whole is None:
        return float("nan")
    if by_volume:
        return float(fine_soil.bd_fine_of_whole_by_volume(whole, coarse, stones_g_cm3))
    return float(fine_soil.bd_fine_of_whole_by_mass(whole, coarse))
