"""A map of plots and points, drawn as SVG: north up, by signs, with a scale.

It is drawn in Web Mercator, so that tiles of a map lie under it as they are; over the few
kilometres of a plan that keeps shapes as they are on the ground.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from collector.rules.overlay import RecordView
from collector.tiles.mercator import Place, WorldSpot, across_m, world_spot
from collector.tiles.tile_file import TileFile
from schemas.plausibility.planar import polygons

_WIDTH, _EDGE = 640.0, 30.0
#: A map is never narrower than a small field, m.
_LEAST_M = 40.0
#: Nor lower than this, px: what is near one line would be a strip.
_LEAST_HIGH = 240.0
_SCALES_M = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 50_000)
#: From a whole region to a hole in the ground.
ZOOMS: Final = range(-8, 7)
#: Tiles of one picture; a screen needs a dozen.
_TILES_MOST: Final = 60
#: The usual side of a tile, px.
_TILE_PX: Final = 256.0


class Spotted(NamedTuple):
    """What is drawn at a place: its sign and its name."""

    place: Place
    kind: str
    name: str


class Sign(NamedTuple):
    """A point on the map: where, its sign, and what it is called."""

    x: float
    y: float
    kind: str
    name: str


class TileImage(NamedTuple):
    """One tile under the map: its address among tiles, where it lies, how large it is."""

    address: str
    x: float
    y: float
    side: float


class PlanMap(NamedTuple):
    """A map in pixels: tiles, outlines of plots, points by sign, the way, a scale."""

    width: float
    height: float
    tiles: list[TileImage]
    outlines: list[str]
    signs: list[Sign]
    way: str
    scale_m: int
    scale_px: float


class Frame(NamedTuple):
    """What part of a map is drawn: each zoom doubles it, around a place."""

    zoom: int = 0
    middle: Place | None = None


def plan_map(
    spotted: Sequence[Spotted],
    way: Sequence[Place],
    plots: Sequence[RecordView],
    frame: Frame,
    tiles: TileFile | None,
) -> PlanMap | None:
    """Draw plots and points whose place is known, over tiles; None where there is none."""
    rings = list(_rings(plots))
    places = [*(place for ring in rings for place in ring), *(s.place for s in spotted)]
    if not places:
        return None
    paper = _Paper(places, frame)
    return PlanMap(
        round(paper.width, 1),
        round(paper.height, 1),
        list(paper.tiles(tiles)) if tiles else [],
        list(map(paper.line, rings)),
        [Sign(*paper.spot(one.place), one.kind, one.name) for one in spotted],
        paper.line(way),
        paper.scale_m,
        paper.scale_m * paper.px_m,
    )


def _rings(plots: Sequence[RecordView]) -> Iterator[list[Place]]:
    for plot in plots:
        if not plot.fields.get("geometry"):
            continue
        for polygon in polygons(plot.fields["geometry"]):
            for ring in polygon:
                yield [(float(x), float(y)) for x, y, *_ in ring]


class _Paper:
    """From places on the Earth to pixels of the map, north up."""

    def __init__(self, places: Sequence[Place], frame: Frame) -> None:
        self._lon = places[0][0]
        spots = [world_spot(place, self._lon) for place in places]
        xs, ys = [one.x for one in spots], [one.y for one in spots]
        middle = WorldSpot((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
        least = _LEAST_M / across_m(middle.y)
        wide, high = max(max(xs) - min(xs), least), max(max(ys) - min(ys), least)
        across = _WIDTH - 2 * _EDGE
        fits = across / max(wide, high)
        self.width = wide * fits + 2 * _EDGE
        self.height = max(high * fits + 2 * _EDGE, _LEAST_HIGH)
        self._px = fits * 2.0**frame.zoom
        if frame.middle is not None:
            middle = world_spot(frame.middle, self._lon)
        self.px_m = self._px / across_m(middle.y)
        self._west = middle.x - self.width / 2 / self._px
        self._north = middle.y - self.height / 2 / self._px
        fitting = [scale for scale in _SCALES_M if scale * self.px_m <= self.width / 3]
        self.scale_m = fitting[-1] if fitting else _SCALES_M[0]

    def spot(self, place: Place) -> tuple[float, float]:
        x, y = world_spot(place, self._lon)
        return (
            round((x - self._west) * self._px, 1),
            round((y - self._north) * self._px, 1),
        )

    def line(self, places: Sequence[Place]) -> str:
        return " ".join(f"{x},{y}" for x, y in map(self.spot, places))

    def tiles(self, file: TileFile) -> Iterator[TileImage]:
        """Yield the tiles of a file that lie under the map, of the zoom that fits it."""
        wanted = round(math.log2(self._px / _TILE_PX))
        zoom = max(file.least_zoom, min(file.most_zoom, wanted))
        count, side = 2**zoom, self._px / 2**zoom
        columns = _covered(self._west, self.width / self._px, count)
        rows = _covered(self._north, self.height / self._px, count)
        if len(columns) * len(rows) > _TILES_MOST:
            return
        for column in columns:
            for row in rows:
                if file.has(zoom, column % count, row):
                    yield TileImage(
                        f"{zoom}/{column % count}/{row}",
                        round(column * side - self._west * self._px, 2),
                        round(row * side - self._north * self._px, 2),
                        round(side, 2),
                    )


def _covered(begin: float, length: float, count: int) -> range:
    """Return the numbers of the tiles that cover a stretch of the square."""
    return range(math.floor(begin * count), math.floor((begin + length) * count) + 1)
