"""The plots that points may be of: by code, or by the boundary that holds them."""

import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from schemas.plausibility.lookalikes import skeleton
from schemas.plausibility.planar import Place, outside_m, polygons

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
        self._boxes: list[tuple[tuple[float, ...], KnownPlot]] = []

    def add(self, plot: KnownPlot) -> None:
        """Add a plot that points may be of."""
        self._by_code[unicodedata.normalize("NFC", plot.code)].append(plot)
        self._alike[skeleton(plot.code)].append(plot)
        if plot.boundary is not None:
            self._boxes.append((_box(plot.boundary), plot))

    def bound(self, plot: KnownPlot) -> None:
        """Add the boundary of a plot that lacked one."""
        self._boxes = [each for each in self._boxes if each[1].id != plot.id]
        if plot.boundary is not None:
            self._boxes.append((_box(plot.boundary), plot))

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
        lon, lat = place
        found = [
            plot
            for (west, south, east, north), plot in self._boxes
            if west <= lon <= east
            and south <= lat <= north
            and plot.boundary is not None
            and outside_m(plot.boundary, place) == 0.0
        ]
        if len(found) == 1:
            return found[0]
        if found:
            named = ", ".join(sorted(plot.code for plot in found))
            hint = _SAY_WHICH
            raise NoPlotError(f"it lies in several plots: {named}", hint, several=True)
        raise NoPlotError(
            f"it lies in no plot{self._nearest(place)}",
            _SAY_WHICH,
        )

    def _nearest(self, place: Place) -> str:
        """Return which plot is nearest, where one is near."""
        if not self._boxes:
            return "; no plot has a boundary here"
        near = [
            (outside_m(plot.boundary, place), plot.code)
            for box, plot in self._boxes
            if plot.boundary is not None and _is_near(box, place)
        ]
        if not near:
            return ""
        metres, code = min(near)
        return f"; {code} is {metres:.0f} m away"


#: Degrees of latitude within which the nearest plot is named.
_NEAR_DEGREES: Final = 0.01


def _is_near(box: tuple[float, ...], place: Place) -> bool:
    west, south, east, north = box
    lon, lat = place
    return (
        west - _NEAR_DEGREES <= lon <= east + _NEAR_DEGREES
        and south - _NEAR_DEGREES <= lat <= north + _NEAR_DEGREES
    )


def _box(boundary: Mapping[str, Any]) -> tuple[float, ...]:
    corners = [corner for polygon in polygons(boundary) for corner in polygon[0]]
    lons, lats = [c[0] for c in corners], [c[1] for c in corners]
    return min(lons), min(lats), max(lons), max(lats)
