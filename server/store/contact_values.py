"""Contacts and their consents, as the store keeps them: values. Pure."""

from typing import NamedTuple


class SealedFields(NamedTuple):
    """What is personal about a contact, encrypted; the key and the salt are 32 bytes each."""

    text: bytes
    key: bytes
    salt: bytes


class Contact(NamedTuple):
    """A farmer or another person of one project, with the ids of their plots.

    `sealed` is None once the contact was erased: then `erased_at`, `erased_by` and
    `erased_because` say when, by whom and why.
    """

    project_id: str
    id: str
    created_at: str
    sealed: SealedFields | None
    plots: tuple[str, ...] = ()
    erased_at: str | None = None
    erased_by: str | None = None
    erased_because: str | None = None


class Consent(NamedTuple):
    """What a contact agreed to; `number` counts the consents of one contact from 1.

    Days are YYYY-MM-DD. `ends_on` is the last day that it holds, `withdrawn_on` the first
    on which it does not any more.
    """

    project_id: str
    contact_id: str
    number: int
    purpose: str
    given_on: str
    how: str
    ends_on: str | None
    withdrawn_on: str | None
    noted_at: str
