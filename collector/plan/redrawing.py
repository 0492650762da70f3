"""Draw a recorded design again, and compare it with the points that are recorded."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from collector.errors import NotFoundError, RefusedError
from collector.laptop.laptop import Laptop
from collector.plan.drawing import boundary_of, drawn
from collector.rules.overlay import RecordView
from schemas.sampling.draw import DRAWN_BY, DesignWish, boundary_sha256
from schemas.sampling.plane import Place
from schemas.sampling.walk import leg

#: 0.1 mm on the ground.
_SAME_DEGREES: Final = 1e-9


class Redrawn(NamedTuple):
    """What came of it: points as they were drawn, moved since, gone, and added."""

    number: int
    same: int
    moved: Sequence[tuple[str, float]]  # code, metres
    gone: Sequence[Place]
    added: Sequence[str]

    @property
    def is_same(self) -> bool:
        """Return whether the points are those that were drawn."""
        return not self.moved and not self.gone and not self.added


def redraw(laptop: Laptop, plot: RecordView, number: int | None) -> Redrawn:
    """Draw a design of a plot again, the newest without a number.

    Raises
    ------
    NotFoundError
        If the plot has no such design.
    RefusedError
        If the boundary is another now, or this program does not draw that way.
    """
    design = _design(laptop, plot, number)
    boundary = boundary_of(plot)
    _refuse_other(design, boundary, plot)
    fields = design.fields
    wish = DesignWish(
        fields["method"],
        fields["points_drawn"],
        fields["seed"],
        fields.get("min_distance_m") or 0.0,
        fields.get("edge_buffer_m") or 0.0,
    )
    recorded = {
        view.fields["code"]: (view.fields.get("lon"), view.fields.get("lat"))
        for view in laptop.store.records("point", plot.project_id, [plot.id])
        if view.fields.get("design_number") == fields["number"]
    }
    return _compared(fields["number"], drawn(boundary, wish), recorded)


def _compared(
    number: int,
    places: Sequence[Place],
    recorded: Mapping[str, tuple[Any, Any]],
) -> Redrawn:
    left = list(places)
    others = dict(recorded)
    for code, place in recorded.items():
        match = next((each for each in left if _is_same(each, place)), None)
        if match is not None:
            left.remove(match)
            del others[code]
    same = len(recorded) - len(others)
    moved: list[tuple[str, float]] = []
    for code, (lon, lat) in sorted(others.items()):
        if left and lon is not None and lat is not None:
            near = min(left, key=lambda each: leg(each, (lon, lat)).distance_m)
            moved.append((code, leg(near, (lon, lat)).distance_m))
            left.remove(near)
    known = {code for code, _ in moved}
    added = sorted(code for code in others if code not in known)
    return Redrawn(number, same, moved, left, added)


def _is_same(place: Place, other: tuple[Any, Any]) -> bool:
    return None not in other and all(
        abs(one - two) <= _SAME_DEGREES for one, two in zip(place, other, strict=True)
    )


def _design(laptop: Laptop, plot: RecordView, number: int | None) -> RecordView:
    code = plot.fields["code"]
    every = laptop.store.records("design", plot.project_id, [plot.id])
    wanted = [view for view in every if number in {None, view.fields["number"]}]
    if not wanted:
        said = f"design {number}" if number else "design"
        raise NotFoundError(
            f"plot {code} has no {said} on this laptop",
            f"see: permille design list --plot {code}",
        )
    return max(wanted, key=lambda view: int(view.fields["number"]))


def _refuse_other(
    design: RecordView, boundary: Mapping[str, Any], plot: RecordView
) -> None:
    fields, code = design.fields, plot.fields["code"]
    if fields.get("drawn_by") != DRAWN_BY:
        raise RefusedError(
            f"design {code}/{fields['number']} was drawn by"
            f" {fields.get('drawn_by') or 'a way that is not recorded'};"
            f" this program draws as {DRAWN_BY}",
            "take the version of Permille that drew it",
            code="other_way",
        )
    if fields.get("boundary_sha256") != boundary_sha256(boundary):
        raise RefusedError(
            f"plot {code} has another boundary now than when design"
            f" {fields['number']} was drawn in it",
            "draw in the boundary of that time, or make a new design: permille plan draw",
            code="other_boundary",
        )
