"""The page of the plan: what is left in walking order, and a map of it."""

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlencode

from collector.laptop.laptop import Laptop
from collector.plan.visits import CampaignPlan, PlanQuestion, Visit, plan_of
from collector.record import names
from collector.web.page import Asked, Page
from collector.web.plan_map import ZOOMS, Frame, Spotted, plan_map
from collector.web.where import project_of


class MapLinks(NamedTuple):
    """Where the links of a map lead; nothing where there is no way."""

    closer: str
    farther: str
    onward: str
    whole: str
    middle: str  # the point that the map is drawn around


def show(laptop: Laptop, asked: Asked) -> Page:
    """Show the plan of a campaign, perhaps of one plot."""
    project = project_of(laptop, asked)
    if project is None:
        return Page("welcome.html.j2", "permille sync")
    code = asked.query.get("plot", "")
    plot = names.find(laptop.store, "plot", code, project.id) if code else None
    campaign = asked.query.get("campaign") or None
    if not laptop.store.records("campaign", project.id, limit=1):
        return Page("plan.html.j2", "permille campaign add", {"plan": None})
    found = plan_of(laptop, project.id, PlanQuestion(campaign, plot))
    plots = [plot] if plot else laptop.store.records("plot", project.id)
    zoom = zoom_of(asked)
    middle = _middle(found, asked.query.get("at", ""), zoom)
    file = asked.tiles.of(laptop)
    drawn = plan_map(
        list(_spotted(found)),
        [visit.place for visit in found.left if visit.place is not None],
        plots,
        Frame(zoom, middle.place if middle else None),
        file,
    )
    facts = {
        "plan": found,
        "map": drawn,
        "links": _links(asked, found, zoom, middle),
        "credit": file.credit if file else "",
        "has_tiles": file is not None,
        "tiles_refusal": asked.tiles.refusal,
        "plot": code,
    }
    typed = f"permille plan --plot {code}" if code else "permille plan"
    return Page("plan.html.j2", typed, facts)


def zoom_of(asked: Asked) -> int:
    """Return how often the map is doubled; 0 shows all of it."""
    try:
        wanted = int(asked.query.get("zoom", "0")[:4])
    except ValueError:
        return 0
    return max(ZOOMS[0], min(ZOOMS[-1], wanted))


def _middle(plan: CampaignPlan, name: str, zoom: int) -> Visit | None:
    """Return the visit that the map is drawn around: the named one, or close by the next."""
    placed = [one for one in _every(plan) if one.place is not None]
    named = [one for one in placed if one.name == name]
    if named:
        return named[0]
    return placed[0] if placed and zoom > 0 else None


def _every(plan: CampaignPlan) -> Iterator[Visit]:
    yield from (*plan.left, *plan.done, *plan.skipped)


def _links(
    asked: Asked, plan: CampaignPlan, zoom: int, middle: Visit | None
) -> MapLinks:
    at = middle.name if middle else ""
    following = _following(plan, at)
    return MapLinks(
        _link(asked, zoom + 1, at) if zoom < ZOOMS[-1] else "",
        _link(asked, zoom - 1, at if zoom > 1 else "") if zoom > ZOOMS[0] else "",
        _link(asked, max(zoom, 1), following) if following else "",
        _link(asked, 0, "") if zoom or at else "",
        at,
    )


def _link(asked: Asked, zoom: int, at: str) -> str:
    """Return the address of the same plan, drawn otherwise."""
    said = {name: asked.query.get(name, "") for name in ("project", "plot", "campaign")}
    said |= {"zoom": str(zoom) if zoom else "", "at": at}
    given = {name: text for name, text in said.items() if text}
    return f"/plan?{urlencode(given)}" if given else "/plan"


def _following(plan: CampaignPlan, name: str) -> str:
    """Return the point that is walked to after one; the first one after the last."""
    placed = [one.name for one in plan.left if one.place is not None]
    place = placed.index(name) + 1 if name in placed else 0
    return placed[place % len(placed)] if placed else ""


def _spotted(plan: CampaignPlan) -> Iterator[Spotted]:
    for visit, kind in _kinds(plan):
        if visit.place is not None:
            yield Spotted(visit.place, kind, visit.name)


def _kinds(plan: CampaignPlan) -> Iterator[tuple[Visit, str]]:
    for number, visit in enumerate(plan.left):
        yield visit, "left" if number else "next"
    for visit in plan.done:
        yield visit, "done"
    for visit in plan.skipped:
        yield visit, "skipped"
