"""Units in which tables give a bulk density, and what is said of the wrong one."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from schemas import limits
from schemas.tables.cells import Bounds
from schemas.tables.refusal import Refusal


class DensityUnit(NamedTuple):
    """A unit: its name, how names in it end, and how many of it are 1 g/cm3."""

    name: str
    suffix: str
    per_g_cm3: float


G_CM3: Final = DensityUnit("g/cm3", "g_cm3", 1.0)
KG_M3: Final = DensityUnit("kg/m3", "kg_m3", 1000.0)
UNITS: Final = (G_CM3, KG_M3)

#: Densities of a table, g/cm3: fine soil per total volume, whole soil, fine earth only.
DENSITIES: Final[Mapping[str, tuple[float, float]]] = {
    "bd_fine": limits.BULK_DENSITY_FINE_G_CM3,
    "bd_whole": limits.BULK_DENSITY_WHOLE_G_CM3,
    "bd_fine_earth": limits.BULK_DENSITY_FINE_G_CM3,
}


def in_unit(name: str, unit: DensityUnit) -> str:
    """Return the name of a density in a unit.

    >>> in_unit("bd_fine", KG_M3)
    'bd_fine_kg_m3'
    """
    return f"{name}_{unit.suffix}"


def to_g_cm3(
    value: float, unit: DensityUnit, limits_g_cm3: tuple[float, float]
) -> float | Refusal:
    """Return a density in g/cm3; refuse what is outside its limits.

    >>> to_g_cm3(1300.0, KG_M3, (0.01, 2.65))
    1.3
    >>> to_g_cm3(1300.0, G_CM3, (0.01, 2.65)).hint
    'it looks like kg/m3: give it under a name that ends in _kg_m3'
    """
    low, high = limits_g_cm3
    scale = unit.per_g_cm3
    refusal = Bounds(low * scale, high * scale, unit.name).refuse(value)
    if refusal is None:
        return value / scale
    for other in UNITS:
        if low <= value / other.per_g_cm3 <= high:
            hint = (
                f"it looks like {other.name}: give it under a name that ends in"
                f" _{other.suffix}"
            )
            return Refusal(refusal.code, refusal.reason, hint)
    return refusal
