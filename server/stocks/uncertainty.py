"""Measurement error of a stock, propagated from the layers.

Random measurement error is already inside the spread between points, so it is never
added to the standard error of a change again. Only what all points share is: bias of a
laboratory between campaigns, a converted method, the error of a spectroscopic model.

Errors of one profile are correlated: one ring for all layers, one calibration for all
bags. One model serves the equations and the simulation. In units of their standard
uncertainties, errors of SOC in layers i and j correlate by `soc_between_layers`; the
error of density is ``soc_with_density`` times that of SOC of its layer, and the rest
correlates between layers by `density_between_layers`.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from server.stocks.equivalent_mass import equivalent_mass
from server.stocks.fine_soil import T_HA_PER_G_CM2, FloatArray
from server.stocks.profiles import IntArray, Profiles
from server.stocks.settings import PROFILES, Settings

DRAWS: Final = 1000
# Draws below are no soil; a density of 0 has no mass to interpolate over.
_LEAST_DENSITY_G_CM3: Final = 0.01
_LEAST_CM: Final = 0.1
# Profiles drawn together; bounds the temporaries.
_BLOCK_PROFILES: Final = 50_000
_STOCK: Final = T_HA_PER_G_CM2 / 1000.0
_CI95: Final = (2.5, 97.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlations:
    """How errors of one profile belong together; 0 is not at all, 1 is one error.

    Between layers 0 to 1, between SOC and density of a layer -1 to 1.
    """

    soc_with_density: float = 0.0
    soc_between_layers: float = 0.0
    density_between_layers: float = 0.0

    def __post_init__(self) -> None:
        shared = (self.soc_between_layers, self.density_between_layers)
        if not all(0.0 <= each <= 1.0 for each in shared):
            raise ValueError("a correlation between layers lies outside 0 to 1")
        if not -1.0 <= self.soc_with_density <= 1.0:
            raise ValueError("a correlation lies outside -1 to 1")


INDEPENDENT: Final = Correlations()


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """Standard uncertainties of each layer, in the units of the values.

    That of thickness moves the lower bound of the layer and all layers below.
    """

    soc_g_kg: FloatArray
    bd_fine_g_cm3: FloatArray
    thickness_cm: FloatArray
    correlations: Correlations = INDEPENDENT


@dataclass(frozen=True, slots=True)
class Propagated:
    """Standard uncertainties of the stocks of layers and of whole profiles, t/ha."""

    layer_t_ha: FloatArray
    profile_t_ha: FloatArray


@dataclass(frozen=True, slots=True)
class Simulated:
    """Spread of equal-mass stocks over the draws; NaN where a draw had no stock.

    `failed` is the share of draws in which the mass was not reached. `seed` is what
    the generator was made from: the same seed gives the same figures.
    """

    mean_t_ha: FloatArray
    se_t_ha: FloatArray
    low_t_ha: FloatArray
    high_t_ha: FloatArray
    failed: FloatArray
    draws: int
    seed: int | None


def propagate(profiles: Profiles, errors: Errors) -> Propagated:
    """Propagate errors of the layers into their stocks and those of the profiles.

    ``(u_S / S)^2 = (u_C / C)^2 + (u_BD / BD)^2 + (u_d / d)^2 + 2 r u_C u_BD / (C BD)``
    for a layer, ``u^2 = sum(u_i^2) + 2 sum(cov_ij)`` for a profile.

    Parameters
    ----------
    profiles
        n profiles with all their layers; every layer counts in full.
    errors
        Standard uncertainty of each layer, >= 0; NaN gives NaN.

    Returns
    -------
    Propagated
        Standard uncertainties, t/ha, per layer and per profile.

    Notes
    -----
    First order, so good for relative errors below about 0.2. Source: law of
    propagation of uncertainty (JCGM 100:2008); correlations after Tadiello et al. 2022.

    Examples
    --------
    >>> from server.stocks.profiles import arrange
    >>> profiles, _ = arrange([0, 0], [0, 15], [15, 30], [20.0, 10.0], [1.2, 1.4])
    >>> errors = Errors(
    ...     soc_g_kg=np.array([1.0, 0.5]),
    ...     bd_fine_g_cm3=np.array([0.06, 0.07]),
    ...     thickness_cm=np.zeros(2),
    ... )
    >>> propagate(profiles, errors).profile_t_ha.round(4).tolist()
    [2.947]
    """
    thickness = profiles.bottom_cm - profiles.top_cm
    # Change of the stock of each layer for one standard uncertainty of each value.
    soc = _STOCK * profiles.bd_fine_g_cm3 * thickness * errors.soc_g_kg
    density = _STOCK * profiles.soc_g_kg * thickness * errors.bd_fine_g_cm3
    depth = _STOCK * profiles.soc_g_kg * profiles.bd_fine_g_cm3 * errors.thickness_cm
    correlations = errors.correlations
    common = correlations.soc_with_density
    rest = math.sqrt(1.0 - common**2)
    # Two independent sources: what SOC brings along, and the rest of density.
    sources = (
        (soc + common * density, correlations.soc_between_layers),
        (rest * density, correlations.density_between_layers),
        (depth, 0.0),
    )
    layer = np.sqrt(sum(np.square(source) for source, _ in sources))
    first = profiles.first
    variance = np.zeros(profiles.count)
    for source, shared in sources:
        own = np.add.reduceat(np.square(source), first)
        together = np.square(np.add.reduceat(source, first))
        variance += (1.0 - shared) * own + shared * together
    return Propagated(layer, np.sqrt(variance))


def simulate(
    profiles: Profiles,
    errors: Errors,
    reference_mass_t_ha: FloatArray,
    generator: np.random.Generator,
    settings: Settings = PROFILES["permille"],
    draws: int = DRAWS,
) -> Simulated:
    """Draw profiles within their errors and read each off at the reference mass.

    Parameters
    ----------
    profiles
        n profiles; g/kg, g/cm3, cm.
    errors
        Standard uncertainty of each layer.
    reference_mass_t_ha
        Mass of each profile, t/ha, shape (n,), taken as exact.
    generator
        A generator made from a seed, ``np.random.default_rng(seed)``.
    settings
        Curve and basis of the equal mass.
    draws
        Number of draws; 1000 give the standard uncertainty to about 2 %.

    Returns
    -------
    Simulated
        Mean, standard deviation and 2.5 % and 97.5 % quantiles over the draws, t/ha.

    Notes
    -----
    Errors are normal; a drawn SOC below 0 counts as 0, a density below 0.01 g/cm3 as
    that, a layer is 0.1 cm thick at least. Source: Monte Carlo propagation
    (JCGM 101:2008).

    Examples
    --------
    >>> from server.stocks.profiles import arrange
    >>> profiles, _ = arrange([0, 0], [0, 30], [30, 50], [16.0, 8.0], [1.25, 1.5])
    >>> none = np.zeros(2)
    >>> errors = Errors(
    ...     soc_g_kg=np.array([0.8, 0.4]), bd_fine_g_cm3=none, thickness_cm=none
    ... )
    >>> seeded = np.random.default_rng(7)
    >>> result = simulate(profiles, errors, np.array([3687.0]), seeded)
    >>> result.seed, result.draws, bool(abs(result.se_t_ha[0] - 3.0) < 0.2)
    (7, 1000, True)
    """
    step = max(1, _BLOCK_PROFILES // profiles.count)
    interpolant = settings.curve(int(profiles.layer_counts.min()))
    parts = []
    for start in range(0, draws, step):
        times = min(step, draws - start)
        drawn = _drawn(profiles, errors, generator, times)
        reference = np.tile(reference_mass_t_ha, times)
        result = equivalent_mass(
            drawn, reference, interpolant=interpolant, basis=settings.basis
        )
        parts.append(result.soc_stock_t_ha.reshape(times, profiles.count))
    stocks = np.concatenate(parts)
    low, high = np.percentile(stocks, _CI95, axis=0)
    return Simulated(
        mean_t_ha=stocks.mean(axis=0),
        se_t_ha=stocks.std(axis=0, ddof=1),
        low_t_ha=low,
        high_t_ha=high,
        failed=np.isnan(stocks).mean(axis=0),
        draws=draws,
        seed=_seed_of(generator),
    )


def total_se_t_ha(se_t_ha: float, *shared_t_ha: float) -> float:
    """Add what all points share to the standard error of a mean or a change.

    ``SE_total = sqrt(SE^2 + sum(u_shared^2))``, t/ha. Random measurement error is in
    SE already and must not be given here. Source: VM0042 v2.2 equations 72 and 73.

    >>> total_se_t_ha(3.0, 4.0)
    5.0
    """
    return math.hypot(se_t_ha, *shared_t_ha)


def _drawn(
    profiles: Profiles, errors: Errors, generator: np.random.Generator, times: int
) -> Profiles:
    """Draw every profile so many times, one set of them after the other."""
    offsets = np.concatenate(
        ([0], np.cumsum(np.tile(profiles.layer_counts, times)))
    ).astype(np.int64)
    owner = np.repeat(np.arange(offsets.size - 1), np.diff(offsets))
    correlations = errors.correlations
    soc = _correlated(generator, owner, correlations.soc_between_layers)
    rest = _correlated(generator, owner, correlations.density_between_layers)
    common = correlations.soc_with_density
    density = common * soc + math.sqrt(1.0 - common**2) * rest
    depth = generator.standard_normal(owner.size)

    def around(values: FloatArray, error: FloatArray, drawn: FloatArray) -> FloatArray:
        moved: FloatArray = np.tile(values, times) + np.tile(error, times) * drawn
        return moved

    thickness = profiles.bottom_cm - profiles.top_cm
    moved = np.maximum(around(thickness, errors.thickness_cm, depth), _LEAST_CM)
    # What a layer gains pushes down all layers of its profile below it.
    change = moved - np.tile(thickness, times)
    below = np.cumsum(change)
    below -= np.repeat((below - change)[offsets[:-1]], np.diff(offsets))
    top = np.tile(profiles.top_cm, times) + below - change
    # A surface that is off by rounding is no surface.
    top[offsets[:-1]] = np.tile(profiles.top_cm[profiles.first], times)
    return Profiles(
        offsets,
        top,
        np.tile(profiles.bottom_cm, times) + below,
        np.maximum(around(profiles.soc_g_kg, errors.soc_g_kg, soc), 0.0),
        np.maximum(
            around(profiles.bd_fine_g_cm3, errors.bd_fine_g_cm3, density),
            _LEAST_DENSITY_G_CM3,
        ),
    )


def _correlated(
    generator: np.random.Generator, owner: IntArray, shared: float
) -> FloatArray:
    own = generator.standard_normal(owner.size)
    common = generator.standard_normal(int(owner[-1]) + 1)[owner]
    drawn: FloatArray = math.sqrt(shared) * common + math.sqrt(1.0 - shared) * own
    return drawn


def _seed_of(generator: np.random.Generator) -> int | None:
    entropy = getattr(generator.bit_generator.seed_seq, "entropy", None)
    return entropy if isinstance(entropy, int) else None
