"""Where plots, points and cores lie: outside, exchanged, at zero, of another size."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Final, NamedTuple

from schemas import limits
from schemas.plausibility.middles import middle
from schemas.plausibility.planar import Place, area_ha, centre, distance_m, outside_m
from schemas.plausibility.records import Fields, Records, Warned
from schemas.problems import Problem

#: This close to longitude 0 and latitude 0 a position was never read, degrees.
_ZERO_DEGREES: Final = 0.01
#: A position that was exchanged comes this close to where it belongs.
_FITS_M: Final = 1_000.0


class _Bound(NamedTuple):
    """How far a place is from where it belongs, and how far it may be."""

    apart_m: Callable[[Place], float]
    most_m: float
    code: str


def of_places(records: Records) -> Iterator[Warned]:
    """Return what is odd about the positions of plots, points and cores."""
    apart_m = _from_middle(_known_places(records))
    region = _Bound(apart_m, limits.FAR_FROM_PLOTS_M, "far_from_plots")
    for plot_id, plot in records.of_type("plot").items():
        yield from _area(plot_id, plot)
        yield from _boundary(plot_id, plot, region)
        yield from _points(records, plot_id, plot, region)
        yield from _cores(records, plot_id, plot, region)


def _known_places(records: Records) -> list[Place]:
    """Return where the plots of a project are: by boundaries, else by all positions."""
    boundaries = [
        centre(plot["geometry"])
        for plot in records.of_type("plot").values()
        if plot.get("geometry") is not None
    ]
    members = [*records.of_type("point").values(), *records.of_type("core").values()]
    return boundaries or [place for each in members if (place := _place(each))]


def _area(plot_id: str, plot: Fields) -> Iterator[Warned]:
    boundary, told_ha = plot.get("geometry"), plot.get("area_ha")
    if boundary is None or told_ha is None:
        return
    found_ha = area_ha(boundary)
    if abs(told_ha - found_ha) > limits.AREA_DIFFERS * found_ha:
        detail = f"the boundary holds {found_ha:.3g} ha"
        yield Warned(
            "plot", plot_id, Problem("area_differs", "area_ha", told_ha, detail)
        )


def _boundary(plot_id: str, plot: Fields, region: _Bound) -> Iterator[Warned]:
    if plot.get("geometry") is not None:
        for problem in _judged(centre(plot["geometry"]), "geometry", [region]):
            yield Warned("plot", plot_id, problem)


def _points(
    records: Records, plot_id: str, plot: Fields, region: _Bound
) -> Iterator[Warned]:
    """Hold each point against the boundary of its plot, or the other points."""
    points = dict(records.below("point", plot_id))
    bounds = _homes(plot, points.values(), region)
    for point_id, point in points.items():
        for problem in _judged(_place(point), "lon", bounds):
            yield Warned("point", point_id, problem, (plot_id,))


def _cores(
    records: Records, plot_id: str, plot: Fields, region: _Bound
) -> Iterator[Warned]:
    """Hold each core against the boundary of its plot and its point, or the other cores."""
    cores = [
        (core_id, core, point_id, point)
        for point_id, point in records.below("point", plot_id)
        for core_id, core in records.below("core", point_id)
    ]
    home, *others = _homes(plot, [core for _, core, _, _ in cores], region)
    for core_id, core, point_id, point in cores:
        error_m = max(core.get("accuracy_m") or 0.0, limits.FIX_ERROR_M)
        bounds = [home._replace(most_m=max(home.most_m, error_m))]
        planned = _place(point)
        if planned is not None:
            most_m = limits.FAR_FROM_POINT_M + error_m
            bounds.append(
                _Bound(partial(distance_m, planned), most_m, "far_from_point")
            )
        for problem in _judged(_place(core), "lon", [*bounds, *others]):
            yield Warned("core", core_id, problem, (point_id, plot_id))


def _homes(plot: Fields, members: Iterable[Fields], region: _Bound) -> list[_Bound]:
    """Return where places of a plot belong: in its boundary, else beside each other."""
    boundary = plot.get("geometry")
    if boundary is not None:
        outside = partial(outside_m, boundary)
        return [_Bound(outside, limits.FIX_ERROR_M, "position_outside")]
    places = [place for each in members if (place := _place(each))]
    apart_m = _from_middle(places)
    return [_Bound(apart_m, limits.FAR_FROM_PLOT_M, "far_from_points"), region]


def _from_middle(places: list[Place]) -> Callable[[Place], float]:
    """Return the distance from the middle of places; a few that are far off do not move it."""
    if not places:
        return lambda _: 0.0
    centre_of_all = middle(lon for lon, _ in places), middle(lat for _, lat in places)
    return partial(distance_m, centre_of_all)


def _judged(
    place: Place | None, path: str, bounds: Sequence[_Bound]
) -> Iterator[Problem]:
    """Return the first thing that is odd about a position."""
    if place is None:
        return
    value = None if path == "geometry" else place[0]
    if max(map(abs, place)) < _ZERO_DEGREES:
        yield Problem("position_at_zero", path, value)
        return
    for apart_m, most_m, code in bounds:
        found_m = apart_m(place)
        if found_m <= most_m:
            continue
        where = _length(found_m)
        for said, other in _mistakes(place):
            if apart_m(other) <= max(most_m, _FITS_M):
                yield Problem("position_exchanged", path, value, f"{where} off; {said}")
                return
        yield Problem(code, path, value, f"by {where}")
        return


def _mistakes(place: Place) -> Iterator[tuple[str, Place]]:
    """Return what a position was perhaps meant to be."""
    lon, lat = place
    if abs(lon) <= 90.0:
        yield "longitude and latitude fit when exchanged", (lat, lon)
    yield f"longitude {-lon:g} fits", (-lon, lat)
    yield f"latitude {-lat:g} fits", (lon, -lat)


def _length(metres: float) -> str:
    return f"{metres:.0f} m" if metres < 1_000.0 else f"{metres / 1_000.0:.4g} km"


def _place(fields: Fields) -> Place | None:
    lon, lat = fields.get("lon"), fields.get("lat")
    return None if lon is None or lat is None else (lon, lat)
