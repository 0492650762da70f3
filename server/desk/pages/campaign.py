"""A campaign: how far each of its points has come, late ones first."""

from datetime import date
from shlex import quote

from server.access.campaigns import campaigns_of
from server.access.rights import Right
from server.desk.board_words import STAGES
from server.desk.frame import Asked, Desk, DeskPage
from server.desk.paging import neighbours, page_asked, whole_number
from server.figures.campaign_board import (
    LATE_DAYS,
    CampaignChoices,
    Team,
    campaign_board,
)

_TEMPLATE = "campaign.html.j2"
_COMMAND = "permille-server board campaign --project PROJECT --campaign NAME"


async def show(desk: Desk, asked: Asked) -> DeskPage:
    """Show a campaign of the project, the last to begin where none is named.

    Who recorded what is shown to those who may see names.
    """
    project = asked.chosen
    if project is None:
        return DeskPage(_TEMPLATE, _COMMAND, {"found": None, "campaigns": []})
    every = await desk.store.read(lambda tx: campaigns_of(tx, project.id))
    if not every:
        return DeskPage(_TEMPLATE, _COMMAND, {"found": None, "campaigns": every})
    name = asked.query.get("campaign") or every[0].id
    by = asked.query.get("by", "")
    choices = CampaignChoices(
        today=date.fromisoformat(desk.clock.stamp()[:10]),
        late_days=whole_number(asked, "late", LATE_DAYS),
        by=Team(by) if by in {*Team} else Team.DEVICE,
        page=page_asked(asked),
    )
    found = await campaign_board(desk.store, project.id, name, choices)
    called = found["campaign"]["name"]
    facts = {
        "found": found,
        "campaigns": [one.fields["name"] for one in every],
        "stages": STAGES,
        "links": neighbours(asked, found),
        "may_see_names": asked.may(Right.NAMES),
    }
    about = f"--project {quote(project.name)} --campaign {quote(called)}"
    return DeskPage(_TEMPLATE, f"permille-server board campaign {about}", facts)
