"""Find the campaign of a project that people mean."""

from typing import Final

from schemas.names import meant
from server.access.names import Nameable
from server.merge.model import Record
from server.store.port import Transaction

_CAMPAIGN: Final[Nameable[Record]] = Nameable(
    "campaign",
    "permille-server records list campaign --project PROJECT",
    lambda campaign, start: f"{campaign.fields['name']} ({start})",
)


def find_campaign(tx: Transaction, project_id: str, name: str) -> Record:
    """Return the campaign of a project with this name, id or start of an id.

    Raises
    ------
    NotFoundError
        If there is none.
    AmbiguousError
        If several ids start so.
    """
    campaigns = {one.id: one for one in campaigns_of(tx, project_id)}
    names = {one.id: (one.fields["name"],) for one in campaigns.values()}
    found = {place: campaigns[place] for place in meant(name, names)}
    return _CAMPAIGN.only(name, found, campaigns)


def campaigns_of(tx: Transaction, project_id: str) -> list[Record]:
    """Return the campaigns of a project, the last to begin first."""
    found = tx.records(project_id, "campaign")
    return sorted(
        found, key=lambda one: (str(one.fields["start_date"]), one.id), reverse=True
    )
