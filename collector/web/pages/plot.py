"""The page of a plot: what it is, what was done on it, its campaigns side by side."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from collector.laptop.laptop import Laptop
from collector.record import names, views
from collector.record.questions import asked_form
from collector.rules.keys import natural_order
from collector.rules.overlay import RecordView
from collector.web.page import Asked, Page
from collector.web.where import project_of
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
    return Page("plot.html.j2", f"permille plot show {code}", _facts(laptop, plot))


def _facts(laptop: Laptop, plot: RecordView) -> dict[str, Any]:
    under = [plot.id]
    campaigns = laptop.store.records("campaign", plot.project_id)
    campaigns.sort(key=lambda one: str(one.fields.get("start_date")))
    points = laptop.store.records("point", plot.project_id, under)
    points.sort(key=lambda one: natural_order(str(one.fields["code"])))
    visits = _visits(laptop, plot, under)
    seen = {campaign for _, campaign in visits}
    return {
        "plot": plot,
        "facts": [
            (option_name(name), told(value))
            for name, value in plot.fields.items()
            if name not in _NOT_SHOWN
        ],
        "practices": laptop.store.records("practice", plot.project_id, under),
        "campaigns": [one for one in campaigns if one.id in seen],
        "points": points,
        "visits": visits,
        "asks": asked_form(laptop.store, plot.project_id, "plot") is not None,
        "changes": views.stocks(laptop, plot.project_id, str(plot.fields["code"]))[
            "changes"
        ],
    }


def _visits(
    laptop: Laptop, plot: RecordView, under: Sequence[str]
) -> Mapping[tuple[str, str], CoresThere]:
    """Count cores and bags by point and campaign."""
    cores = laptop.store.records("core", plot.project_id, under)
    of_core = {
        core.id: (str(core.fields["point_id"]), str(core.fields["campaign_id"]))
        for core in cores
    }
    bags: dict[tuple[str, str], list[float]] = defaultdict(list)
    for bag in laptop.store.records("sample", plot.project_id, under):
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
