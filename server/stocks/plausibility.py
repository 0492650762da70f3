"""Values and changes that may be right and deserve a second look."""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from server.stocks.fine_soil import FloatArray

ORGANIC_SOC_G_KG: Final = 120.0
# About 1 % of measured arable layers lie outside; peat needs a band of its own.
BD_RATIO_BAND: Final = (0.45, 1.6)
# Ploughed-up grass lost 1.7 t/ha a year; nothing that is known of moves faster than this.
MOST_ANNUAL_T_HA: Final = 3.0
MOST_PERMILLE_YEAR: Final = 50.0
_OM_PER_SOC: Final = 1.724
_BD_ORGANIC_G_CM3: Final = 0.244
_BD_MINERAL_G_CM3: Final = 1.64


def predicted_bd_g_cm3(soc_g_kg: ArrayLike) -> FloatArray:
    """Predict bulk density from SOC by the mixing law of two end members.

    ``BD = 1 / (OM / 0.244 + (1 - OM) / 1.64)``, ``OM = 1.724 * SOC / 1000``

    Parameters
    ----------
    soc_g_kg
        SOC of the fine soil, g/kg; 0 to 580. NaN gives NaN.

    Returns
    -------
    FloatArray
        Bulk density that such soil usually has, g/cm3.

    Notes
    -----
    A yardstick for warnings, never a substitute for a measurement. Form after
    Adams (1973) and Mann (1986).

    Examples
    --------
    >>> round(float(predicted_bd_g_cm3(20.0)), 3)
    1.37
    """
    organic = np.minimum(_OM_PER_SOC * np.asarray(soc_g_kg) / 1000.0, 1.0)
    predicted: FloatArray = 1.0 / (
        organic / _BD_ORGANIC_G_CM3 + (1.0 - organic) / _BD_MINERAL_G_CM3
    )
    return predicted


def bd_soc_implausible(
    bd_fine_g_cm3: ArrayLike, soc_g_kg: ArrayLike
) -> NDArray[np.bool_]:
    """Return which layers pair a bulk density with an SOC it seldom goes with.

    True where measured / predicted lies outside 0.45 to 1.6. Units g/cm3 and
    g/kg, shapes broadcast, NaN gives False.

    >>> bd_soc_implausible([1.3, 0.2, 1.3], [20.0, 20.0, 400.0])
    array([False,  True,  True])
    """
    ratio = np.asarray(bd_fine_g_cm3) / predicted_bd_g_cm3(soc_g_kg)
    low, high = BD_RATIO_BAND
    return np.asarray((ratio < low) | (ratio > high))


def is_change_implausible(
    annual_t_ha: float | None, rate_permille_year: float | None
) -> bool:
    """Return whether no soil changes as fast, so that a value is likely wrong.

    More than 3 t/ha or 50 permille of the baseline stock a year, either way.

    >>> is_change_implausible(-1.7, -20.0), is_change_implausible(-8.0, None)
    (False, True)
    """
    return abs(annual_t_ha or 0.0) > MOST_ANNUAL_T_HA or (
        abs(rate_permille_year or 0.0) > MOST_PERMILLE_YEAR
    )
