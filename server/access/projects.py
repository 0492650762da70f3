"""Find the project that people mean, and tell two of one code apart.

A laptop may begin a project whose code another one has: codes of projects are unique on
a laptop, not everywhere.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from schemas.ids import is_start, starts
from server.access.records import find_record
from server.errors import AmbiguousError, NotFoundError
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
    found = [_data(project) for project in tx.projects()]
    codes = Counter(each["code"] for each in found)
    short = starts(each["id"] for each in found)
    return [
        {
            **each,
            "organisation": _organisation(tx, each),
            **_choice(each["code"], short[each["id"]], codes[each["code"]]),
        }
        for each in found
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


async def find_project(store: Store, name: str) -> Project:
    """Return the project with this code, id or start of an id.

    Raises
    ------
    NotFoundError
        If there is none.
    AmbiguousError
        If several have the code, or ids that start so.
    """
    known = await projects(store)
    found = [each for each in known if name in {each["code"], each["id"]}]
    if not found and is_start(name):
        found = [each for each in known if each["id"].startswith(name)]
    if not found:
        raise NotFoundError(
            f"there is no project {name}", "see: permille-server project list"
        )
    if len(found) > 1:
        raise AmbiguousError(
            f"{name} means several projects: {'; '.join(map(described, found))}",
            f"name one by the start of its id, such as: {_start_of(found, known)}",
        )
    return found[0]


def described(project: Project) -> str:
    """Return a project in words: name, title, who runs it.

    Examples
    --------
    >>> described(
    ...     {"name": "HF (0190a2b1)", "title": "Highfield", "organisation": "ROTH"}
    ... )
    'HF (0190a2b1) "Highfield" of ROTH'
    """
    title = f' "{project["title"]}"' if project["title"] else ""
    runs = f" of {project['organisation']}" if project["organisation"] else ""
    return f"{project['name']}{title}{runs}"


def _choice(code: str | None, start: str, count: int) -> dict[str, str]:
    if code is None:
        return {"name": start, "choose": start}
    if count > 1:
        return {"name": f"{code} ({start})", "choose": start}
    return {"name": code, "choose": code}


def _organisation(tx: Transaction, project: Project) -> str | None:
    name = project["organisation_id"]
    found = find_record(tx, project["id"], name) if name else None
    return str(found.fields.get("code")) if found and not found.deleted else None


def _start_of(found: Sequence[Project], known: Sequence[Project]) -> str:
    return starts(each["id"] for each in known)[found[0]["id"]]


def find_plot(tx: Transaction, project_id: str, code: str) -> Record:
    """Return the plot with this code or id.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    for record in tx.records(project_id, "plot"):
        if code in {record.fields["code"], record.id}:
            return record
    raise NotFoundError(
        f"there is no plot {code}", "see: permille-server stocks show --project PROJECT"
    )
