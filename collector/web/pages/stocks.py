"""The page of the stocks: what the server derived, as the laptop has it."""

from collector.laptop.laptop import Laptop
from collector.record import names, views
from collector.web.page import Asked, Page
from schemas.stock_words import compared_text, notes


def show(laptop: Laptop, asked: Asked) -> Page:
    """Show changes of plots and stocks of points, with their reasons."""
    project = asked.query.get("project") or None
    plot = asked.query.get("plot") or None
    project_id = names.project_of(laptop.store, project)
    found = views.stocks(laptop, project_id, plot)
    facts = {
        "changes": [
            {**one, "compared": compared_text(one), "notes": notes(one)}
            for one in found["changes"]
        ],
        "points": found["stocks"],
        "plot": plot,
    }
    return Page("stocks.html.j2", "permille stocks --points", facts)
