"""Fine bulk density from a density with stones in it, by the best route there is."""

from math import isnan
from typing import NamedTuple

from server.stocks import fine_soil
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
    stones_g_cm3: float = fine_soil.FRAGMENT_DENSITY_G_CM3,
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
    if whole_g_cm3 is None and fine_earth_g_cm3 is None:
        return StonesRemoved()
    if coarse_fraction == 0.0:
        # Without stones all three densities are one, whatever the basis.
        given = whole_g_cm3 if fine_earth_g_cm3 is None else fine_earth_g_cm3
        return StonesRemoved(given, given)
    if coarse_fraction is None or basis is None:
        return StonesRemoved(reasons=(Reason.COARSE_BASIS_UNKNOWN,))
    by_volume = basis == "volume"
    if fine_earth_g_cm3 is not None and (by_volume or whole_g_cm3 is None):
        given, derived = (
            fine_earth_g_cm3,
            fine_soil.bd_fine_of_fine_earth_by_volume(fine_earth_g_cm3, coarse_fraction)
            if by_volume
            else fine_soil.bd_fine_of_fine_earth_by_mass(
                fine_earth_g_cm3, coarse_fraction, stones_g_cm3
            ),
        )
    else:
        assert whole_g_cm3 is not None
        given, derived = (
            whole_g_cm3,
            fine_soil.bd_fine_of_whole_by_volume(
                whole_g_cm3, coarse_fraction, stones_g_cm3
            )
            if by_volume
            else fine_soil.bd_fine_of_whole_by_mass(whole_g_cm3, coarse_fraction),
        )
    if isnan(float(derived)):
        return StonesRemoved(reasons=(Reason.NEGATIVE_FINE_MASS,))
    return StonesRemoved(float(derived), given)
