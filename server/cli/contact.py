"""Command `contact`: farmers and others, apart from samples; contact_*.py add the others."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from schemas.printing import TableForm, prose
from schemas.told import counted
from server.cli.acting import PersonalArgument
from server.cli.common import (
    json_option,
    print_facts,
    print_json,
    print_table,
    projects_option,
    with_store,
)

if TYPE_CHECKING:
    from server.access.contacts import Known
    from server.store.contact_values import Consent

CONTACTS: Final = TableForm(
    "contacts",
    prose("name"),
    "id",
    prose("project"),
    prose("plots"),
    prose("agreed to"),
    "since",
    "erased",
)
#: The contact that a command is about; its name may be that of a person.
contact_argument: Final = click.argument(
    "contact", metavar="CONTACT", cls=PersonalArgument
)
one_project_option: Final = click.option(
    "--project", help="Only of this project, by code or start of its id."
)


class View:
    """What is shown of contacts: names of projects and plots, and what holds today."""

    def __init__(self, tx: Any, projects: Sequence[str] | None, today: str) -> None:  # noqa: ANN401 - a transaction
        from server.access.projects import known_projects

        self._today = today
        self._projects = {one["id"]: one["name"] for one in known_projects(tx)}
        chosen = self._projects if projects is None else projects
        self._plots = {
            (project_id, plot.id): str(plot.fields.get("code"))
            for project_id in chosen
            for plot in tx.records(project_id, "plot")
        }
        self._consents: dict[str, list[Consent]] = {}
        for consent in tx.consents(projects):
            self._consents.setdefault(consent.contact_id, []).append(consent)

    def data(self, known: "Known") -> dict[str, Any]:
        """Return the JSON object of a contact."""
        one, personal = known.contact, known.personal
        return {
            "id": one.id,
            "project": one.project_id,
            "personal": personal.as_data() if personal else None,
            "plots": {place: self._plot(one.project_id, place) for place in one.plots},
            "consents": [self.consent(each) for each in self._consents.get(one.id, [])],
            "created_at": one.created_at,
            "erased_at": one.erased_at,
            "erased_by": one.erased_by,
            "erased_because": one.erased_because,
        }

    def consent(self, one: "Consent") -> dict[str, Any]:
        """Return the JSON object of a consent."""
        from server.access.consents import is_in_force

        return {**one._asdict(), "in_force": is_in_force(one, self._today)}

    def row(self, known: "Known") -> tuple[object, ...]:
        """Return the row of a contact in a list."""
        one = known.contact
        return (
            known.name,
            one.id[:8],
            self._projects.get(one.project_id, one.project_id[:8]),
            ", ".join(self._plot(one.project_id, place) for place in one.plots),
            ", ".join(self.purposes(known)),
            one.created_at[:10],
            (one.erased_at or "")[:10],
        )

    def purposes(self, known: "Known") -> list[str]:
        """Return what a contact agreed to that holds today; nothing of an erased one."""
        if known.personal is None:
            return []
        every = map(self.consent, self._consents.get(known.contact.id, []))
        return list(dict.fromkeys(c["purpose"] for c in every if c["in_force"]))

    def facts(self, known: "Known", lines: Iterable[int]) -> list[tuple[str, object]]:
        """Return what is shown of one contact, name by name."""
        one, said = known.contact, self.row(known)
        personal: Mapping[str, object] = (
            known.personal.as_data() if known.personal else {"name": "erased"}
        )
        return [
            *personal.items(),
            ("id", one.id),
            ("project", said[2]),
            ("plots", said[3]),
            ("agreed to", said[4]),
            ("since", one.created_at[:16]),
            ("audit lines", ", ".join(map(str, lines))),
            ("erased", (one.erased_at or "")[:16]),
            ("erased by", one.erased_by),
            ("because", one.erased_because),
        ]

    def _plot(self, project_id: str, place: str) -> str:
        return self._plots.get((project_id, place), place[:8])


def today() -> str:
    """Return the day, UTC."""
    from server.clock import Clock

    return Clock().stamp()[:10]


async def within(store: Any, project: str | None) -> list[str] | None:  # noqa: ANN401
    """Return the id of the project that a contact is looked for in; None for all."""
    from server.access.projects import find_project

    return None if project is None else [(await find_project(store, project))["id"]]


@click.group()
def contact() -> None:
    """Keep farmers and other contacts, and what they agreed to, apart from samples.

    What is personal is encrypted, never sent to laptops, and gone for good once erased.

    \b
    Example:
      permille-server contact add --project HF --plot HF
      permille-server contact list --project HF
    """


@contact.command("list")
@projects_option
@click.option("--erased", is_flag=True, help="Only those that were erased.")
@json_option
@click.pass_context
def list_(
    context: click.Context, projects: tuple[str, ...], erased: bool, as_json: bool
) -> None:
    """List contacts with their plots and what they agreed to that holds today.

    \b
    Example:
      permille-server contact list --project HF
      permille-server contact list --erased --json
    """
    from server.access.contacts import known_contacts
    from server.access.projects import ids_of

    async def job(store: Any) -> tuple["View", list["Known"]]:  # noqa: ANN401
        ids = await ids_of(store, projects)

        def read(tx: Any) -> tuple["View", list["Known"]]:  # noqa: ANN401
            every = known_contacts(tx, ids)
            shown = [one for one in every if bool(one.contact.erased_at) or not erased]
            return View(tx, ids, today()), shown

        found: tuple[View, list[Known]] = await store.read(read)
        return found

    view, found = with_store(context, job)
    if as_json:
        print_json([view.data(one) for one in found])
        return
    print_table(CONTACTS, [view.row(one) for one in found])
    click.echo(f"{counted(len(found), 'contact')}.")


@contact.command("show")
@contact_argument
@one_project_option
@json_option
@click.pass_context
def show(
    context: click.Context, contact: str, project: str | None, as_json: bool
) -> None:
    """Show a contact by name or id, and the lines of the audit log that prove it.

    Those lines have a commitment to what is shown here: that it was there, unaltered,
    since then.

    \b
    Example:
      permille-server contact show "Ada Diallo"
    """
    from server.access.contacts import find_contact, noted_lines

    async def job(store: Any) -> tuple["View", "Known", list[int]]:  # noqa: ANN401
        ids = await within(store, project)

        def read(tx: Any) -> tuple["View", "Known", list[int]]:  # noqa: ANN401
            known = find_contact(tx, contact, ids)
            own = [known.contact.project_id]
            return View(tx, own, today()), known, noted_lines(tx, known)

        found: tuple[View, Known, list[int]] = await store.read(read)
        return found

    view, known, lines = with_store(context, job)
    if as_json:
        print_json({**view.data(known), "audit_lines": lines})
        return
    print_facts(view.facts(known, lines))
