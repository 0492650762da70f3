"""Fine-soil mass of a layer, by every route from what was measured.

Fine soil passes 2 mm. Every route ends at ``bd_fine_g_cm3``: oven-dry fine-soil
mass per total sample volume, stones included in the volume. Only this density,
times thickness, times the SOC of fine soil gives a stock that stones do not
inflate (method M4 of Poeplau et al. 2017, SOIL 3:61; the mass-fraction route is
exact by Hobley et al. 2018, SOIL 4:169).

Order of preference: masses of the cores, `bd_fine_of_fine_earth_by_volume`,
`bd_fine_of_whole_by_mass`, `bd_fine_of_whole_by_volume`,
`bd_fine_of_fine_earth_by_mass`.

In every function arguments broadcast, NaN in any of them gives NaN, nothing is
raised for a value, and NaN stands where no fine soil would be left.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

# Quartz; what reference handbooks use where the density was not measured.
FRAGMENT_DENSITY_G_CM3: Final = 2.65
T_HA_PER_G_CM2: Final = 100.0
G_KG_PER_PERCENT: Final = 10.0


def bd_fine_of_masses(mass_fine_g: ArrayLike, volume_cm3: ArrayLike) -> FloatArray:
    """Return fine bulk density from the fine mass of a sample of known volume.

    ``bd_fine = m_fine / V``

    Parameters
    ----------
    mass_fine_g
        Oven-dry (105 C) mass that passed 2 mm, g.
    volume_cm3
        Total volume of the sample in the field, stones included, cm3; > 0.

    Returns
    -------
    FloatArray
        Fine mass per total volume, g/cm3.

    Notes
    -----
    Valid for cores, rings and excavations; clods have no field volume. Source:
    Poeplau et al. 2017, fine-soil stock.

    Examples
    --------
    >>> float(bd_fine_of_masses(123.2, 80.0))
    1.54
    """
    return _fine_or_nan(_ratio(_array(mass_fine_g), _array(volume_cm3)))


def fine_mass_of_cores_t_ha(
    mass_fine_g: ArrayLike, diameter_mm: ArrayLike, cores: ArrayLike
) -> FloatArray:
    """Return fine-soil mass per area from the masses of composited cores.

    ``FSM = 100 * m_fine / (A * N)``, ``A = pi * (D / 20)**2``

    Parameters
    ----------
    mass_fine_g
        Oven-dry fine mass of the layer, all cores together, g.
    diameter_mm
        Inner diameter D of the probe, mm; > 0.
    cores
        Number N of cores in the bag; >= 1.

    Returns
    -------
    FloatArray
        Fine-soil mass of the layer, t/ha. Divide by 100 and by the thickness in
        cm for ``bd_fine_g_cm3``.

    Notes
    -----
    Needs no thickness, so compaction in the probe does not enter. Probes under
    30 mm are unfit for stony soil. Source: VM0042 v2.2 equation 3 (its factor
    10 000 belongs to an area in mm2).

    Examples
    --------
    >>> round(float(fine_mass_of_cores_t_ha(283.2, 21.5, 4)), 1)
    1950.1
    """
    area_cm2 = np.pi * (_array(diameter_mm) / 20.0) ** 2
    mass_g_cm2 = _ratio(_array(mass_fine_g), area_cm2 * _array(cores))
    return _fine_or_nan(mass_g_cm2 * T_HA_PER_G_CM2)


def bd_fine_of_fine_earth_by_volume(
    bd_fine_earth_g_cm3: ArrayLike, coarse_volume_fraction: ArrayLike
) -> FloatArray:
    """Return fine bulk density from fine-earth density and coarse volume.

    ``bd_fine = bd_fine_earth * (1 - v)``

    Parameters
    ----------
    bd_fine_earth_g_cm3
        Fine mass per volume of fine earth only, g/cm3.
    coarse_volume_fraction
        Coarse fragments v per total volume, cm3/cm3; 0 <= v < 1.

    Returns
    -------
    FloatArray
        Fine mass per total volume, g/cm3.

    Notes
    -----
    Source: Poeplau et al. 2017.

    Examples
    --------
    >>> round(float(bd_fine_of_fine_earth_by_volume(1.59, 0.6)), 6)
    0.636
    """
    return _fine_or_nan(
        _array(bd_fine_earth_g_cm3) * (1.0 - _array(coarse_volume_fraction))
    )


def bd_fine_of_whole_by_mass(
    bd_whole_g_cm3: ArrayLike, coarse_mass_fraction: ArrayLike
) -> FloatArray:
    """Return fine bulk density from whole density and coarse mass.

    ``bd_fine = bd_whole * (1 - g)``

    Parameters
    ----------
    bd_whole_g_cm3
        Fine and coarse mass per total volume, g/cm3.
    coarse_mass_fraction
        Coarse mass g per total mass, g/g; 0 <= g < 1.

    Returns
    -------
    FloatArray
        Fine mass per total volume, g/cm3.

    Notes
    -----
    Exact, no fragment density needed. Source: Hobley et al. 2018.

    Examples
    --------
    >>> round(float(bd_fine_of_whole_by_mass(2.0, 0.25)), 6)
    1.5
    """
    return _fine_or_nan(_array(bd_whole_g_cm3) * (1.0 - _array(coarse_mass_fraction)))


def bd_fine_of_whole_by_volume(
    bd_whole_g_cm3: ArrayLike,
    coarse_volume_fraction: ArrayLike,
    fragment_density_g_cm3: ArrayLike = FRAGMENT_DENSITY_G_CM3,
) -> FloatArray:
    """Return fine bulk density from whole density and coarse volume.

    ``bd_fine = bd_whole - v * rho_r``

    Parameters
    ----------
    bd_whole_g_cm3
        Fine and coarse mass per total volume, g/cm3.
    coarse_volume_fraction
        Coarse fragments v per total volume, cm3/cm3; 0 <= v < 1.
    fragment_density_g_cm3
        Density rho_r of the fragments, g/cm3.

    Returns
    -------
    FloatArray
        Fine mass per total volume, g/cm3; NaN where the stones alone would
        weigh as much as the sample (reason NEGATIVE_FINE_MASS).

    Notes
    -----
    A difference of two large numbers in stony soil: prefer the other routes.
    Source: Poeplau et al. 2017, rearranged.

    Examples
    --------
    >>> round(float(bd_fine_of_whole_by_volume(2.076, 0.6, 2.4)), 6)
    0.636
    >>> float(bd_fine_of_whole_by_volume(1.5, 0.6))
    nan
    """
    coarse_g_cm3 = _array(coarse_volume_fraction) * _array(fragment_density_g_cm3)
    return _fine_or_nan(_array(bd_whole_g_cm3) - coarse_g_cm3)


def bd_fine_of_fine_earth_by_mass(
    bd_fine_earth_g_cm3: ArrayLike,
    coarse_mass_fraction: ArrayLike,
    fragment_density_g_cm3: ArrayLike = FRAGMENT_DENSITY_G_CM3,
) -> FloatArray:
    """Return fine bulk density from fine-earth density and coarse mass.

    ``bd_fine = (1 - g) / ((1 - g) / bd_fine_earth + g / rho_r)``

    Parameters
    ----------
    bd_fine_earth_g_cm3
        Fine mass per volume of fine earth only, g/cm3.
    coarse_mass_fraction
        Coarse mass g per total mass, g/g; 0 <= g < 1.
    fragment_density_g_cm3
        Density rho_r of the fragments, g/cm3.

    Returns
    -------
    FloatArray
        Fine mass per total volume, g/cm3.

    Notes
    -----
    Adds the volumes of fine earth and stones of one gram of sample. Source: the
    definitions of Poeplau et al. 2017, rearranged.

    Examples
    --------
    >>> round(float(bd_fine_of_fine_earth_by_mass(1.2, 0.0)), 6)
    1.2
    """
    coarse_share = _array(coarse_mass_fraction)
    fine_share = 1.0 - coarse_share
    fine_cm3_g = _ratio(fine_share, _array(bd_fine_earth_g_cm3))
    coarse_cm3_g = _ratio(coarse_share, _array(fragment_density_g_cm3))
    return _fine_or_nan(_ratio(fine_share, fine_cm3_g + coarse_cm3_g))


def fine_mass_t_ha(bd_fine_g_cm3: ArrayLike, thickness_cm: ArrayLike) -> FloatArray:
    """Return the fine-soil mass of a layer.

    ``FSM = 100 * bd_fine * d``

    Parameters
    ----------
    bd_fine_g_cm3
        Fine mass per total volume, g/cm3.
    thickness_cm
        Thickness d of the layer, cm; >= 0.

    Returns
    -------
    FloatArray
        Fine-soil mass, t/ha (1 g/cm2 is 100 t/ha).

    Notes
    -----
    Source: Poeplau et al. 2017.

    Examples
    --------
    >>> float(fine_mass_t_ha(1.25, 30.0))
    3750.0
    """
    return _array(bd_fine_g_cm3) * _array(thickness_cm) * T_HA_PER_G_CM2


def soc_stock_t_ha(fine_mass: ArrayLike, soc_g_kg: ArrayLike) -> FloatArray:
    """Return the SOC stock of a layer.

    ``S = FSM * C / 1000``

    Parameters
    ----------
    fine_mass
        Fine-soil mass of the layer, t/ha.
    soc_g_kg
        SOC of the oven-dry fine soil C, g/kg; 0 to 580.

    Returns
    -------
    FloatArray
        SOC stock, t/ha.

    Notes
    -----
    Both factors on the 105 C oven-dry basis. Source: Poeplau et al. 2017, M4.

    Examples
    --------
    >>> float(soc_stock_t_ha(3750.0, 16.0))
    60.0
    """
    return _array(fine_mass) * _array(soc_g_kg) / 1000.0


def oven_dry_mass_g(mass_air_dry_g: ArrayLike, water_g_g: ArrayLike) -> FloatArray:
    """Return the oven-dry mass of an air-dry or moist mass.

    ``m_od = m_air / (1 + w)``

    Parameters
    ----------
    mass_air_dry_g
        Mass before drying at 105 C, g.
    water_g_g
        Water w per oven-dry mass, g/g; 0 to 20.

    Returns
    -------
    FloatArray
        Oven-dry mass, g.

    Notes
    -----
    The definition of gravimetric water, ``w = (m_air - m_od) / m_od``, solved.

    Examples
    --------
    >>> float(oven_dry_mass_g(105.0, 0.05))
    100.0
    """
    return _array(mass_air_dry_g) / (1.0 + _array(water_g_g))


def soc_oven_dry_g_kg(soc_air_dry_g_kg: ArrayLike, water_g_g: ArrayLike) -> FloatArray:
    """Return SOC on the oven-dry basis from SOC on the air-dry basis.

    ``C_od = C_air * (1 + w)``

    Parameters
    ----------
    soc_air_dry_g_kg
        SOC per kg of air-dry soil, g/kg.
    water_g_g
        Water w per oven-dry mass, g/g; 0 to 20.

    Returns
    -------
    FloatArray
        SOC per kg of oven-dry soil, g/kg.

    Notes
    -----
    The same carbon in less mass; see `oven_dry_mass_g`.

    Examples
    --------
    >>> round(float(soc_oven_dry_g_kg(20.0, 0.03)), 6)
    20.6
    """
    return _array(soc_air_dry_g_kg) * (1.0 + _array(water_g_g))


def _array(values: ArrayLike) -> FloatArray:
    return np.asarray(values, dtype=np.float64)


def _ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return numerator / denominator


def _fine_or_nan(values: FloatArray) -> FloatArray:
    """Keep positive values; no fine soil is no density, not a zero stock."""
    return np.where((values > 0.0) & np.isfinite(values), values, np.nan)
