"""The page of today: what is next, what is missing, what is odd, what waits."""

from collector.errors import NotFoundError, RefusedError
from collector.laptop.laptop import Laptop
from collector.record import core_undo
from collector.record.field_day import field_day
from collector.record.local_day import day_of
from collector.web.odd import ODD_MOST, odd_rows
from collector.web.page import Asked, GoTo, Page
from collector.web.where import project_of


def show(laptop: Laptop, asked: Asked) -> Page:
    """Show one day of this laptop."""
    project = project_of(laptop, asked)
    if project is None:
        return Page("welcome.html.j2", "permille sync")
    day = day_of(laptop.clock, asked.query.get("day", ""))
    found = field_day(laptop, project.id, day)
    odd = found.odd or ()
    facts = {
        "day": found,
        "odd": odd_rows(laptop, odd[:ODD_MOST]),
        "odd_more": max(0, len(odd) - ODD_MOST),
        "last_core": _last_core(laptop, project.id),
        "is_today": not asked.query.get("day"),
    }
    return Page("today.html.j2", "permille today", facts)


def undo(laptop: Laptop, asked: Asked) -> GoTo:
    """Take the last core of today back, with its bags."""
    project = project_of(laptop, asked)
    assert project is not None, "the form stands on the page of a project"
    found = core_undo.last_core(laptop, project.id)
    if found.core.id != asked.form.get("core"):
        raise RefusedError(
            f"the last core is {found.name} by now, not the one of that page",
            "go back to today, and look which one is meant",
        )
    core_undo.take_back(laptop, found)
    return GoTo("/", f"{asked.speech.texts.gettext('Taken back:')} {found.name}")


def _last_core(laptop: Laptop, project_id: str) -> str:
    """Return the id of the core that is taken back; nothing where there is none."""
    try:
        return core_undo.last_core(laptop, project_id).core.id
    except NotFoundError:
        return ""
