"""Find the project that people mean, and tell two of one code apart.

A laptop may begin a project whose code another one has: codes of projects are unique on
a laptop, not everywhere.
"""

from collections.abc import Sequence
from typing import Any, Final

from schemas.names import described, meant, told_apart
from server.access.names import Nameable
from server.access.records import find_record
from server.merge.model import Record
from server.store.port import Store, Transaction
from server.store.values import StoredProject

Project = dict[str, Any]

#: What is told of a project's own record.
_TOLD: Final = (
    "code",
    "title",
    "organisation_id",
    "reference_depth_cm",
    "stock_method_profile",
    "stock_mass_basis",
    "stock_reference",
    "stock_reference_mass_t_ha",
    "plot_selection",
    "sampled_area_ha",
    "sampled_strata_ha",
)


async def projects(store: Store) -> list[Project]:
    """Return every project with the code of its organisation and how to choose it.

    `name` is its code, with the start of its id where several have that code; `choose`
    is what to type.
    """
    return await store.read(known_projects)


def known_projects(tx: Transaction) -> list[Project]:
    """Return every project as `projects` does, inside a transaction."""
    found = {project.id: _data(project) for project in tx.projects()}
    told = told_apart({each["id"]: each["code"] for each in found.values()})
    return [
        {
            **each,
            "organisation": _organisation(tx, each),
            **told[project_id]._asdict(),
        }
        for project_id, each in found.items()
    ]


def _data(project: StoredProject) -> Project:
    return {
        "id": project.id,
        **{name: project.fields.get(name) for name in _TOLD},
        "seq": project.seq,
        "head": project.head,
        "created_at": project.created_at,
        "plots": project.plots,
        "samples": project.samples,
        "devices": project.devices,
    }


async def ids_of(store: Store, names: Sequence[str]) -> list[str]:
    """Return the ids of the projects that were named; of all where none was."""
    if not names:
        return [each["id"] for each in await projects(store)]
    return [(await find_project(store, name))["id"] for name in names]


async def find_project(store: Store, name: str) -> Project:
    """Return the project with this code, id or start of an id.

    Raises
    ------
    NotFoundError
        If there is none.
    AmbiguousError
        If several have the code, or ids that start so.
    """
    known = {each["id"]: each for each in await projects(store)}
    names = {each["id"]: (each["code"],) for each in known.values()}
    found = {place: known[place] for place in meant(name, names)}
    return _PROJECT.only(name, found, known)


def in_words(project: Project) -> str:
    """Return a project in words: name, title, who runs it."""
    return described(project["name"], project["title"], project["organisation"])


_PROJECT: Final[Nameable[Project]] = Nameable(
    "project", "permille-server project list", lambda project, _: in_words(project)
)


def _organisation(tx: Transaction, project: Project) -> str | None:
    name = project["organisation_id"]
    found = find_record(tx, project["id"], name) if name else None
    return str(found.fields.get("code")) if found and not found.deleted else None


def find_plot(tx: Transaction, project_id: str, name: str) -> Record:
    """Return the plot with this code, id or start of an id.

    Raises
    ------
    NotFoundError
        If there is none.
    AmbiguousError
        If several ids start so.
    """
    plots = {record.id: record for record in tx.records(project_id, "plot")}
    names = {record.id: (record.fields["code"],) for record in plots.values()}
    found = {place: plots[place] for place in meant(name, names)}
    return _PLOT.only(name, found, plots)


_PLOT: Final[Nameable[Record]] = Nameable(
    "plot",
    "permille-server stocks show --project PROJECT",
    lambda plot, start: f"{plot.fields['code']} ({start})",
)
