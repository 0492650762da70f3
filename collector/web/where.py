"""Which project a page is about: the one that was chosen, or the only one."""

from collector.errors import RefusedError
from collector.laptop import settings
from collector.laptop.laptop import Laptop
from collector.record import names
from collector.rules.overlay import RecordView
from collector.web.page import Asked, ProjectChoice


def project_of(laptop: Laptop, asked: Asked) -> RecordView | None:
    """Return the project of a page; None where the laptop has none yet.

    Raises
    ------
    RefusedError
        If there are several and none was chosen.
    """
    if not laptop.store.records("project", limit=1):
        return None
    chosen = asked.form.get("project") or asked.query.get("project")
    chosen = chosen or _remembered(laptop)
    if chosen is None and len(laptop.store.records("project", limit=2)) > 1:
        raise RefusedError(
            "this laptop has several projects", "choose one at the head of the page"
        )
    return names.the_project(laptop.store, chosen)


def projects_of(laptop: Laptop) -> list[ProjectChoice]:
    """Return the projects to choose from; none where there is nothing to choose."""
    every = names.project_names(laptop.store)
    chosen = _remembered(laptop)
    choices = [ProjectChoice(id_, name, id_ == chosen) for id_, name in every.items()]
    return sorted(choices, key=lambda one: one.name) if len(choices) > 1 else []


def choose(laptop: Laptop, project: str) -> None:
    """Remember which project the pages are about."""
    found = names.the_project(laptop.store, project)
    laptop.store.set_settings({settings.PAGE_PROJECT: found.id})


def _remembered(laptop: Laptop) -> str | None:
    """Return the project that was chosen, where it is still there."""
    chosen = laptop.store.setting(settings.PAGE_PROJECT)
    view = laptop.store.record(chosen) if chosen else None
    return chosen if view is not None and not view.deleted else None
