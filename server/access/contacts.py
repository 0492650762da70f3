"""Farmers and other contacts: who they are, of which plots, and how they are erased.

They are rows of the server alone. Nothing about them is in a log, whose lines cannot be
altered, and nothing about them travels to laptops.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from schemas.names import meant
from server.access.audit_log import audit_entries
from server.access.names import Nameable
from server.access.personal import Personal, commitment, opened, personal_of, sealed
from server.access.projects import find_plot
from server.clock import Clock
from server.errors import RefusedError
from server.store.contact_values import Contact
from server.store.port import Transaction


class Known(NamedTuple):
    """A contact as it is known now; `personal` is None once it was erased."""

    contact: Contact
    personal: Personal | None

    @property
    def name(self) -> str:
        """Return what to call it."""
        return self.personal.name if self.personal else "erased"

    @property
    def commitment(self) -> str | None:
        """Return what the audit log says of it; None once it was erased."""
        if self.personal is None or self.contact.sealed is None:
            return None
        return commitment(self.personal, self.contact.sealed.salt)


def known_contacts(
    tx: Transaction, project_ids: Sequence[str] | None = None
) -> list[Known]:
    """Return the contacts of some projects or of all, opened, oldest first.

    Raises
    ------
    UnreadableError
        If one does not open with its key.
    """
    return [
        Known(one, opened(one.sealed, one.id) if one.sealed else None)
        for one in tx.contacts(project_ids)
    ]


def find_contact(
    tx: Transaction, name: str, project_ids: Sequence[str] | None = None
) -> Known:
    """Return the contact with this name, id or start of an id.

    Raises
    ------
    NotFoundError
        If there is none.
    AmbiguousError
        If several are called so.
    """
    known = {one.contact.id: one for one in known_contacts(tx, project_ids)}
    names = {place: {one.name} for place, one in known.items() if one.personal}
    found = meant(name, {**dict.fromkeys(known, ()), **names})
    return _CONTACT.only(name, {place: known[place] for place in found}, known)


def add_contact(
    tx: Transaction,
    clock: Clock,
    project_id: str,
    personal: Personal,
    plots: Iterable[str] = (),
) -> Known:
    """Save a contact of a project, with plots by their codes.

    Raises
    ------
    NotFoundError
        If there is no such plot.
    """
    places = plot_ids(tx, project_id, plots)
    name = clock.new_id()
    seal = sealed(personal, name, clock.key(), clock.key(), clock.key()[:12])
    contact = Contact(project_id, name, clock.stamp(), seal, places)
    tx.add_contact(contact)
    return Known(contact, personal)


def edit_contact(
    tx: Transaction,
    clock: Clock,
    known: Known,
    said: Mapping[str, object],
    plots: Iterable[str] | None = None,
) -> Known:
    """Change what is said of a contact; an empty text empties a field.

    `plots` are all plots of the contact from now on, None leaves them as they are.

    Raises
    ------
    RefusedError
        If the contact was erased, or a field cannot be kept.
    NotFoundError
        If there is no such plot.
    """
    contact = known.contact
    if known.personal is None or contact.sealed is None:
        raise RefusedError(
            f"contact {contact.id[:8]} was erased",
            [],
            "add a new one: permille-server contact add",
        )
    personal = personal_of({**known.personal.as_data(), **said})
    places = contact.plots
    if plots is not None:
        places = plot_ids(tx, contact.project_id, plots)
    _, key, salt = contact.sealed
    seal = sealed(personal, contact.id, key, salt, clock.key()[:12])
    changed = contact._replace(sealed=seal, plots=places)
    tx.reseal_contact(changed)
    return Known(changed, personal)


def erase(
    tx: Transaction, clock: Clock, contacts: Iterable[Contact], by: str, because: str
) -> list[Contact]:
    """Destroy what is personal about contacts; return those that were not erased before.

    The id stays, with when, by whom and why; the audit log stays as it is, and holds.
    """
    erased = [
        one._replace(
            sealed=None,
            plots=(),
            erased_at=clock.stamp(),
            erased_by=by,
            erased_because=because,
        )
        for one in contacts
        if one.erased_at is None
    ]
    for one in erased:
        tx.erase_contact(one)
    return erased


def noted_lines(tx: Transaction, known: Known) -> list[int]:
    """Return the lines of the audit log that say of a contact what it says now.

    Whoever can open a contact proves with these what was there, and since when.
    """
    said = f"{known.contact.id} {known.commitment}"
    return [
        entry.number
        for entry in audit_entries(tx)
        if said in entry.said.get("contacts", ())
    ]


def for_audit(known: Iterable[Known]) -> list[str]:
    """Return what a line of the audit log says of contacts: ids, each with its commitment."""
    return [f"{one.contact.id} {one.commitment}" for one in known]


def plot_ids(tx: Transaction, project_id: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return the ids of plots that were named by code, id or start of an id.

    Raises
    ------
    NotFoundError
        If there is no such plot.
    """
    found = [find_plot(tx, project_id, name).id for name in names]
    return tuple(sorted(set(found)))


_CONTACT: Final[Nameable[Known]] = Nameable(
    "contact",
    "permille-server contact list",
    lambda known, start: f"{known.name} ({start})",
)
