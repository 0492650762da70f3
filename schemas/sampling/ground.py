"""Where points may lie: inside the boundary of a plot and away from it, on a plane.

Everything is read off horizontal lines: on each, the ground is a few spans from west to
east, whatever its shape, its holes and its number of parts.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

from schemas.plausibility.planar import polygons
from schemas.sampling.plane import Place, Plane, Spot

#: Strips of the ground that know which sides are near them.
_BANDS: Final = 128

#: From west to east, m.
Span = tuple[float, float]
#: A side of a boundary: from one spot to the next.
_Side = tuple[Spot, Spot]


class Box(NamedTuple):
    """A rectangle on the plane, m."""

    west_m: float
    south_m: float
    east_m: float
    north_m: float

    @property
    def area_m2(self) -> float:
        """Return its area."""
        return (self.east_m - self.west_m) * (self.north_m - self.south_m)


class Row(NamedTuple):
    """A thin strip of the ground from west to east, with its spans in the middle."""

    south_m: float
    north_m: float
    spans: Sequence[Span]

    @property
    def area_m2(self) -> float:
        """Return the area of its spans."""
        across_m = math.fsum(east - west for west, east in self.spans)
        return across_m * (self.north_m - self.south_m)


class Ground:
    """The ground of a plot where points may lie."""

    def __init__(self, geometry: Mapping[str, Any], edge_buffer_m: float = 0.0) -> None:
        parts = list(polygons(geometry))
        corners = [position for part in parts for ring in part for position in ring]
        lats = [corner[1] for corner in corners]
        middle = (min(lats) + max(lats)) / 2.0
        self.plane = Plane((corners[0][0], middle))
        self._polygons = [self._sides(part) for part in parts]
        spots = [side[0] for sides in self._polygons for side in sides]
        xs, ys = [x for x, _ in spots], [y for _, y in spots]
        self.box = Box(min(xs), min(ys), max(xs), max(ys))
        self._buffer_m = edge_buffer_m
        self._bands = self._in_bands()

    @property
    def boundary_m(self) -> float:
        """Return the length of the boundary, holes too."""
        every = (side for sides in self._polygons for side in sides)
        return math.fsum(
            math.sqrt(_apart_m2((start, start), end)) for start, end in every
        )

    def holds(self, spot: Spot) -> bool:
        """Return whether a point may lie at a spot."""
        near = self._near(spot[1])
        if not any(_is_inside(sides, spot) for sides in near):
            return False
        if not self._buffer_m:
            return True
        least_m2 = self._buffer_m * self._buffer_m
        every = (side for sides in near for side in sides)
        return all(_apart_m2(side, spot) >= least_m2 for side in every)

    def holds_place(self, place: Place) -> bool:
        """Return whether a point may lie at a place."""
        return self.holds(self.plane.spot(place))

    def rows(self, count: int) -> list[Row]:
        """Return the ground as strips of equal height, from south to north."""
        south_m, height_m = self.box.south_m, self.box.north_m - self.box.south_m
        edges = [south_m + height_m * number / count for number in range(count + 1)]
        found = (
            Row(low, high, self._spans((low + high) / 2.0))
            for low, high in pairwise(edges)
        )
        return [row for row in found if row.spans]

    def _sides(self, rings: Sequence[Any]) -> list[_Side]:
        spots = ([self.plane.spot((at[0], at[1])) for at in ring] for ring in rings)
        return [side for ring in spots for side in pairwise(ring)]

    def _spans(self, north_m: float) -> list[Span]:
        near = self._near(north_m)
        inside = _joined(span for sides in near for span in _crossed(sides, north_m))
        if not self._buffer_m:
            return inside
        taken = (
            _close_to(side, north_m, self._buffer_m) for sides in near for side in sides
        )
        return _without(inside, _joined(span for span in taken if span))

    def _in_bands(self) -> list[list[list[_Side]]]:
        """Return for each band from south to north the sides of each polygon near it.

        A boundary may have thousands of sides, and a spot is near few of them.
        """
        bands: list[list[list[_Side]]] = [
            [[] for _ in self._polygons] for _ in range(_BANDS)
        ]
        for number, sides in enumerate(self._polygons):
            for side in sides:
                south_m, north_m = sorted((side[0][1], side[1][1]))
                first = self._band(south_m - self._buffer_m)
                last = self._band(north_m + self._buffer_m)
                for band in bands[first : last + 1]:
                    band[number].append(side)
        return bands

    def _near(self, north_m: float) -> list[list[_Side]]:
        return self._bands[self._band(north_m)]

    def _band(self, north_m: float) -> int:
        height_m = self.box.north_m - self.box.south_m
        number = math.floor((north_m - self.box.south_m) / height_m * _BANDS)
        return min(_BANDS - 1, max(0, number))


def _is_inside(sides: Sequence[_Side], spot: Spot) -> bool:
    inside = False
    for (x0, y0), (x1, y1) in sides:
        if (y0 > spot[1]) != (y1 > spot[1]):
            inside ^= x0 + (spot[1] - y0) / (y1 - y0) * (x1 - x0) > spot[0]
    return inside


def _crossed(sides: Sequence[_Side], north_m: float) -> Iterator[Span]:
    """Return the spans of one polygon on a horizontal line."""
    found = sorted(
        x0 + (north_m - y0) / (y1 - y0) * (x1 - x0)
        for (x0, y0), (x1, y1) in sides
        if (y0 > north_m) != (y1 > north_m)
    )
    return zip(found[::2], found[1::2], strict=True)


def _apart_m2(side: _Side, spot: Spot) -> float:
    """Return the square of the distance of a spot from a side."""
    (x0, y0), (x1, y1) = side
    across, up = x1 - x0, y1 - y0
    length = across * across + up * up
    along = ((spot[0] - x0) * across + (spot[1] - y0) * up) / length if length else 0.0
    along = min(1.0, max(0.0, along))
    dx, dy = x0 + along * across - spot[0], y0 + along * up - spot[1]
    return dx * dx + dy * dy


def _close_to(side: _Side, north_m: float, buffer_m: float) -> Span | None:
    """Return the span of a horizontal line that is nearer to a side than a buffer.

    What is near a side is a strip with round ends: it has no gap on any line.
    """
    (x0, y0), (x1, y1) = side
    if not min(y0, y1) - buffer_m < north_m < max(y0, y1) + buffer_m:
        return None
    found: list[float] = []
    for x, y in side:
        room = buffer_m * buffer_m - (north_m - y) * (north_m - y)
        if room > 0.0:
            half_m = math.sqrt(room)
            found += [x - half_m, x + half_m]
    across, up = x1 - x0, y1 - y0
    length_m = math.sqrt(across * across + up * up)
    if length_m:
        dx, dy = -up / length_m * buffer_m, across / length_m * buffer_m
        corners = [
            (x0 + dx, y0 + dy),
            (x1 + dx, y1 + dy),
            (x1 - dx, y1 - dy),
            (x0 - dx, y0 - dy),
        ]
        strip = list(pairwise([*corners, corners[0]]))
        found += [edge for span in _crossed(strip, north_m) for edge in span]
    return (min(found), max(found)) if found else None


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Return spans from west to east; those that meet are one."""
    found: list[Span] = []
    for west, east in sorted(spans):
        if found and west <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], east))
        else:
            found.append((west, east))
    return found


def _without(spans: Iterable[Span], taken: Sequence[Span]) -> list[Span]:
    """Return what is left of spans where others are taken away.

    >>> _without([(0.0, 10.0)], [(-1.0, 2.0), (4.0, 5.0)])
    [(2.0, 4.0), (5.0, 10.0)]
    """
    found: list[Span] = []
    for first, last in spans:
        west = first
        for low, high in taken:
            if high <= west or low >= last:
                continue
            if low > west:
                found.append((west, low))
            west = high
        if west < last:
            found.append((west, last))
    return found
