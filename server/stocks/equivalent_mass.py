"""SOC stock in the same mass of soil, wherever compaction has moved its depth.

The cumulative stock is a curve over cumulative soil mass through (0, 0) and the
bottom of each layer; the stock is read off at a reference mass.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from server.stocks.choices import Basis
from server.stocks.fine_soil import T_HA_PER_G_CM2, FloatArray
from server.stocks.monotone import Interpolant, interpolate
from server.stocks.profiles import COMPLETE_SOIL, IntArray, Profiles, check
from server.stocks.reasons import Reason, mask_of

# Organic matter is about 58 % carbon by convention.
SOC_PER_OM: Final = 0.58
# Splines and straight lines part by more than 0.5 t/ha further out than this.
EXTRAPOLATION_SHARE: Final = 0.02
# Identical profiles must not fail by the rounding of their own sum.
_ROUNDING: Final = 1e-9

_MASS_NOT_REACHED: Final = mask_of([Reason.MASS_NOT_REACHED])
_EXTRAPOLATED: Final = mask_of([Reason.EXTRAPOLATED])
_SINGLE_INCREMENT: Final = mask_of([Reason.SINGLE_INCREMENT])
_NEGATIVE_FINE_MASS: Final = mask_of([Reason.NEGATIVE_FINE_MASS])


@dataclass(frozen=True, slots=True)
class EquivalentMass:
    """Stocks of n profiles; NaN where not computable, with the reason in the mask.

    `sampled_mass_t_ha` is the mass of the layers used, on the chosen basis. A profile
    of one layer is read off a straight line however far the reference lies beyond it:
    compare both masses before judging a change.
    """

    soc_stock_t_ha: FloatArray
    sampled_mass_t_ha: FloatArray
    mask: IntArray


def equivalent_mass(
    profiles: Profiles,
    reference_mass_t_ha: FloatArray,
    *,
    interpolant: Interpolant = Interpolant.HYMAN,
    basis: Basis = Basis.MINERAL,
) -> EquivalentMass:
    """Return the SOC stock of each profile in a reference mass of soil.

    ``S(M) = f(M)`` with f through ``(x_k, y_k)``, ``x_k`` the cumulative mass and
    ``y_k`` the cumulative stock at the bottom of layer k. Mineral mass is
    ``FSM * (1 - C / 580)``.

    Parameters
    ----------
    profiles
        n profiles; g/kg, g/cm3, cm.
    reference_mass_t_ha
        Mass M of each profile, t/ha, shape (n,), on the chosen basis; > 0.
    interpolant
        Curve between the nodes; one and the same for a whole series.
    basis
        Mineral or fine mass.

    Returns
    -------
    EquivalentMass
        Stocks and sampled masses, t/ha, shape (n,), and the reason mask.

    Raises
    ------
    ValueError
        When `reference_mass_t_ha` is not (n,) or not positive.

    Notes
    -----
    Layers below the first fault are not used, and matter only if the reference is
    not reached above it. At most 2 % of the reference is added at the concentration
    of the deepest layer used (EXTRAPOLATED), never by a spline polynomial; beyond
    that MASS_NOT_REACHED. Fragile where layers hold more than 12 % SOC. Sources:
    Ellert and Bettany 1995; Wendt and Hauser 2013 (natural); von Haden et al. 2020
    (Hyman, mineral); VM0042 v2.2 figure 3.

    Examples
    --------
    >>> from server.stocks.profiles import arrange
    >>> profiles, _ = arrange([0, 0], [0, 30], [30, 50], [16.0, 8.0], [1.25, 1.5])
    >>> result = equivalent_mass(
    ...     profiles,
    ...     np.array([4350.0]),
    ...     interpolant=Interpolant.LINEAR,
    ...     basis=Basis.FINE,
    ... )
    >>> result.soc_stock_t_ha.tolist(), result.sampled_mass_t_ha.tolist()
    ([64.8], [6750.0])
    """
    if reference_mass_t_ha.shape != (profiles.count,):
        raise ValueError("reference_mass_t_ha needs one value per profile")
    if not np.all(reference_mass_t_ha > 0.0):
        raise ValueError("reference_mass_t_ha must be positive")
    sound, mask = _sound_layers(profiles)
    mass, stock = layer_masses(profiles, basis)
    result = EquivalentMass(
        np.full(profiles.count, np.nan), np.zeros(profiles.count), mask
    )
    for index, x, y in _curves(profiles, sound, mass, stock):
        values, flags = _read_off(x, y, reference_mass_t_ha[index], interpolant)
        result.soc_stock_t_ha[index] = values
        result.sampled_mass_t_ha[index] = x[:, -1]
        # What is wrong below the reference mass does not matter.
        result.mask[index] = np.where(np.isnan(values), mask[index] | flags, flags)
    result.mask[sound == 0] |= _MASS_NOT_REACHED
    return result


def read_curve(
    profiles: Profiles,
    layers: IntArray,
    step: FloatArray,
    stock: FloatArray,
    at: FloatArray,
    interpolant: Interpolant,
) -> FloatArray:
    """Read the cumulative stock of each profile off a curve over any cumulative step.

    `layers` counts the layers of each profile that make its curve, `step` and `stock`
    have one value per layer; NaN where there is no layer or the place is beyond them.
    """
    values = np.full(profiles.count, np.nan)
    for index, x, y in _curves(profiles, layers, step, stock):
        inside = np.flatnonzero(at[index] <= x[:, -1] * (1.0 + _ROUNDING))
        place = np.minimum(at[index[inside]], x[inside, -1])
        values[index[inside]] = interpolate(x[inside], y[inside], place, interpolant)
    return values


def _curves(
    profiles: Profiles, layers: IntArray, step: FloatArray, stock: FloatArray
) -> Iterator[tuple[IntArray, FloatArray, FloatArray]]:
    """Return profiles with the same number of layers, and their cumulative curves."""
    for count in np.unique(layers[layers > 0]):
        index = np.flatnonzero(layers == count)
        rows = profiles.first[index][:, np.newaxis] + np.arange(count)
        yield index, _cumulative(step[rows]), _cumulative(stock[rows])


def _sound_layers(profiles: Profiles) -> tuple[IntArray, IntArray]:
    """Count the layers above the first fault, and give the mask of all faults."""
    deepest = np.maximum.reduceat(profiles.bottom_cm, profiles.first)
    checked = check(profiles, np.inf, deepest)
    above = profiles.bottom_cm <= profiles.per_layer(checked.covered_to_cm)
    sound = np.add.reduceat(above.astype(np.int64), profiles.first)
    return sound, checked.mask & ~COMPLETE_SOIL


def layer_masses(profiles: Profiles, basis: Basis) -> tuple[FloatArray, FloatArray]:
    """Return mass on the chosen basis and SOC stock of each layer."""
    thickness_cm = profiles.bottom_cm - profiles.top_cm
    fine = profiles.bd_fine_g_cm3 * thickness_cm * T_HA_PER_G_CM2
    stock = fine * profiles.soc_g_kg / 1000.0
    if basis is Basis.FINE:
        return fine, stock
    return fine - stock / SOC_PER_OM, stock


def _cumulative(layers: FloatArray) -> FloatArray:
    zero = np.zeros((layers.shape[0], 1))
    return np.concatenate((zero, np.cumsum(layers, axis=1)), axis=1)


def _read_off(
    x: FloatArray, y: FloatArray, reference: FloatArray, interpolant: Interpolant
) -> tuple[FloatArray, IntArray]:
    """Read curves of the same number of layers at their reference mass."""
    single = x.shape[1] == 2
    massless = ~np.all(np.diff(x, axis=1) > 0.0, axis=1)
    end = x[:, -1]
    beyond = reference - end
    outside = beyond > _ROUNDING * reference
    reached = single | (beyond <= EXTRAPOLATION_SHARE * reference)
    values = np.full(reference.size, np.nan)
    good = np.flatnonzero(reached & ~massless)
    inside = np.minimum(reference, end)[good]
    values[good] = interpolate(x[good], y[good], inside, interpolant)
    deepest = np.flatnonzero(reached & ~massless & outside)
    concentration = (y[deepest, -1] - y[deepest, -2]) / (
        x[deepest, -1] - x[deepest, -2]
    )
    values[deepest] += beyond[deepest] * concentration
    flags = np.where(massless, _NEGATIVE_FINE_MASS, 0)
    flags |= np.where(~reached, _MASS_NOT_REACHED, 0)
    flags |= np.where(reached & outside, _EXTRAPOLATED, 0)
    flags |= _SINGLE_INCREMENT if single else 0
    return values, flags
