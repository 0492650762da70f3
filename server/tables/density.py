"""Bulk density of one line of a layer table, by the route its cells allow."""

from typing import Final, NamedTuple

from schemas.tables.cells import read_number, read_whole
from schemas.tables.densities import DENSITIES, UNITS, in_unit, to_g_cm3
from schemas.tables.refusal import Refusal
from server.stocks.fine_soil import FRAGMENT_DENSITY_G_CM3
from server.stocks.shared_density import ASSUMED_CV, RingError
from server.stocks.stones import StonesRemoved, remove_stones
from server.tables import columns
from server.tables.line_reader import LineReader

_FEWEST_TO_DIFFER: Final = 2


class CellDensity(NamedTuple):
    """Density as far as the cells allow, and the rings it is the mean of."""

    found: StonesRemoved
    rings: RingError | None


def read_density(line: LineReader) -> CellDensity:
    """Take the fine density as given, or derive it from density and stones."""
    fine, whole, fine_earth = (_density(line, name) for name in DENSITIES)
    coarse_pct = line.number("coarse_pct", columns.COARSE)
    stones = line.number("fragment_density_g_cm3", columns.STONES)
    basis = line.text("coarse_basis")
    if basis not in {None, "mass", "volume"}:
        hint = "write mass or volume; leave it empty if nobody knows"
        line.refuse(Refusal("not_in_list", "an unknown basis", hint), "coarse_basis")
    rings = _rings(line)
    if fine is not None:
        return CellDensity(StonesRemoved(fine), rings)
    found = remove_stones(
        whole,
        fine_earth,
        None if coarse_pct is None else coarse_pct / 100.0,
        basis,
        FRAGMENT_DENSITY_G_CM3 if stones is None else stones,
    )
    return CellDensity(found, rings)


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
    text = line.text("bd_rings")
    rings = None
    if text is not None:
        found = read_whole(text, line.notation, columns.RINGS)
        rings = line.taken(found, "bd_rings")
    cv_pct = line.number("bd_rings_cv_pct", columns.RINGS_CV)
    if rings is not None and line.text("bd_rings_cv_pct") is None:
        return RingError(ASSUMED_CV, rings, float("inf"), assumed=True)
    if cv_pct is None:
        return None
    if rings is not None and rings >= _FEWEST_TO_DIFFER:
        return RingError(cv_pct / 100.0, rings, rings - 1.0, assumed=False)
    if rings is not None or text is None:
        reason = "a variation of rings needs two rings or more"
        hint = "say in bd_rings how many there were, or leave bd_rings_cv_pct empty"
        line.refuse(Refusal("too_few_rings", reason, hint), "bd_rings_cv_pct")
    return None
