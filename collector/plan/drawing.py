"""Draw the points of a plot and keep them with their design, all in one go."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from collector.errors import RefusedError
from collector.laptop.laptop import Laptop
from collector.record import entry
from collector.record.saving import save
from collector.rules.overlay import RecordView
from schemas.changes import Draft
from schemas.ids import join_key
from schemas.operations import Operation, OperationKind, operation
from schemas.plausibility.planar import area_ha
from schemas.sampling.advice import advice_on
from schemas.sampling.draw import (
    DRAWN_BY,
    DesignWish,
    DoesNotFitError,
    boundary_sha256,
    draw,
)
from schemas.told import counted


class PlannedDesign(NamedTuple):
    """A design and its points, not yet kept."""

    plot: RecordView
    design: Mapping[str, Any]
    points: Sequence[Mapping[str, Any]]
    advice: Sequence[str]


def plan_design(
    laptop: Laptop, plot: RecordView, wish: DesignWish, prefix: str | None
) -> PlannedDesign:
    """Return a new design of a plot with its points; nothing is written.

    Raises
    ------
    RefusedError
        If the plot has no boundary or no room, or a point of this code is here.
    """
    boundary = boundary_of(plot)
    places = drawn(boundary, wish)
    number = _next_number(laptop, plot)
    if prefix is None:
        # Later designs stand beside the points of the first.
        prefix = f"D{number}-" if _has_points(laptop, plot) else ""
    design = {
        "plot_id": plot.id,
        "number": number,
        "method": wish.method,
        "seed": wish.seed,
        "points_drawn": wish.points,
        "min_distance_m": wish.min_distance_m or None,
        "edge_buffer_m": wish.edge_buffer_m or None,
        "boundary_sha256": boundary_sha256(boundary),
        "drawn_by": DRAWN_BY,
    }
    points = [
        {
            "plot_id": plot.id,
            "code": f"{prefix}{count}",
            "lon": lon,
            "lat": lat,
            "design_number": number,
        }
        for count, (lon, lat) in enumerate(places, start=1)
    ]
    _refuse_taken(laptop, plot, points)
    return PlannedDesign(
        plot,
        entry.judged("design", entry.with_defaults("design", design)),
        [entry.judged("point", point) for point in points],
        [*advice_on(places, wish.points, area_ha(boundary))],
    )


def keep(laptop: Laptop, planned: PlannedDesign) -> Operation:
    """Keep a design and its points in one transaction; return what takes it back."""
    plot, number = planned.plot, planned.design["number"]
    what = (
        f"{counted(len(planned.points), 'point')} of plot {plot.fields['code']},"
        f" design {number}"
    )
    done = operation(OperationKind.PLAN, laptop.clock.new_id(), what)
    new = [("design", [planned.design]), ("point", planned.points)]
    save_new(laptop, plot.project_id, new, done)
    return done


def save_new(
    laptop: Laptop,
    project_id: str,
    new: Sequence[tuple[str, Sequence[Mapping[str, Any]]]],
    done: Operation,
) -> None:
    """Keep new records of several types in one transaction."""
    drafts = [
        Draft(project_id, kind, name, fields=fields, is_new=True, reason=done.reason)
        for kind, every in new
        for name, fields in zip(
            entry.mint_all(laptop, project_id, kind, every), every, strict=True
        )
    ]
    save(laptop, drafts)


def boundary_of(plot: RecordView) -> Mapping[str, Any]:
    """Return the boundary of a plot.

    Raises
    ------
    RefusedError
        If it has none.
    """
    found: Mapping[str, Any] | None = plot.fields.get("geometry")
    if found is None:
        code = plot.fields["code"]
        raise RefusedError(
            f"plot {code} has no boundary to draw points in",
            f"permille plot edit {code} --geometry FILE, or: permille import places FILE",
            code="no_boundary",
        )
    return found


def drawn(boundary: Mapping[str, Any], wish: DesignWish) -> list[tuple[float, float]]:
    """Return the points of a draw.

    Raises
    ------
    RefusedError
        If the boundary has no room for them.
    """
    try:
        return draw(boundary, wish)
    except DoesNotFitError as error:
        raise RefusedError(error.text, error.hint, code="does_not_fit") from None


def _next_number(laptop: Laptop, plot: RecordView) -> int:
    """Return the number after those of all designs of a plot, deleted ones too."""
    store = laptop.store
    here = store.records("design", plot.project_id, [plot.id])
    gone = [
        view
        for view in store.deleted("design", plot.project_id)
        if view.fields.get("plot_id") == plot.id
    ]
    return 1 + max((view.fields.get("number", 0) for view in [*here, *gone]), default=0)


def _has_points(laptop: Laptop, plot: RecordView) -> bool:
    return bool(laptop.store.records("point", plot.project_id, [plot.id], limit=1))


def _refuse_taken(
    laptop: Laptop, plot: RecordView, points: Sequence[Mapping[str, Any]]
) -> None:
    keys = [join_key([plot.id, point["code"]]) for point in points]
    taken = laptop.store.find_all("point", plot.project_id, keys)
    if taken:
        first = min(view.fields["code"] for view in taken.values())
        raise RefusedError(
            f"plot {plot.fields['code']} has a point {first} already",
            "give the new points another beginning, such as: --prefix B",
            code="already_here",
        )
