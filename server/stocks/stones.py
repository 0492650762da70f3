"""Fine bulk density from a density with stones in it, by the best route there is."""

from math import isnan
from typing import NamedTuple

from server.stocks.fine_soil import (
    FRAGMENT_DENSITY_G_CM3,
    bd_fine_of_fine_earth_by_mass,
    bd_fine_of_fine_earth_by_volume,
    bd_fine_of_whole_by_mass,
    bd_fine_of_whole_by_volume,
)
from server.stocks.reasons import Reason


class StonesRemoved(NamedTuple):
    """Fine mass per total volume and the density it was derived from; or the reason."""

    bd_fine_g_cm3: float | None = None
    bd_given_g_cm3: float | None = None
    reasons: tuple[Reason, ...] = ()


def remove_stones(
    whole_g_cm3: float | None,
    fine_earth_g_cm3: float | None,
    coarse_fraction: float | None,
    basis: str | None,
    stones_g_cm3: float = FRAGMENT_DENSITY_G_CM3,
) -> StonesRemoved:
    """Derive the fine density of a layer.

    Parameters
    ----------
    whole_g_cm3, fine_earth_g_cm3
        Density of whole soil and of fine earth only; None where not measured. With
        both, the route is taken that needs no density of the stones.
    coarse_fraction
        Coarse fragments per mass of soil or per total volume.
    basis
        ``mass`` or ``volume``; None is unknown.
    stones_g_cm3
        Density of the fragments.

    Examples
    --------
    >>> remove_stones(2.0, None, 0.25, "mass").bd_fine_g_cm3
    1.5
    >>> remove_stones(2.0, None, 0.25, None).reasons
    (<Reason.COARSE_BASIS_UNKNOWN: 'COARSE_BASIS_UNKNOWN'>,)
    """
    by_volume = basis == "volume"
    # Without stones all three densities are one, whatever the basis.
    no_stones = coarse_fraction == 0.0
    from_whole = _is_whole_used(
        whole_g_cm3, fine_earth_g_cm3, fine_earth_first=by_volume or no_stones
    )
    given = whole_g_cm3 if from_whole else fine_earth_g_cm3
    if given is None or no_stones:
        return StonesRemoved(given, given)
    if coarse_fraction is None or basis is None:
        return StonesRemoved(reasons=(Reason.COARSE_BASIS_UNKNOWN,))
    match from_whole, by_volume:
        case True, True:
            derived = bd_fine_of_whole_by_volume(given, coarse_fraction, stones_g_cm3)
        case True, False:
            derived = bd_fine_of_whole_by_mass(given, coarse_fraction)
        case False, True:
            derived = bd_fine_of_fine_earth_by_volume(given, coarse_fraction)
        case _:
            derived = bd_fine_of_fine_earth_by_mass(
                given, coarse_fraction, stones_g_cm3
            )
    if isnan(float(derived)):
        return StonesRemoved(reasons=(Reason.NEGATIVE_FINE_MASS,))
    return StonesRemoved(float(derived), given)


def _is_whole_used(
    whole: float | None, fine_earth: float | None, *, fine_earth_first: bool
) -> bool:
    return fine_earth is None or (whole is not None and not fine_earth_first)
