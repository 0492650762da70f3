"""Bulk density of one line of a layer table, by the route its cells allow."""

from typing import Final

from schemas.tables.cells import read_number
from schemas.tables.densities import DENSITIES, UNITS, in_unit, to_g_cm3
from schemas.tables.refusal import Refusal
from server.stocks.fine_soil import FRAGMENT_DENSITY_G_CM3
from server.stocks.shared_density import ASSUMED_CV, RingError
from server.stocks.stones import StonesRemoved, remove_stones
from server.tables import columns
from server.tables.line_reader import LineReader

_FEWEST_TO_DIFFER: Final = 2
_TOO_FEW: Final = Refusal(
    "too_few_rings",
    "a variation of rings needs two rings or more",
    "say in bd_rings how many there were, or leave bd_rings_cv_pct empty",
)


def read_density(line: LineReader) -> tuple[StonesRemoved, RingError | None]:
    """Return the density as far as the cells allow, and the rings it is the mean of."""
    fine, whole, fine_earth = (_density(line, name) for name in DENSITIES)
    coarse_pct = line.number("coarse_pct", columns.COARSE)
    stones = line.number("fragment_density_g_cm3", columns.STONES)
    basis = line.text("coarse_basis")
    if basis not in {None, "mass", "volume"}:
        hint = "write mass or volume; leave it empty if nobody knows"
        line.refuse(Refusal("not_in_list", "an unknown basis", hint), "coarse_basis")
    rings = _rings(line)
    if fine is not None:
        return StonesRemoved(fine), rings
    found = remove_stones(
        whole,
        fine_earth,
        None if coarse_pct is None else coarse_pct / 100.0,
        basis,
        FRAGMENT_DENSITY_G_CM3 if stones is None else stones,
    )
    return found, rings


def _density(line: LineReader, name: str) -> float | None:
    for unit in UNITS:
        column = in_unit(name, unit)
        text = line.text(column)
        if text is not None:
            found = read_number(text, line.notation)
            if not isinstance(found, Refusal):
                found = to_g_cm3(found, unit, DENSITIES[name])
            return line.taken(found, column)
    return None


def _rings(line: LineReader) -> RingError | None:
    rings = line.number("bd_rings", columns.RINGS)
    cv_pct = line.number("bd_rings_cv_pct", columns.RINGS_CV)
    if rings is None:
        if cv_pct is not None and line.text("bd_rings") is None:
            line.refuse(_TOO_FEW, "bd_rings_cv_pct")
        return None
    if not rings.is_integer():
        reason = "a whole number was expected"
        refusal = Refusal("not_an_integer", reason, "count the rings")
        line.refuse(refusal, "bd_rings")
    if cv_pct is None:
        return RingError(ASSUMED_CV, int(rings), float("inf"), assumed=True)
    if rings < _FEWEST_TO_DIFFER:
        line.refuse(_TOO_FEW, "bd_rings_cv_pct")
    return RingError(cv_pct / 100.0, int(rings), rings - 1.0, assumed=False)
