"""A plot cut into compact parts of equal area.

The ground is cut in two across its longer side, each piece again, and so on, as a k-d tree
cuts (Bentley 1975, Communications of the ACM 18, 509-517), so that any number of parts has
the same area. Their purpose and their use are those of the compact geographical strata of
Walvoort, Brus and de Gruijter (2010), Computers & Geosciences 36, 1261-1267; their k-means
gives parts that are a little rounder, and areas that are a little less equal.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from schemas.sampling.ground import Box, Row


class GroundPart(NamedTuple):
    """What of the ground lies in a rectangle."""

    box: Box
    rows: Sequence[Row]


def equal_parts(whole: GroundPart, count: int) -> list[GroundPart]:
    """Return so many compact parts of equal area, from west to east and south to north."""
    if count == 1:
        return [whole]
    box = _extent(whole.rows)
    sides_m = box.east_m - box.west_m, box.north_m - box.south_m
    first = _first_count(count, max(sides_m) / min(sides_m))
    wanted_m2 = area_m2(whole.rows) * first / count
    cut = _cut_upright if sides_m[0] >= sides_m[1] else _cut_level
    one, other = cut(whole, wanted_m2)
    return [*equal_parts(one, first), *equal_parts(other, count - first)]


def _first_count(count: int, aspect: float) -> int:
    """Return how many parts the first piece gets: whole columns of a grid of squares.

    >>> _first_count(12, 1.0), _first_count(2, 1.0), _first_count(5, 9.0)
    (4, 1, 2)
    """
    columns = max(2, round(math.sqrt(count * aspect)))
    return min(count - 1, max(1, round(count * (columns // 2) / columns)))


def _extent(rows: Sequence[Row]) -> Box:
    spans = [span for row in rows for span in row.spans]
    west_m, east_m = min(span[0] for span in spans), max(span[1] for span in spans)
    return Box(west_m, rows[0].south_m, east_m, rows[-1].north_m)


def _cut_upright(part: GroundPart, wanted_m2: float) -> tuple[GroundPart, GroundPart]:
    cut_m, box = _east_of(part.rows, wanted_m2), part.box
    return (
        GroundPart(box._replace(east_m=cut_m), _between(part.rows, box.west_m, cut_m)),
        GroundPart(box._replace(west_m=cut_m), _between(part.rows, cut_m, box.east_m)),
    )


def _east_of(rows: Sequence[Row], wanted_m2: float) -> float:
    """Return how far east an upright cut has an area west of it."""
    edges = sorted(
        (edge, sign * (row.north_m - row.south_m))
        for row in rows
        for span in row.spans
        for edge, sign in zip(span, (1.0, -1.0), strict=True)
    )
    height_m, passed_m2, here_m = 0.0, 0.0, edges[0][0]
    for edge, change_m in edges:
        step_m2 = height_m * (edge - here_m)
        if step_m2 > 0.0 and passed_m2 + step_m2 >= wanted_m2:
            return min(edge, here_m + (wanted_m2 - passed_m2) / height_m)
        passed_m2 += step_m2
        here_m = edge
        height_m += change_m
    return here_m


def _cut_level(part: GroundPart, wanted_m2: float) -> tuple[GroundPart, GroundPart]:
    below: list[Row] = []
    above = list(part.rows)
    left_m2 = wanted_m2
    while len(above) > 1 and above[0].area_m2 <= left_m2:
        below.append(above.pop(0))
        left_m2 -= below[-1].area_m2
    row = above[0]
    share = min(1.0, max(0.0, left_m2 / row.area_m2))
    cut_m = row.south_m + share * (row.north_m - row.south_m)
    if share > 0.0:
        below.append(row._replace(north_m=cut_m))
    if share < 1.0:
        above[0] = row._replace(south_m=cut_m)
    else:
        above.pop(0)
    box = part.box
    return (
        GroundPart(box._replace(north_m=cut_m), below),
        GroundPart(box._replace(south_m=cut_m), above),
    )


def _between(rows: Sequence[Row], west_m: float, east_m: float) -> list[Row]:
    found = (
        row._replace(
            spans=[
                (max(low, west_m), min(high, east_m))
                for low, high in row.spans
                if low < east_m and high > west_m
            ]
        )
        for row in rows
    )
    return [row for row in found if row.spans]


def area_m2(rows: Sequence[Row]) -> float:
    """Return the area of rows."""
    # The built-in sum of floats is not the same in every version of Python.
    return math.fsum(row.area_m2 for row in rows)
