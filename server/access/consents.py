"""What contacts agreed to: in force or not, for which plots, and who is due to be erased.

Purposes and ways are closed lists: no free text, so nothing in a consent is personal.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final, NamedTuple

from schemas.fields import Day, FieldError
from schemas.problems import Problem
from server.access.contacts import Known
from server.clock import Clock
from server.errors import RefusedError, UsageError
from server.store.contact_values import Consent, Contact
from server.store.port import Transaction

#: What one may agree to.
SAMPLING: Final = "sampling"
CONTACT: Final = "contact"
PLACES: Final = "publication-of-coordinates"
PARTNER: Final = "sharing-with-partner"
PURPOSES: Final[Mapping[str, str]] = MappingProxyType(
    {
        SAMPLING: "soil of their plots is sampled and analysed",
        CONTACT: "they are written to and called",
        PLACES: "places of their plots are shown as they are",
        PARTNER: "results of their plots go to a partner, with their name",
    }
)
#: How it was said.
WAYS: Final = ("paper", "spoken", "e-mail")
#: Days after the last consent ended until a contact is due, where nobody said.
KEEP_DAYS: Final = 90
#: As long as anyone may say: a hundred years.
MOST_KEEP_DAYS: Final = 36_500
#: How days are written.
DAY: Final = Day()
#: The setting of the server that holds the days.
_KEEP: Final = "contacts_keep_days"


class Given(NamedTuple):
    """When and how somebody agreed, and the last day that it holds; days are YYYY-MM-DD."""

    on: str
    how: str
    ends_on: str | None = None


class Due(NamedTuple):
    """A contact without a consent in force, and since which day; `days` are counted from it."""

    contact: Contact
    since: str
    days: int


def is_in_force(consent: Consent, today: str) -> bool:
    """Return whether a consent holds on a day, YYYY-MM-DD.

    Examples
    --------
    >>> one = Consent(
    ...     "p", "c", 1, "sampling", "2026-05-01", "paper", "2026-12-31", None, ""
    ... )
    >>> is_in_force(one, "2026-12-31"), is_in_force(one, "2027-01-01")
    (True, False)
    >>> is_in_force(one._replace(withdrawn_on="2026-06-01"), "2026-06-01")
    False
    """
    return (
        consent.given_on <= today
        and (consent.ends_on is None or consent.ends_on >= today)
        and (consent.withdrawn_on is None or consent.withdrawn_on > today)
    )


def give(
    tx: Transaction,
    clock: Clock,
    known: Known,
    purposes: Iterable[str],
    given: Given,
) -> list[Consent]:
    """Save that a contact agreed to purposes.

    Raises
    ------
    RefusedError
        If the contact was erased.
    """
    contact = known.contact
    if known.personal is None:
        raise RefusedError(f"contact {contact.id[:8]} was erased", [])
    number = max((c.number for c in of_contact(tx, contact)), default=0)
    made = [
        Consent(
            contact.project_id,
            contact.id,
            number + place,
            purpose,
            given.on,
            given.how,
            given.ends_on,
            None,
            clock.stamp(),
        )
        for place, purpose in enumerate(dict.fromkeys(purposes), start=1)
    ]
    tx.save_consents(made)
    return made


def given(on: str | None, how: str | None, ends_on: str | None, today: str) -> Given:
    """Return when and how somebody agreed.

    Raises
    ------
    RefusedError
        If a day is none, lies ahead or is before the other, or the way is not in the list.
    """
    problems = _wrong_days(on, ends_on, today)
    if how not in WAYS:
        problems.append(Problem("not_in_list", "how", how, ", ".join(WAYS)))
    if problems or on is None or how is None:
        raise RefusedError("the consent cannot be kept as it is", problems)
    return Given(on, how, ends_on)


def _wrong_days(on: str | None, ends_on: str | None, today: str) -> list[Problem]:
    """Return what is wrong with the days of a consent."""
    found = []
    for name, text in (("given_on", on or ""), ("ends_on", ends_on)):
        if text is None:
            continue
        try:
            DAY.check(text)
        except FieldError as error:
            found.append(replace(error.problem, path=name))
    if found or on is None:
        return found
    if on > today:
        found.append(Problem("not_a_date", "given_on", on, "it is still to come"))
    if ends_on is not None and ends_on < on:
        found.append(Problem("date_order", "ends_on", ends_on))
    return found


def withdraw(
    tx: Transaction, known: Known, purpose: str, on: str, today: str
) -> list[Consent]:
    """End every consent of a contact to a purpose; `on` is the first day without it.

    Raises
    ------
    RefusedError
        If none is in force.
    UsageError
        If the day is none, or lies ahead.
    """
    try:
        DAY.check(on)
    except FieldError:
        raise UsageError(f"{on} is no day", "write it as 2026-05-01") from None
    if on > today:
        raise UsageError(f"{on} is still to come", "withdraw it when it is said")
    ended = [
        consent._replace(withdrawn_on=on)
        for consent in of_contact(tx, known.contact)
        if consent.purpose == purpose and is_in_force(consent, today)
    ]
    if not ended:
        raise RefusedError(
            f"there is no consent to {purpose} in force",
            [],
            "see: permille-server contact consent list",
        )
    tx.save_consents(ended)
    return ended


def of_contact(tx: Transaction, contact: Contact) -> list[Consent]:
    """Return the consents of one contact, in the order in which they were noted."""
    every = tx.consents([contact.project_id])
    return [one for one in every if one.contact_id == contact.id]


def public_plots(
    tx: Transaction, project_ids: Sequence[str], today: str
) -> set[tuple[str, str]]:
    """Return the plots that may be shown where they are: each its project and its id.

    Every contact of such a plot agreed to that, and there is one.
    """
    agreed = {
        consent.contact_id
        for consent in tx.consents(project_ids)
        if consent.purpose == PLACES and is_in_force(consent, today)
    }
    if not agreed:
        return set()
    shown, hidden = set[tuple[str, str]](), set[tuple[str, str]]()
    for project_id, contact_id, plot in tx.plots_of_contacts(project_ids):
        (shown if contact_id in agreed else hidden).add((project_id, plot))
    return shown - hidden


def keep_days(tx: Transaction) -> int:
    """Return how many days a contact stays without a consent in force."""
    return int(tx.setting(_KEEP) or KEEP_DAYS)


def set_keep_days(tx: Transaction, days: int) -> None:
    """Say how many days a contact stays without a consent in force."""
    assert 0 <= days <= MOST_KEEP_DAYS, "the command checks it"
    tx.set_setting(_KEEP, str(days))


def due_contacts(
    tx: Transaction, today: str, project_ids: Sequence[str] | None = None
) -> list[Due]:
    """Return the contacts that have had no consent in force for longer than is kept."""
    consents: dict[str, list[Consent]] = {}
    for consent in tx.consents(project_ids):
        consents.setdefault(consent.contact_id, []).append(consent)
    most = keep_days(tx)
    found = [
        _without(contact, consents.get(contact.id, []), today)
        for contact in tx.contacts(project_ids)
        if contact.erased_at is None
    ]
    return [due for due in found if due is not None and due.days > most]


def _without(contact: Contact, consents: list[Consent], today: str) -> Due | None:
    """Return since when a contact has no consent in force; None where it has one."""
    if any(is_in_force(one, today) for one in consents):
        return None
    ends = [contact.created_at[:10]]
    ends += [last for one in consents if (last := _last_day(one)) and last <= today]
    since = max(ends)
    return Due(
        contact, since, (date.fromisoformat(today) - date.fromisoformat(since)).days
    )


def _last_day(consent: Consent) -> str | None:
    """Return the first day without a consent."""
    ends = [consent.withdrawn_on] if consent.withdrawn_on else []
    if consent.ends_on:
        end = date.fromisoformat(consent.ends_on) + timedelta(days=1)
        ends.append(end.isoformat())
    return min(ends, default=None)
