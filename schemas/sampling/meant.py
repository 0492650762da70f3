"""The points that a campaign is to visit, out of all that a plot has. Pure."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol, TypeVar


class PlacedPoint(Protocol):
    """A point as one side or the other reads it."""

    @property
    def id(self) -> str:
        """Return its id."""

    @property
    def fields(self) -> Mapping[str, Any]:
        """Return its fields."""


P = TypeVar("P", bound=PlacedPoint)


def points_meant(
    points: Sequence[P], seen: Collection[str], design: int | None = None
) -> list[P]:
    """Return the points to visit: of the newest design of each plot, and without one.

    `seen` are the ids of those that were visited or skipped in the campaign: they are
    always among them. A point that another one revisits is left to that one; where it was
    visited itself, in this campaign, the other one is for a later campaign.
    """
    newest: dict[str, int] = {}
    for point in points:
        plot, number = str(point.fields["plot_id"]), point.fields.get("design_number")
        newest[plot] = max(newest.get(plot, 0), number or 0)
    revisited = {point.fields.get("revisits_point_id") for point in points}

    def is_meant(point: P) -> bool:
        number = point.fields.get("design_number")
        wanted = design or newest[str(point.fields["plot_id"])]
        if number not in {None, wanted} or point.id in revisited:
            return False
        return point.fields.get("revisits_point_id") not in seen

    return [point for point in points if point.id in seen or is_meant(point)]
