"""The first page: every project at a glance."""

from server.access.projects import projects
from server.desk.frame import Asked, Desk, DeskPage


async def show(desk: Desk, asked: Asked) -> DeskPage:
    """Show the projects that somebody may know."""
    known = [
        one for one in await projects(desk.store) if one["id"] in asked.project_ids
    ]
    return DeskPage(
        "programme.html.j2", "permille-server project list", {"known": known}
    )
