"""The columns of a layer table, and what is wrong with a header."""

from collections.abc import Mapping
from typing import Final

from schemas import limits
from schemas.tables.cells import Bounds
from schemas.tables.densities import DENSITIES, UNITS, in_unit
from schemas.tables.head import Head, other_units
from schemas.tables.lines import check_header
from schemas.tables.refusal import Refusal

CODES: Final = ("plot", "campaign", "point")
REQUIRED: Final = (*CODES, "date", "top_cm", "bottom_cm")
#: With what makes them g/kg.
SOC: Final[Mapping[str, tuple[Bounds, float]]] = {
    "soc_g_kg": (Bounds(0.0, limits.SOC_MAX_G_KG, "g/kg"), 1.0),
    "soc_pct": (Bounds(0.0, limits.SOC_MAX_G_KG / 10.0, "%"), 10.0),
}
DENSITY: Final = tuple(in_unit(name, unit) for unit in UNITS for name in DENSITIES)
COARSE: Final = Bounds(0.0, 100.0, "%", below_high=True)
STONES: Final = Bounds(*limits.FRAGMENT_DENSITY_G_CM3, "g/cm3")
RINGS: Final = Bounds(*limits.RINGS, "rings")
RINGS_CV: Final = Bounds(*limits.RINGS_CV_PCT, "%")
_STONES: Final = ("coarse_pct", "coarse_basis", "fragment_density_g_cm3")
_RINGS: Final = ("bd_rings", "bd_rings_cv_pct")
_TEXTS: Final = ("core", "soc_method", "bd_method", "revisits_point")
KNOWN: Final = frozenset({*REQUIRED, *SOC, *DENSITY, *_STONES, *_RINGS, *_TEXTS})


_EXPECTED: Final = {
    **dict.fromkeys(("top_cm", "bottom_cm"), "cm"),
    **{name: name.removeprefix("soc_") for name in SOC},
    **{in_unit(name, unit): unit.suffix for unit in UNITS for name in DENSITIES},
    "fragment_density_g_cm3": "g_cm3",
    "coarse_pct": "pct",
}


def check_columns(head: Head, delimiter: str) -> list[Refusal]:
    """Return everything that is wrong with a header, and the units below it."""
    header = head.names
    found = check_header(header, REQUIRED, delimiter, head.line)
    found += other_units(head.units, _EXPECTED)
    if sum(name in header for name in SOC) != 1:
        reason = "exactly one of the columns soc_pct and soc_g_kg is needed"
        found.append(Refusal("soc_column", reason, "keep the one you measured", 1))
    if not any(name in header for name in DENSITY):
        reason = f"a bulk density is needed: one of {', '.join(DENSITY)}"
        hint = (
            "say which density it is: fine soil per total volume, whole soil, or fine"
            " earth only; a plain bulk density is not enough"
        )
        found.append(Refusal("bd_column", reason, hint, 1))
    for name in DENSITIES:
        both = [in_unit(name, unit) for unit in UNITS]
        if all(column in header for column in both):
            reason = f"{' and '.join(both)} give one density in two units"
            found.append(Refusal("bd_units", reason, "keep one of them", 1, both[1]))
    return found
