"""Colours and shapes: told apart by colour-blind eyes, and in grey print by shape."""

from collections.abc import Iterable
from types import MappingProxyType
from typing import Final, NamedTuple

from server.stocks.change import PERMILLE_YEAR
from server.stocks.verdicts import ChangeVerdict

INK: Final = "#26302b"
DIM: Final = "#6b736e"
FAINT: Final = "#9aa39d"
GRID: Final = "#dfe4e0"
UNKNOWN: Final = "#d4d6d5"
REFERENCE: Final = "#7b3294"

#: The line that rates are compared with, permille a year.
LINE_PERMILLE: Final = 1000.0 * PERMILLE_YEAR

# ColorBrewer BrBG in eight classes: brown is loss, blue-green is gain.
_CLASSES: Final = (
    "#8c510a",
    "#bf812d",
    "#dfc27d",
    "#f6e8c3",
    "#c7eae5",
    "#80cdc1",
    "#35978f",
    "#01665e",
)


class VerdictMark(NamedTuple):
    """How a verdict is drawn and written."""

    shape: str
    glyph: str
    colour: str
    fill: str


MARKS: Final = MappingProxyType(
    {
        ChangeVerdict.ABOVE: VerdictMark("^", "\u25b2", "#01665e", "#01665e"),
        ChangeVerdict.BELOW: VerdictMark("v", "\u25bc", "#8c510a", "#8c510a"),
        ChangeVerdict.NOT_DISTINGUISHABLE: VerdictMark(
            "o", "\u25cf", "#4a5568", "#4a5568"
        ),
        ChangeVerdict.NOT_ASSESSABLE: VerdictMark("o", "\u25cb", "#8d9691", "#ffffff"),
    }
)


class Scale(NamedTuple):
    """Classes of the rate about 0; the line of 4 permille is an edge of them."""

    edges: tuple[float, ...]

    def colour(self, rate: float | None) -> str:
        """Return the colour of a rate; grey where there is none."""
        if rate is None:
            return UNKNOWN
        return _CLASSES[sum(rate >= edge for edge in self.edges)]

    @property
    def colours(self) -> tuple[str, ...]:
        """Return the colour of every class, from loss to gain."""
        return _CLASSES


def scale_for(rates: Iterable[float]) -> Scale:
    """Choose steps of 2 permille where all rates are small, of 4 otherwise.

    >>> scale_for([1.0, -7.5]).edges
    (-6.0, -4.0, -2.0, 0.0, 2.0, 4.0, 6.0)
    """
    largest = max((abs(rate) for rate in rates), default=0.0)
    step = LINE_PERMILLE if largest > 2.0 * LINE_PERMILLE else LINE_PERMILLE / 2.0
    return Scale(tuple(step * count for count in range(-3, 4)))
