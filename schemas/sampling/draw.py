"""The points of a plot, drawn by chance: the same wish gives the same points for ever.

What a draw follows from is its method, seed, number of points, distances, the boundary and
`DRAWN_BY`. Each spot of the ground has the same chance to be drawn; where points must keep a
distance from each other, those near an edge have a little more.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from schemas.sampling.chance import Chance
from schemas.sampling.ground import Box, Ground
from schemas.sampling.parts import GroundPart, area_m2, equal_parts
from schemas.sampling.plane import Place, Spot, cosine
from schemas.told import counted

#: The way of drawing. Whatever would move a point makes a new one.
DRAWN_BY: Final = "permille-1"

#: 1 cm on the ground: what is drawn is what is recorded.
_DECIMALS: Final = 7
_LEAST_ROWS: Final = 200
_ROWS_PER_PART: Final = 25
#: Draws of a whole set, and of one point that keeps its distance, before it does not fit.
_ATTEMPTS: Final = 20
_TRIES: Final = 250
#: Spots beside the ground before one is found in it: it is 1 in 10,000 of its box.
_MISSES: Final = 100_000
_GRIDS: Final = 200
#: Rounding brings two points nearer to each other by so much at most, m.
_ROUNDING_M: Final = 0.03


class DesignWish(NamedTuple):
    """How the points of a plot are to be drawn."""

    method: str
    points: int
    seed: int
    min_distance_m: float = 0.0
    edge_buffer_m: float = 0.0


class DoesNotFitError(ValueError):
    """A plot has no room for what is wanted; `most` is how many points fit."""

    def __init__(self, text: str, hint: str, most: int) -> None:
        super().__init__(text)
        self.text = text
        self.hint = hint
        self.most = most


def draw(geometry: Mapping[str, Any], wish: DesignWish) -> list[Place]:
    """Return the points of a plot in the order in which they were drawn.

    Raises
    ------
    DoesNotFitError
        If the plot has no room for them.
    """
    drawing = _Drawing(geometry, wish)
    if wish.method == "systematic":
        return drawing.grid()
    return drawing.one_by_one()


def boundary_sha256(geometry: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a boundary: of its type and coordinates as compact JSON.

    >>> ring = [[0, 0], [1, 0], [1, 1], [0, 0]]
    >>> boundary_sha256({"coordinates": [ring], "type": "Polygon"})[:8]
    '0d84d9c8'
    """
    said = [geometry["type"], _as_floats(geometry["coordinates"])]
    text = json.dumps(said, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _as_floats(value: Any) -> Any:  # noqa: ANN401 - numbers in lists of lists
    if isinstance(value, list | tuple):
        return [_as_floats(each) for each in value]
    return float(value) + 0.0  # -0.0 is 0.0


class _Drawing:
    """One draw: the ground, what is wanted on it, and its chance."""

    def __init__(self, geometry: Mapping[str, Any], wish: DesignWish) -> None:
        self._wish = wish
        self._ground = Ground(geometry, wish.edge_buffer_m)
        count = max(_LEAST_ROWS, math.ceil(_ROWS_PER_PART * math.sqrt(wish.points)))
        self._whole = GroundPart(self._ground.box, self._ground.rows(count))
        self._area_m2 = area_m2(self._whole.rows)
        said = (DRAWN_BY, wish.method, wish.seed, boundary_sha256(geometry))
        self._text = ":".join(map(str, said))
        if not self._area_m2:
            raise DoesNotFitError(
                f"no spot of the plot is {wish.edge_buffer_m:g} m from its boundary",
                "take a narrower edge: --edge-buffer-m",
                0,
            )

    def one_by_one(self) -> list[Place]:
        """Return points that were drawn one after the other, each in its part."""
        wish = self._wish
        if wish.points <= self._bound():
            found = self._set(wish.points, range(_ATTEMPTS))
            if found is not None:
                return found
        raise self._too_many(self._most())

    def grid(self) -> list[Place]:
        """Return the points of a square grid whose start and bearing are random.

        Its spacing is that of so many points on this ground, and of the grids that chance
        offers the first is taken that has so many.
        """
        wish, spacing_m = self._wish, math.sqrt(self._area_m2 / self._wish.points)
        least_m = wish.min_distance_m + _ROUNDING_M if wish.min_distance_m else 0.0
        if spacing_m < least_m:
            raise self._too_many(math.floor(self._area_m2 / (least_m * least_m)))
        seen = set[int]()
        for number in range(_GRIDS):
            found = self._one_grid(spacing_m, Chance(f"{self._text}:{number}"))
            if len(found) == wish.points:
                return found
            seen.add(len(found))
        nearest = min(seen, key=lambda count: (abs(count - wish.points), count))
        raise DoesNotFitError(
            f"no square grid in this plot has {counted(wish.points, 'point')}"
            f" at its usual spacing; {nearest} is the nearest number",
            f"take --points {nearest}, or --method stratified_random",
            nearest,
        )

    def _set(self, points: int, attempts: Iterable[int]) -> list[Place] | None:
        """Return so many points; None where no attempt finds room for all."""
        boxes = self._boxes(points)
        for attempt in attempts:
            found = self._tried(boxes, Chance(f"{self._text}:{attempt}"))
            if found is not None:
                return found
            if not self._wish.min_distance_m:
                break  # it found no ground at all, and will not
        return None

    def _boxes(self, points: int) -> Sequence[Box]:
        if self._wish.method == "stratified_random":
            return [part.box for part in equal_parts(self._whole, points)]
        return [self._ground.box] * points

    def _tried(self, boxes: Sequence[Box], chance: Chance) -> list[Place] | None:
        places: list[Place] = []
        spots: list[Spot] = []
        for box in boxes:
            found = self._one(box, chance, spots)
            if found is None:
                return None
            places.append(found)
            spots.append(self._ground.plane.spot(found))
        return places

    def _one(self, box: Box, chance: Chance, others: Sequence[Spot]) -> Place | None:
        """Return a place in a box that keeps its distance from others."""
        for _ in range(_TRIES):
            place = self._on_ground(box, chance)
            if place is None:
                return None
            if self._keeps_distance(self._ground.plane.spot(place), others):
                return place
        return None

    def _on_ground(self, box: Box, chance: Chance) -> Place | None:
        for _ in range(_MISSES):
            x = chance.between(box.west_m, box.east_m)
            y = chance.between(box.south_m, box.north_m)
            place = self._rounded((x, y))
            if self._ground.holds_place(place):
                return place
        return None

    def _keeps_distance(self, spot: Spot, others: Sequence[Spot]) -> bool:
        least_m2 = self._wish.min_distance_m * self._wish.min_distance_m
        return all(
            (x - spot[0]) * (x - spot[0]) + (y - spot[1]) * (y - spot[1]) >= least_m2
            for x, y in others
        )

    def _one_grid(self, spacing_m: float, chance: Chance) -> list[Place]:
        angle = 90.0 * chance.number()
        cos, sin = cosine(angle), cosine(90.0 - angle)
        start = chance.number() * spacing_m, chance.number() * spacing_m
        box = self._ground.box
        middle = (box.west_m + box.east_m) / 2.0, (box.south_m + box.north_m) / 2.0
        across, up = box.east_m - box.west_m, box.north_m - box.south_m
        reach = math.sqrt(across * across + up * up) / 2.0
        most = math.ceil(reach / spacing_m) + 1
        found = []
        for row in range(-most, most + 1):
            for column in range(-most, most + 1):
                x, y = start[0] + column * spacing_m, start[1] + row * spacing_m
                spot = middle[0] + x * cos - y * sin, middle[1] + x * sin + y * cos
                if _is_in(box, spot):
                    found.append(self._rounded(spot))
        return [place for place in found if self._ground.holds_place(place)]

    def _rounded(self, spot: Spot) -> Place:
        lon, lat = self._ground.plane.place(spot)
        return round(lon, _DECIMALS), round(lat, _DECIMALS)

    def _bound(self) -> float:
        """Return how many points fit at most: circles packed as closely as they can be.

        ``N <= (A + P d / 2 + pi d^2 / 4) / (sqrt(3) / 2 d^2)`` (Groemer 1960).
        """
        apart_m = self._wish.min_distance_m
        if not apart_m:
            return math.inf
        square = apart_m * apart_m
        edge = self._ground.boundary_m * apart_m / 2.0 + 0.7854 * square
        return (self._area_m2 + edge) / (0.866 * square)

    def _most(self) -> int:
        """Return how many points of this distance fit, as far as a few attempts show."""
        low, high = 0, int(min(self._wish.points - 1, self._bound()))
        while low < high:
            middle = (low + high + 1) // 2
            if self._set(middle, range(2)) is None:
                high = middle - 1
            else:
                low = middle
        return low

    def _too_many(self, most: int) -> DoesNotFitError:
        wish, hints = self._wish, []
        if most:
            hints.append(f"take --points {most}")
        if wish.min_distance_m:
            hints.append("a smaller --min-distance-m")
        if wish.edge_buffer_m:
            hints.append("a narrower --edge-buffer-m")
        apart = f" {wish.min_distance_m:g} m apart" if wish.min_distance_m else ""
        return DoesNotFitError(
            f"{counted(wish.points, 'point')}{apart} do not fit into the plot; {most} do",
            ", or ".join(hints) or "look at the boundary: it is very thin",
            most,
        )


def _is_in(box: Box, spot: Spot) -> bool:
    return box.west_m <= spot[0] <= box.east_m and box.south_m <= spot[1] <= box.north_m
