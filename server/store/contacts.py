"""Contacts and their consents: SQLite."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from server.store.contact_values import Consent, Contact, SealedFields
from server.store.driver import Connection
from server.store.rows import json_list

_CONTACTS: Final = """
    SELECT c.project_id, c.contact_id, c.created_at, c.sealed, k.secret,
        (SELECT json_group_array(p.plot_id) FROM contact_plot p
         WHERE p.project_id = c.project_id AND p.contact_id = c.contact_id),
        c.erased_at, c.erased_by, c.erased_because
    FROM contact c LEFT JOIN contact_key k
        ON k.project_id = c.project_id AND k.contact_id = c.contact_id
"""
_OF_PROJECTS: Final = "WHERE c.project_id IN (SELECT value FROM json_each(?))"
_IN_ORDER: Final = "ORDER BY c.created_at, c.contact_id"
_CONSENTS: Final = """
    SELECT c.project_id, c.contact_id, c.number, c.purpose, c.given_on, c.how, c.ends_on,
        c.withdrawn_on, c.noted_at
    FROM consent c
"""
_BY_CONTACT: Final = "ORDER BY c.project_id, c.contact_id, c.number"
_SAVE_CONSENT: Final = """
    INSERT INTO consent (project_id, contact_id, number, purpose, given_on, how, ends_on,
        withdrawn_on, noted_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (project_id, contact_id, number) DO UPDATE
        SET withdrawn_on = excluded.withdrawn_on
"""
_ERASE: Final = """
    UPDATE contact SET sealed = NULL, erased_at = ?, erased_by = ?, erased_because = ?
    WHERE project_id = ? AND contact_id = ? AND erased_at IS NULL
"""
#: Zeros before a key and its salt. SQLite keeps what is longer than a page in pages of
#: their own; what is shorter it copies when it merges pages, and the copy would stay.
_BEFORE: Final = bytes(4096)
_KEY_BYTES: Final = 32
#: What they are written over with before their row goes.
_NO_SECRET: Final = bytes(len(_BEFORE) + 2 * _KEY_BYTES)


class ContactTables:
    """The part of a transaction that knows farmers and other contacts."""

    connection: Connection

    def add_contact(self, contact: Contact) -> None:
        """Save a contact with its key and its plots."""
        assert contact.sealed is not None, "what is erased is not added"
        text, key, salt = contact.sealed
        self.connection.execute(
            "INSERT INTO contact (project_id, contact_id, created_at, sealed)"
            " VALUES (?, ?, ?, ?)",
            (contact.project_id, contact.id, contact.created_at, text),
        )
        self.connection.execute(
            "INSERT INTO contact_key (project_id, contact_id, secret) VALUES (?, ?, ?)",
            (contact.project_id, contact.id, _BEFORE + key + salt),
        )
        self._add_plots(contact)

    def contacts(self, project_ids: Sequence[str] | None = None) -> list[Contact]:
        """Return the contacts of some projects or of all, oldest first, erased ones too."""
        if project_ids is None:
            rows = self.connection.execute(f"{_CONTACTS} {_IN_ORDER}")
        else:
            rows = self.connection.execute(
                f"{_CONTACTS} {_OF_PROJECTS} {_IN_ORDER}", (json_list(project_ids),)
            )
        return [_contact(row) for row in rows]

    def reseal_contact(self, contact: Contact) -> None:
        """Write what is personal about a contact anew, and which plots they have."""
        assert contact.sealed is not None, "what is erased is not written again"
        self.connection.execute(
            "UPDATE contact SET sealed = ? WHERE project_id = ? AND contact_id = ?",
            (contact.sealed.text, contact.project_id, contact.id),
        )
        self._forget_plots(contact)
        self._add_plots(contact)

    def erase_contact(self, contact: Contact) -> None:
        """Destroy the key of a contact, what it opens and the links to plots; keep its id."""
        place = (contact.project_id, contact.id)
        said = (contact.erased_at, contact.erased_by, contact.erased_because)
        self.connection.execute(
            "UPDATE contact_key SET secret = ? WHERE project_id = ? AND contact_id = ?",
            (_NO_SECRET, *place),
        )
        self.connection.execute(
            "DELETE FROM contact_key WHERE project_id = ? AND contact_id = ?", place
        )
        self._forget_plots(contact)
        self.connection.execute(_ERASE, (*said, *place))

    def consents(self, project_ids: Sequence[str] | None = None) -> list[Consent]:
        """Return the consents of some projects or of all, contact by contact, in order."""
        if project_ids is None:
            rows = self.connection.execute(f"{_CONSENTS} {_BY_CONTACT}")
        else:
            rows = self.connection.execute(
                f"{_CONSENTS} {_OF_PROJECTS} {_BY_CONTACT}", (json_list(project_ids),)
            )
        return [Consent(*row) for row in rows]

    def save_consents(self, consents: Iterable[Consent]) -> None:
        """Save consents; of one that is here only its withdrawal becomes another."""
        self.connection.executemany(_SAVE_CONSENT, [tuple(one) for one in consents])

    def _add_plots(self, contact: Contact) -> None:
        self.connection.executemany(
            "INSERT INTO contact_plot (project_id, contact_id, plot_id)"
            " VALUES (?, ?, ?)",
            [(contact.project_id, contact.id, plot) for plot in contact.plots],
        )

    def _forget_plots(self, contact: Contact) -> None:
        self.connection.execute(
            "DELETE FROM contact_plot WHERE project_id = ? AND contact_id = ?",
            (contact.project_id, contact.id),
        )


def _contact(row: tuple[Any, ...]) -> Contact:
    project_id, name, created_at, text, secret, plots, *erased = row
    sealed = None
    if text is not None and secret is not None:
        key, salt = (bytes(secret)[at:] for at in (-2 * _KEY_BYTES, -_KEY_BYTES))
        sealed = SealedFields(bytes(text), key[:_KEY_BYTES], salt)
    places = tuple(sorted(json.loads(plots)))
    return Contact(project_id, name, created_at, sealed, places, *erased)
