"""The page of a plot: what it is, what was done on it, its campaigns side by side."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from collector.laptop.laptop import Laptop
from collector.plan.relocating import place_of
from collector.record import names, views
from collector.record.neighbours import warnings_of
from collector.record.questions import asked_form
from collector.rules.keys import natural_order
from collector.rules.overlay import RecordView
from collector.web.odd import ODD_MOST, odd_rows
from collector.web.page import Asked, Page, Refusal
from collector.web.pages.plot_photos import photos_of
from collector.web.plan_map import Frame, PlanMap, Spotted, plan_map
from collector.web.where import project_of
from schemas import vocabulary as v
from schemas.plausibility.planar import area_ha, polygons
from schemas.told import option_name, told

#: What other places of the page show, or no person reads.
_NOT_SHOWN = frozenset({"code", "geometry", "attachments", "explained"})


class CoresThere(NamedTuple):
    """What one campaign has of one point: cores, bags, and how deep they reach."""

    cores: int
    bags: int
    down_to_cm: float | None


def show(laptop: Laptop, asked: Asked) -> Page:
    """Show one plot, or the list of them."""
    project = project_of(laptop, asked)
    if project is None:
        return Page("welcome.html.j2", "permille sync")
    code = asked.query.get("code", "")
    if not code:
        plots, _ = views.listed(laptop, "plot", project.id, ())
        facts = {"plots": [one.fields["code"] for one in plots]}
        return Page("plots.html.j2", "permille plot list", facts)
    plot = names.find(laptop.store, "plot", code, project.id)
    return page_of(laptop, asked, plot)


def page_of(
    laptop: Laptop, asked: Asked, plot: RecordView, refusal: Refusal | None = None
) -> Page:
    """Draw one plot; after a refusal with what was typed still in its fields."""
    code = str(plot.fields["code"])
    below = _below(laptop, plot)
    facts = {
        **_facts(laptop, plot, below),
        "photos": photos_of(laptop, [plot, *below.every()]),
        "map": _map(asked, laptop, plot, below.points),
        "has_tiles": False,
        "refusal": refusal,
        "typed": asked.form,
        "families": list(v.PRACTICE_FAMILY.codes),
        "back": address_of(asked, plot),
    }
    status = 422 if refusal else 200
    return Page("plot.html.j2", f"permille plot show {code}", facts, status)


def address_of(asked: Asked, plot: RecordView) -> str:
    """Return the address of the page of a plot."""
    said = {"code": str(plot.fields["code"])}
    if chosen := asked.form.get("project") or asked.query.get("project"):
        said["project"] = chosen
    return f"/plot?{urlencode(said)}"


class _Below(NamedTuple):
    """What lies on a plot."""

    points: Sequence[RecordView]
    cores: Sequence[RecordView]
    bags: Sequence[RecordView]

    def every(self) -> Sequence[RecordView]:
        """Return all of it."""
        return [*self.points, *self.cores, *self.bags]


def _below(laptop: Laptop, plot: RecordView) -> _Below:
    def of(kind: str) -> list[RecordView]:
        return laptop.store.records(kind, plot.project_id, [plot.id])

    points = of("point")
    points.sort(key=lambda one: natural_order(str(one.fields["code"])))
    return _Below(points, of("core"), of("sample"))


def _facts(laptop: Laptop, plot: RecordView, below: _Below) -> dict[str, Any]:
    campaigns = laptop.store.records("campaign", plot.project_id)
    campaigns.sort(key=lambda one: str(one.fields.get("start_date")))
    visits = _visits(below)
    seen = {campaign for _, campaign in visits}
    odd = warnings_of(laptop, [plot], [plot, *below.every()], campaigns)
    practices = laptop.store.records("practice", plot.project_id, [plot.id])
    boundary = plot.fields.get("geometry")
    return {
        "plot": plot,
        "facts": [
            (option_name(name), told(value))
            for name, value in plot.fields.items()
            if name not in _NOT_SHOWN
        ],
        "area_ha": area_ha(boundary) if boundary else None,
        "corners": corners_of(boundary) if boundary else 0,
        "practices": sorted(practices, key=_begun),
        "campaigns": [one for one in campaigns if one.id in seen],
        "points": below.points,
        "visits": visits,
        "odd": odd_rows(laptop, odd[:ODD_MOST]),
        "odd_more": max(0, len(odd) - ODD_MOST),
        "asks": asked_form(laptop.store, plot.project_id, "plot") is not None,
        "changes": views.stocks(laptop, plot.project_id, str(plot.fields["code"]))[
            "changes"
        ],
    }


def corners_of(boundary: Mapping[str, Any]) -> int:
    """Return how many corners a boundary has."""
    return sum(len(ring) - 1 for polygon in polygons(boundary) for ring in polygon)


def _begun(practice: RecordView) -> tuple[str, str]:
    """Return when a practice began; one without a day stands last."""
    return str(practice.fields.get("from_date") or "~"), str(practice.fields["what"])


def _map(
    asked: Asked, laptop: Laptop, plot: RecordView, points: Sequence[RecordView]
) -> PlanMap | None:
    spotted = [
        Spotted(place, "left", str(point.fields["code"]))
        for point in points
        if (place := place_of(point)) is not None
    ]
    return plan_map(spotted, [], [plot], Frame(), asked.tiles.of(laptop))


def _visits(below: _Below) -> Mapping[tuple[str, str], CoresThere]:
    """Count cores and bags by point and campaign."""
    of_core = {
        core.id: (str(core.fields["point_id"]), str(core.fields["campaign_id"]))
        for core in below.cores
    }
    bags: dict[tuple[str, str], list[float]] = defaultdict(list)
    for bag in below.bags:
        place = of_core.get(str(bag.fields["core_id"]))
        if place is not None:
            bags[place].append(float(bag.fields["depth_bottom_cm"]))
    found = {}
    for place in set(of_core.values()):
        count = sum(one == place for one in of_core.values())
        found[place] = CoresThere(
            count, len(bags[place]), max(bags[place], default=None)
        )
    return found
