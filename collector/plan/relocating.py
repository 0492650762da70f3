"""Find the points of an earlier campaign again: where its cores were taken, not planned."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from collector.laptop.laptop import Laptop
from collector.plan.drawing import save_new
from collector.record import entry
from collector.rules.keys import natural_order
from collector.rules.overlay import RecordView
from schemas.operations import Operation, OperationKind, operation
from schemas.sampling.plane import Place, Plane
from schemas.sampling.walk import leg
from schemas.told import counted

#: Nearer than that two places are one: soil is as alike as it gets, and people find
#: a place again no better.
SAME_M: Final = 5.0


class CoredPlace(NamedTuple):
    """Where the cores of a point were taken: their mean, and how well it is known."""

    place: Place
    accuracy_m: float | None
    cores: int


class Relocated(NamedTuple):
    """What is to become of one point of the earlier campaign.

    `outcome` is same (it is visited again as it is), new (a new point revisits it), there
    (another point revisits it already) or unknown (nobody knows where it is).
    """

    point: RecordView
    outcome: str
    off_m: float | None = None
    cored: CoredPlace | None = None
    fields: Mapping[str, Any] | None = None
    by: str | None = None


def relocate(
    laptop: Laptop, plot: RecordView, campaign: RecordView, same_m: float
) -> list[Relocated]:
    """Return what is to become of each point that was cored in a campaign."""
    store, project_id = laptop.store, plot.project_id
    points = store.records("point", project_id, [plot.id])
    cores = store.records("core", project_id, [campaign.id, plot.id])
    by_point: dict[str, list[RecordView]] = {}
    for core in cores:
        by_point.setdefault(str(core.fields["point_id"]), []).append(core)
    revisited = {
        str(view.fields["revisits_point_id"]): view
        for view in points
        if view.fields.get("revisits_point_id")
    }
    codes = {str(view.fields["code"]) for view in points}
    return [
        _relocated(
            point,
            cored_place(by_point[point.id]),
            revisited.get(point.id),
            (same_m, str(campaign.fields["name"]), codes),
        )
        for point in sorted(points, key=_by_code)
        if point.id in by_point
    ]


def keep(
    laptop: Laptop, plot: RecordView, campaign: RecordView, found: Iterable[Relocated]
) -> Operation | None:
    """Keep the new points in one transaction; None where there are none."""
    new = [entry.judged("point", one.fields) for one in found if one.fields is not None]
    if not new:
        return None
    what = (
        f"{counted(len(new), 'point')} of plot {plot.fields['code']}"
        f" where they were in {campaign.fields['name']}"
    )
    done = operation(OperationKind.PLAN, laptop.clock.new_id(), what)
    save_new(laptop, plot.project_id, [("point", new)], done)
    return done


def cored_place(cores: Sequence[RecordView]) -> CoredPlace | None:
    """Return the mean place of cores; None where none says where it was."""
    known = [core.fields for core in cores if place_of(core) is not None]
    if not known:
        return None
    plane = Plane((known[0]["lon"], known[0]["lat"]))
    spots = [plane.spot((core["lon"], core["lat"])) for core in known]
    middle = plane.place(
        (
            math.fsum(x for x, _ in spots) / len(spots),
            math.fsum(y for _, y in spots) / len(spots),
        )
    )
    said = [core["accuracy_m"] for core in known if core.get("accuracy_m") is not None]
    # Positions of one day err alike: their mean is no better than they are.
    accuracy_m = math.sqrt(math.fsum(a * a for a in said) / len(said)) if said else None
    return CoredPlace(middle, accuracy_m, len(known))


def place_of(view: RecordView) -> Place | None:
    """Return where a point or a core is, if it says so."""
    lon, lat = view.fields.get("lon"), view.fields.get("lat")
    return None if lon is None or lat is None else (lon, lat)


def _relocated(
    point: RecordView,
    cored: CoredPlace | None,
    revisited_by: RecordView | None,
    rule: tuple[float, str, set[str]],
) -> Relocated:
    same_m, campaign, codes = rule
    planned = place_of(point)
    if revisited_by is not None:
        by = str(revisited_by.fields["code"])
        return Relocated(point, "there", cored=cored, by=by)
    if cored is None:
        return Relocated(point, "same" if planned else "unknown")
    off_m = leg(planned, cored.place).distance_m if planned else None
    if off_m is not None and off_m <= max(same_m, cored.accuracy_m or 0.0):
        return Relocated(point, "same", off_m, cored)
    code = _free_code(f"{point.fields['code']}-{campaign}", codes)
    codes.add(code)
    known = "" if cored.accuracy_m is None else f", ± {cored.accuracy_m:.1f} m"
    fields = {
        "plot_id": point.fields["plot_id"],
        "code": code,
        "lon": round(cored.place[0], 8),
        "lat": round(cored.place[1], 8),
        "revisits_point_id": point.id,
        "note": f"where {counted(cored.cores, 'core')} of {campaign}"
        f" {'was' if cored.cores == 1 else 'were'} taken{known}",
    }
    return Relocated(point, "new", off_m, cored, fields, code)


def _free_code(wanted: str, codes: set[str]) -> str:
    return next(code for code in _codes(wanted) if code not in codes)


def _codes(wanted: str) -> Iterator[str]:
    yield wanted
    number = 2
    while True:
        yield f"{wanted}-{number}"
        number += 1


def _by_code(point: RecordView) -> list[tuple[int, int, str]]:
    return natural_order(str(point.fields["code"]))
