"""Commands `contact erase`, `due` and `retain`: gone for good, and when that is due."""

from typing import TYPE_CHECKING, Any, Final

import click

from schemas import limits
from schemas.printing import TableForm, prose
from schemas.told import counted
from server.cli.acting import PersonalArgument, act_of, one_line
from server.cli.common import (
    confirmed,
    json_option,
    print_json,
    print_table,
    say,
    with_store,
)
from server.cli.contact import one_project_option, today, within
from server.cli.contact_change import contact
from server.cli.contact_consent import consent

if TYPE_CHECKING:
    from server.access.consents import Due
    from server.access.contacts import Known
    from server.store.contact_values import Contact

DUE: Final = TableForm(
    "contacts that are due",
    prose("name"),
    "id",
    prose("project"),
    "without consent since",
    "days",
)
#: The longest that may be said: a hundred years.
_MOST_DAYS: Final = 36_500


@contact.command("erase")
@click.argument("name", metavar="CONTACT", required=False, cls=PersonalArgument)
@one_project_option
@click.option(
    "--due",
    "is_due",
    is_flag=True,
    help="All that have had no consent in force for longer than is kept.",
)
@click.option(
    "--reason",
    callback=one_line(limits.NAME_CHARS),
    help="Why; it is kept, so name nobody. With --due it is said by itself.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def erase(  # noqa: PLR0917 - click passes them by name
    context: click.Context,
    name: str | None,
    project: str | None,
    is_due: bool,
    reason: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Erase a contact, by name or id, for good: nobody can bring it back.

    The key of what is personal is destroyed and the rest emptied. The id stays, with
    when, who and why; the audit log stays and holds. Backups of before have it as long as
    you keep them (docs/personal-data.md).

    \b
    Example:
      permille-server contact erase "Ada Diallo" --reason "asked for in a letter"
      permille-server contact erase --due --yes
    """
    if (name is None) != is_due:
        raise click.UsageError("give a CONTACT, or --due for all that are due")
    if not is_due and reason is None:
        raise click.UsageError("--reason: say why, without naming anybody")

    async def find(store: Any) -> list["Known"]:  # noqa: ANN401
        ids = await within(store, project)
        found: list[Known] = await store.read(lambda tx: _chosen(tx, name, ids))
        return found

    found = with_store(context, find)
    if found:
        confirmed(f"Erase {_named(found)} for good?", yes=yes)
    erased, is_gone = _erase(context, found, reason) if found else ([], True)
    if as_json:
        print_json({"erased": [one.id for one in erased], "is_gone": is_gone})
        return
    say(f"{counted(len(erased), 'contact')} erased.")
    if not is_gone:
        say(
            "A copy may stand in permille.db-wal until reports that run have ended; then"
            " give any command that writes, or restart the server."
        )


def _chosen(tx: Any, name: str | None, ids: list[str] | None) -> list["Known"]:  # noqa: ANN401 - a transaction
    """Return the contact that was named, or those that are due."""
    from server.access.consents import due_contacts
    from server.access.contacts import find_contact, known_contacts

    if name is not None:
        return [find_contact(tx, name, ids)]
    due = {one.contact.id for one in due_contacts(tx, today(), ids)}
    return [one for one in known_contacts(tx, ids) if one.contact.id in due]


def _erase(
    context: click.Context, found: list["Known"], reason: str | None
) -> tuple[list["Contact"], bool]:
    """Erase contacts; return them, and whether nothing is left in the files beside."""
    from server.access.consents import keep_days
    from server.access.contacts import erase as erase_contacts
    from server.clock import Clock

    by = act_of(context).person

    async def job(store: Any) -> tuple[list["Contact"], bool]:  # noqa: ANN401
        def write(tx: Any) -> list["Contact"]:  # noqa: ANN401
            why = reason or f"no consent in force for {keep_days(tx)} days"
            contacts = [one.contact for one in found]
            store.about(one.project_id for one in contacts)
            done = erase_contacts(tx, Clock(), contacts, by, why)
            store.say(contacts=[one.id for one in done])
            return done

        done: list[Contact] = await store.write(write)
        return done, await store.forget_deleted()

    erased, is_gone = with_store(context, job)
    return erased, bool(is_gone)


def _named(found: list["Known"]) -> str:
    if len(found) == 1:
        return f"{found[0].name} ({found[0].contact.id[:8]})"
    return counted(len(found), "contact")


@contact.command("due")
@one_project_option
@json_option
@click.pass_context
def due(context: click.Context, project: str | None, as_json: bool) -> None:
    """List the contacts that have had no consent in force for longer than is kept.

    Nothing is erased by this. Exit code 1 says that some are due.

    \b
    Example:
      permille-server contact due
    """
    from server.access.consents import due_contacts, keep_days
    from server.access.contacts import known_contacts
    from server.access.projects import known_projects

    async def job(store: Any) -> tuple[list["Due"], dict[str, str], int]:  # noqa: ANN401
        ids = await within(store, project)

        def read(tx: Any) -> tuple[list["Due"], dict[str, str], int]:  # noqa: ANN401
            names = {one["id"]: one["name"] for one in known_projects(tx)}
            names |= {one.contact.id: one.name for one in known_contacts(tx, ids)}
            return due_contacts(tx, today(), ids), names, keep_days(tx)

        found: tuple[list[Due], dict[str, str], int] = await store.read(read)
        return found

    found, names, days = with_store(context, job)
    if as_json:
        contacts = [
            {
                "id": one.contact.id,
                "project": one.contact.project_id,
                "name": names[one.contact.id],
                "since": one.since,
                "days": one.days,
            }
            for one in found
        ]
        print_json({"keep_days": days, "due": contacts})
    else:
        rows = [
            (
                names[one.contact.id],
                one.contact.id[:8],
                names.get(one.contact.project_id, ""),
                *(one.since, one.days),
            )
            for one in found
        ]
        print_table(DUE, rows)
        say(
            f"{counted(len(found), 'contact')} without a consent in force for more than"
            f" {days} days."
        )
        if found:
            say("to erase them: permille-server contact erase --due")
    if found:
        context.exit(1)


@contact.command("retain")
@click.argument("days", type=click.IntRange(0, _MOST_DAYS))
@json_option
@click.pass_context
def retain(context: click.Context, days: int, as_json: bool) -> None:
    """Say how many DAYS a contact is kept without a consent in force; 90 at first.

    Nothing is erased by this: contact due lists them, contact erase --due erases them.

    \b
    Example:
      permille-server contact retain 365
    """
    from server.access.consents import set_keep_days

    async def job(store: Any) -> None:  # noqa: ANN401
        await store.write(lambda tx: set_keep_days(tx, days))

    with_store(context, job)
    if as_json:
        print_json({"keep_days": days})
        return
    say(f"Contacts are due {counted(days, 'day')} after their last consent ended.")


__all__ = ["consent", "contact"]
