"""Commands `contact erase`, `due` and `retain`: gone for good, and when that is due."""

import json
from collections.abc import Callable
from pathlib import Path
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
from server.errors import UsageError

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
    "--again",
    "again",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="All that a file of contact list --erased --json names: after a restore, they"
    " are there again.",
)
@click.option(
    "--reason",
    callback=one_line(limits.NAME_CHARS),
    help="Why; it is kept, so name nobody. Needed for one CONTACT.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def erase(  # noqa: PLR0917 - click passes them by name
    context: click.Context,
    name: str | None,
    project: str | None,
    is_due: bool,
    again: Path | None,
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
    if (name is not None) + is_due + (again is not None) != 1:
        raise click.UsageError("give one of: a CONTACT, --due, --again")
    if name is not None and reason is None:
        raise click.UsageError("--reason: say why, without naming anybody")
    listed = None if again is None else _listed(again)

    def chosen(tx: Any, ids: list[str] | None) -> list["Known"]:  # noqa: ANN401
        return _chosen(tx, ids, name, listed)

    async def find(store: Any) -> list["Known"]:  # noqa: ANN401
        ids = await within(store, project)
        found: list[Known] = await store.read(lambda tx: chosen(tx, ids))
        return found

    found = with_store(context, find)
    if found:
        confirmed(f"Erase {_named(found)} for good?", yes=yes)
    why = reason or ("erased before a restore" if again else None)
    erased, is_gone = _erase(context, found, chosen, why) if found else ([], True)
    if as_json:
        print_json({"erased": [one.id for one in erased], "is_gone": is_gone})
        return
    say(f"{counted(len(erased), 'contact')} erased.")
    if not is_gone:
        say(
            "A copy may stand in permille.db-wal until reports that run have ended; then"
            " give any command that writes, or restart the server."
        )


def _listed(file: Path) -> set[str]:
    """Return the ids of a list of erased contacts."""
    try:
        return {str(one["id"]) for one in json.loads(file.read_text("utf-8"))}
    except (ValueError, LookupError, TypeError):
        raise UsageError(
            f"{file} is no list of contacts",
            "make it with: permille-server contact list --erased --json",
        ) from None


def _chosen(
    tx: Any,  # noqa: ANN401 - a transaction
    project_ids: list[str] | None,
    name: str | None,
    listed: set[str] | None,
) -> list["Known"]:
    """Return the contact that was named, those of a list, or those that are due."""
    from server.access.consents import due_contacts
    from server.access.contacts import find_contact, known_contacts

    if name is not None:
        return [find_contact(tx, name, project_ids)]
    ids = listed
    if ids is None:
        ids = {one.contact.id for one in due_contacts(tx, today(), project_ids)}
    every = known_contacts(tx, project_ids)
    return [one for one in every if one.contact.id in ids and one.personal]


def _erase(
    context: click.Context,
    found: list["Known"],
    chosen: Callable[[Any, list[str] | None], list["Known"]],
    reason: str | None,
) -> tuple[list["Contact"], bool]:
    """Erase contacts that are still chosen; return them, and whether files have no copy."""
    from server.access.consents import keep_days
    from server.access.contacts import erase as erase_contacts
    from server.clock import Clock

    by = act_of(context).person
    ids = {one.contact.id for one in found}
    projects = sorted({one.contact.project_id for one in found})

    async def job(store: Any) -> tuple[list["Contact"], bool]:  # noqa: ANN401
        def write(tx: Any) -> list["Contact"]:  # noqa: ANN401
            why = reason or f"no consent in force for {keep_days(tx)} days"
            every = [one.contact for one in chosen(tx, projects)]
            contacts = [one for one in every if one.id in ids]
            store.about(projects)
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
