"""The plots that points may be of: by code, or by the boundary that holds them."""

import math
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from itertools import product
from typing import Any, Final, NamedTuple

from schemas.plausibility.planar import Place, outside_m, polygons
from schemas.plausibility.skeletons import skeleton

_SAY_WHICH: Final = "say which: --plot COLUMN, where the file names plots, or --plot CODE, of all points"


class KnownPlot(NamedTuple):
    """A plot that is here or is about to be."""

    id: str
    code: str
    boundary: Mapping[str, Any] | None


class NoPlotError(ValueError):
    """A point is of no plot, or `several`."""

    def __init__(self, why: str, hint: str, *, several: bool = False) -> None:
        super().__init__(why)
        self.why, self.hint, self.several = why, hint, several


class Land:
    """Plots by their codes and boundaries."""

    def __init__(self) -> None:
        self._by_code: dict[str, list[KnownPlot]] = defaultdict(list)
        self._alike: dict[str, list[KnownPlot]] = defaultdict(list)
        self._cells: dict[tuple[int, int], list[_Boxed]] = defaultdict(list)
        self._wide: list[_Boxed] = []

    def add(self, plot: KnownPlot) -> None:
        """Add a plot that points may be of."""
        self._by_code[unicodedata.normalize("NFC", plot.code)].append(plot)
        self._alike[skeleton(plot.code)].append(plot)
        self.bound(plot)

    def bound(self, plot: KnownPlot) -> None:
        """Add the boundary of a plot, if it has one."""
        if plot.boundary is None:
            return
        boxed = _boxed(plot, plot.boundary)
        columns, rows = (
            range(_cell(low - _NEAR_DEGREES), _cell(high + _NEAR_DEGREES) + 1)
            for low, high in ((boxed.west, boxed.east), (boxed.south, boxed.north))
        )
        if len(columns) * len(rows) > _MOST_CELLS:
            self._wide.append(boxed)
            return
        for cell in product(columns, rows):
            self._cells[cell].append(boxed)

    @property
    def codes(self) -> set[str]:
        """Return the codes of all plots."""
        return set(self._by_code)

    def called(self, code: str) -> KnownPlot:
        """Return the plot of a code, or the only one whose code reads the same.

        Raises
        ------
        NoPlotError
            If there is none, or several.
        """
        found = self._by_code.get(code) or self._alike.get(skeleton(code), [])
        if len(found) == 1:
            return found[0]
        if found:
            named = ", ".join(sorted({plot.code for plot in found}))
            why = f"plot {code} may be one of several: {named}"
            raise NoPlotError(why, "write the code as it is here", several=True)
        hint = "add the plot first, or correct its code"
        raise NoPlotError(f"there is no plot {code}", hint)

    def around(self, place: Place) -> KnownPlot:
        """Return the plot whose boundary holds a place.

        Raises
        ------
        NoPlotError
            If none does, or several.
        """
        found = [plot for metres, plot in self._within(place, 0.0) if metres == 0.0]
        if len(found) == 1:
            return found[0]
        if found:
            named = ", ".join(sorted(plot.code for plot in found))
            why = f"it lies in several plots: {named}"
            raise NoPlotError(why, _SAY_WHICH, several=True)
        raise NoPlotError(f"it lies in no plot{self._nearest(place)}", _SAY_WHICH)

    def _within(self, place: Place, margin: float) -> list[tuple[float, KnownPlot]]:
        """Return the plots so many degrees around a place, and how far they are, m."""
        lon, lat = place
        boxes = [*self._cells.get((_cell(lon), _cell(lat)), ()), *self._wide]
        return [
            (outside_m(each.boundary, place), each.plot)
            for each in boxes
            if each.west - margin <= lon <= each.east + margin
            and each.south - margin <= lat <= each.north + margin
        ]

    def _nearest(self, place: Place) -> str:
        """Return which plot is nearest, where one is near."""
        if not self._cells and not self._wide:
            return "; no plot has a boundary here"
        near = self._within(place, _NEAR_DEGREES)
        if not near:
            return ""
        metres, plot = min(near, key=lambda each: each[0])
        return f"; {plot.code} is {metres:.0f} m away"


#: Degrees around a plot within which it is the nearest one.
_NEAR_DEGREES: Final = 0.01
#: Degrees of the squares in which plots are looked for; a plot of more than so many is
#: looked at for every place.
_CELL_DEGREES: Final = 0.05
_MOST_CELLS: Final = 400


class _Boxed(NamedTuple):
    """A plot with the box around it."""

    west: float
    south: float
    east: float
    north: float
    boundary: Mapping[str, Any]
    plot: KnownPlot


def _boxed(plot: KnownPlot, boundary: Mapping[str, Any]) -> _Boxed:
    corners = [corner for polygon in polygons(boundary) for corner in polygon[0]]
    lons, lats = [c[0] for c in corners], [c[1] for c in corners]
    return _Boxed(min(lons), min(lats), max(lons), max(lats), boundary, plot)


def _cell(degrees: float) -> int:
    return math.floor(degrees / _CELL_DEGREES)
