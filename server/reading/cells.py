"""The grid that places are coarsened to: squares of 0.01 degrees, about 1.1 km. Pure.

A place is shown in the square of its plot: that of the middle of its boundary, else of
the first of its points. So points on two sides of a line of the grid do not tell where
the plot lies. Only what has no plot with a place is in the square of its own place.
"""

import json
import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

#: Squares of one degree, along each axis.
PER_DEGREE: Final = 100
#: Decimals of the middle of a square.
_DECIMALS: Final = 3


class Cell(NamedTuple):
    """A square of the grid by its middle: longitude and latitude, degrees, WGS84."""

    lon: float
    lat: float

    def point(self) -> dict[str, Any]:
        """Return the middle as GeoJSON."""
        return {"type": "Point", "coordinates": [self.lon, self.lat]}

    def square(self) -> dict[str, Any]:
        """Return the square as GeoJSON."""
        half = 0.5 / PER_DEGREE
        west, east = (round(self.lon + side, 2) for side in (-half, half))
        south, north = (round(self.lat + side, 2) for side in (-half, half))
        ring = [
            *([west, south], [east, south], [east, north], [west, north]),
            [west, south],
        ]
        return {"type": "Polygon", "coordinates": [ring]}


def cell_of(lon: float, lat: float) -> Cell:
    """Return the square that a place lies in.

    Examples
    --------
    >>> cell_of(2.3512, 48.8599), cell_of(-0.001, 0.0), cell_of(180.0, 90.0)
    ... # doctest: +NORMALIZE_WHITESPACE
    (Cell(lon=2.355, lat=48.855), Cell(lon=-0.005, lat=0.005),
     Cell(lon=179.995, lat=89.995))
    """
    return Cell(_middle(lon, 180), _middle(lat, 90))


def _middle(degrees: float, most: int) -> float:
    number = min(math.floor(degrees * PER_DEGREE), most * PER_DEGREE - 1)
    return round((number + 0.5) / PER_DEGREE, _DECIMALS)


@lru_cache(maxsize=10_000)
def cell_of_anchor(anchor: str) -> Cell | None:
    """Return the square of a plot; None where its boundary has no places.

    Parameters
    ----------
    anchor
        Its boundary as GeoJSON text, or a longitude and a latitude as a JSON list.

    Examples
    --------
    >>> ring = "[[2.35, 48.85], [2.353, 48.85], [2.353, 48.853], [2.35, 48.85]]"
    >>> cell_of_anchor('{"type": "Polygon", "coordinates": [%s]}' % ring)
    Cell(lon=2.355, lat=48.855)
    >>> cell_of_anchor("[2.3512, 48.8599]")
    Cell(lon=2.355, lat=48.855)
    """
    found = json.loads(anchor)
    places = list(positions(found["coordinates"] if isinstance(found, dict) else found))
    if not places:
        return None
    lons, lats = ([place[axis] for place in places] for axis in (0, 1))
    return cell_of((min(lons) + max(lons)) / 2, (min(lats) + max(lats)) / 2)


def widened(low: float, high: float) -> tuple[float, float]:
    """Return a range of degrees made wider to whole squares.

    Examples
    --------
    >>> widened(2.351, 2.352), widened(-0.001, 0.0)
    ((2.35, 2.36), (-0.01, 0.0))
    """
    return (
        math.floor(low * PER_DEGREE) / PER_DEGREE,
        math.ceil(high * PER_DEGREE) / PER_DEGREE,
    )


def positions(found: Sequence[Any]) -> Iterator[Sequence[float]]:
    """Return the places of coordinates, however deep they are nested."""
    if found and not isinstance(found[0], list):
        yield found
        return
    for each in found:
        yield from positions(each)
