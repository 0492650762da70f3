"""The page of the plan: what is left in walking order, and a map of it."""

from collector.laptop.laptop import Laptop
from collector.plan.visits import PlanQuestion, plan_of
from collector.record import names
from collector.web.page import Asked, Page
from collector.web.plan_map import plan_map
from collector.web.where import project_of


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
    facts = {"plan": found, "map": plan_map(found, plots), "plot": code}
    typed = f"permille plan --plot {code}" if code else "permille plan"
    return Page("plan.html.j2", typed, facts)
