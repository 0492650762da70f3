"""A map of plots and points, drawn as SVG: north up, by signs, with a scale."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from collector.plan.visits import CampaignPlan, Visit
from collector.rules.overlay import RecordView
from schemas.plausibility.planar import polygons
from schemas.sampling.plane import Place, Plane

_WIDTH, _EDGE = 640.0, 30.0
#: A map is never narrower than a small field, m.
_LEAST_M = 40.0
_SCALES_M = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 50_000)


class Sign(NamedTuple):
    """A point on the map: where, its sign, and what it is called."""

    x: float
    y: float
    kind: str
    name: str


class PlanMap(NamedTuple):
    """A map in pixels: outlines of plots, points by sign, the way, a scale."""

    width: float
    height: float
    outlines: list[str]
    signs: list[Sign]
    way: str
    scale_m: int
    scale_px: float


def plan_map(plan: CampaignPlan, plots: Sequence[RecordView]) -> PlanMap | None:
    """Draw the plots and points whose place is known; None where there is none."""
    rings = list(_rings(plots))
    placed = [
        (visit.place, kind, visit.name)
        for visit, kind in _kinds(plan)
        if visit.place is not None
    ]
    places = [
        *(place for ring in rings for place in ring),
        *(at for at, _, _ in placed),
    ]
    if not places:
        return None
    paper = _Paper(places)
    left = [visit.place for visit in plan.left if visit.place is not None]
    return PlanMap(
        paper.width,
        paper.height,
        list(map(paper.line, rings)),
        [Sign(*paper.spot(at), kind, name) for at, kind, name in placed],
        paper.line(left),
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


def _kinds(plan: CampaignPlan) -> Iterator[tuple[Visit, str]]:
    for number, visit in enumerate(plan.left):
        yield visit, "left" if number else "next"
    for visit in plan.done:
        yield visit, "done"
    for visit in plan.skipped:
        yield visit, "skipped"


class _Paper:
    """From places on the Earth to pixels of the map, north up."""

    def __init__(self, places: Sequence[Place]) -> None:
        self._plane = Plane(places[0])
        spots = [self._plane.spot(place) for place in places]
        xs, ys = [x for x, _ in spots], [y for _, y in spots]
        wide_m = max(max(xs) - min(xs), _LEAST_M)
        high_m = max(max(ys) - min(ys), _LEAST_M)
        across = _WIDTH - 2 * _EDGE
        self.px_m = across / max(wide_m, high_m)
        self._west, self._north = min(xs), max(ys)
        self.width = wide_m * self.px_m + 2 * _EDGE
        self.height = high_m * self.px_m + 2 * _EDGE
        fitting = [scale for scale in _SCALES_M if scale * self.px_m <= self.width / 3]
        self.scale_m = fitting[-1] if fitting else _SCALES_M[0]

    def spot(self, place: Place) -> tuple[float, float]:
        x, y = self._plane.spot(place)
        return (
            round(_EDGE + (x - self._west) * self.px_m, 1),
            round(_EDGE + (self._north - y) * self.px_m, 1),
        )

    def line(self, places: Sequence[Place]) -> str:
        return " ".join(f"{x},{y}" for x, y in map(self.spot, places))
