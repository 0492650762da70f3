"""What the server asks of a database about contacts: a part of the port."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from server.store.contact_values import Consent, Contact


class Contacts(Protocol):
    """Farmers and other contacts, sealed by a key of each, and what they agreed to."""

    def add_contact(self, contact: Contact) -> None:
        """Save a contact with its key and its plots."""

    def contacts(self, project_ids: Sequence[str] | None = None) -> list[Contact]:
        """Return the contacts of some projects or of all, oldest first, erased ones too."""

    def plots_of_contacts(
        self, project_ids: Sequence[str]
    ) -> list[tuple[str, str, str]]:
        """Return the plots of contacts: project, contact, plot; nothing is opened for that."""

    def reseal_contact(self, contact: Contact) -> None:
        """Write what is personal about a contact anew, and which plots they have."""

    def erase_contact(self, contact: Contact) -> None:
        """Destroy the key of a contact, what it opens and the links to plots; keep its id.

        `contact` says when, by whom and why; what it seals is not looked at. A repeat
        keeps what the first one said.
        """

    def consents(self, project_ids: Sequence[str] | None = None) -> list[Consent]:
        """Return the consents of some projects or of all, contact by contact, in order."""

    def save_consents(self, consents: Iterable[Consent]) -> None:
        """Save consents; of one that is here only its withdrawal becomes another."""
