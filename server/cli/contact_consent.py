"""Commands `contact consent add`, `withdraw` and `list`."""

from typing import TYPE_CHECKING, Any, Final

import click

from schemas.printing import TableForm, prose
from schemas.told import counted
from server.cli.common import json_option, print_json, print_table, say, with_store
from server.cli.contact import (
    View,
    contact,
    contact_argument,
    one_project_option,
    today,
    within,
)

if TYPE_CHECKING:
    from server.store.contact_values import Consent

#: They are named here and not imported, so that --help loads nothing.
PURPOSES: Final = (
    *("sampling", "contact", "publication-of-coordinates"),
    "sharing-with-partner",
)
WAYS: Final = ("paper", "spoken", "e-mail")
CONSENTS: Final = TableForm(
    "consents",
    prose("contact"),
    "id",
    prose("agreed to"),
    "given",
    "how",
    "ends",
    "withdrawn",
    "in force",
)
_purpose: Final = click.option(
    "--purpose", required=True, type=click.Choice(PURPOSES), help="What to."
)


@contact.group("consent")
def consent() -> None:
    """Keep what contacts agreed to: what to, when, how, and until when.

    \b
    Example:
      permille-server contact consent add "Ada Diallo" --purpose sampling --how paper
    """


@consent.command("add")
@contact_argument
@one_project_option
@click.option(
    "--purpose",
    "purposes",
    required=True,
    multiple=True,
    type=click.Choice(PURPOSES),
    help="What to; repeatable.",
)
@click.option("--how", required=True, type=click.Choice(WAYS), help="How they said it.")
@click.option("--given-on", metavar="DAY", help="When they did; today when not given.")
@click.option("--ends-on", metavar="DAY", help="The last day of it; no end by itself.")
@json_option
@click.pass_context
def add(  # noqa: PLR0917 - click passes them by name
    context: click.Context,
    contact: str,
    project: str | None,
    purposes: tuple[str, ...],
    how: str,
    given_on: str | None,
    ends_on: str | None,
    as_json: bool,
) -> None:
    """Save that a contact, by name or id, agreed to something.

    With publication-of-coordinates of all contacts of a plot, viewers see it where it is.

    \b
    Example:
      permille-server contact consent add "Ada Diallo" --purpose sampling \\
                      --how paper --given-on 2026-05-04 --ends-on 2031-05-03
    """
    from server.access.consents import give, given
    from server.access.contacts import find_contact
    from server.clock import Clock

    agreed = given(given_on or today(), how, ends_on, today())

    async def job(store: Any) -> list["Consent"]:  # noqa: ANN401
        ids = await within(store, project)

        def write(tx: Any) -> list["Consent"]:  # noqa: ANN401
            known = find_contact(tx, contact, ids)
            store.about([known.contact.project_id])
            store.say(contacts=[known.contact.id])
            return give(tx, Clock(), known, purposes, agreed)

        done: list[Consent] = await store.write(write)
        return done

    _tell(with_store(context, job), "noted", as_json=as_json)


@consent.command("withdraw")
@contact_argument
@one_project_option
@_purpose
@click.option(
    "--on", "on", metavar="DAY", help="The first day without it; today when not given."
)
@json_option
@click.pass_context
def withdraw(
    context: click.Context,
    contact: str,
    project: str | None,
    purpose: str,
    on: str | None,
    as_json: bool,
) -> None:
    """End what a contact agreed to; that they once did stays.

    \b
    Example:
      permille-server contact consent withdraw "Ada Diallo" --purpose sampling
    """
    from server.access import consents
    from server.access.contacts import find_contact

    async def job(store: Any) -> list["Consent"]:  # noqa: ANN401
        ids = await within(store, project)

        def write(tx: Any) -> list["Consent"]:  # noqa: ANN401
            known = find_contact(tx, contact, ids)
            store.about([known.contact.project_id])
            store.say(contacts=[known.contact.id])
            return consents.withdraw(tx, known, purpose, on or today(), today())

        done: list[Consent] = await store.write(write)
        return done

    _tell(with_store(context, job), "withdrawn", as_json=as_json)


@consent.command("list")
@one_project_option
@json_option
@click.pass_context
def list_(context: click.Context, project: str | None, as_json: bool) -> None:
    """List what contacts agreed to, whether it holds today or not.

    \b
    Example:
      permille-server contact consent list --project HF
    """
    from server.access.contacts import known_contacts

    async def job(store: Any) -> tuple[View, list["Consent"], dict[str, str]]:  # noqa: ANN401
        ids = await within(store, project)

        def read(tx: Any) -> tuple[View, list["Consent"], dict[str, str]]:  # noqa: ANN401
            names = {one.contact.id: one.name for one in known_contacts(tx, ids)}
            return View(tx, ids, today()), tx.consents(ids), names

        found: tuple[View, list[Consent], dict[str, str]] = await store.read(read)
        return found

    view, found, names = with_store(context, job)
    told = [view.consent(one) for one in found]
    if as_json:
        print_json(told)
        return
    rows = [
        (
            names[one["contact_id"]],
            one["contact_id"][:8],
            *(one["purpose"], one["given_on"], one["how"], one["ends_on"]),
            *(one["withdrawn_on"], "yes" if one["in_force"] else "no"),
        )
        for one in told
    ]
    print_table(CONSENTS, rows)
    click.echo(f"{counted(len(rows), 'consent')}.")


def _tell(done: list["Consent"], what: str, *, as_json: bool) -> None:
    if as_json:
        print_json([one._asdict() for one in done])
        return
    for one in done:
        say(f"{what}: {one.purpose} of contact {one.contact_id[:8]}")


__all__ = ["contact"]
