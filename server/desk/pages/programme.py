"""The first page: what the projects have come to, plot by plot."""

from server.access.rights import Right
from server.desk.board_words import VERDICTS
from server.desk.frame import Asked, Desk, DeskPage
from server.desk.paging import neighbours, page_asked
from server.desk.programme_map import programme_map
from server.figures.programme import programme_board


async def show(desk: Desk, asked: Asked) -> DeskPage:
    """Show the newest change of each plot; where it is to those who may see places."""
    names = {one.id: one.name for one in asked.projects if one.id in asked.project_ids}
    wanted = asked.query.get("verdict", "")
    found = await programme_board(
        desk.store,
        names,
        wanted if wanted in VERDICTS else None,
        page_asked(asked),
        asked.held.where(Right.PLACES, names),
    )
    facts = {
        "found": found,
        "map": found["map"] and programme_map(found["map"]),
        # Said once: a map of many plots names them thousands of times.
        "verdicts": {name: asked.speech.said(said) for name, said in VERDICTS.items()},
        "links": neighbours(asked, found),
    }
    about = f" --project {asked.chosen.name}" if asked.chosen else ""
    command = f"permille-server board programme{about}"
    return DeskPage("programme.html.j2", command, facts)
