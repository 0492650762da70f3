"""Find the record that people mean, and name records as people do."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from collector.errors import NotFoundError, RefusedError, UsageError
from collector.record.paths import by_path
from collector.rules.overlay import RecordView
from collector.store.port import Store
from schemas.ids import is_id, is_start, join_key, starts
from schemas.names import Told, described, meant, told_apart
from schemas.phrases import _, listed
from schemas.record_words import by_start, not_here, record_in_words
from schemas.records import TYPES, references_of

#: How a name of each type reads.
FORMS: Final = {
    "organisation": "CODE",
    "project": "CODE",
    "plot": "CODE",
    "practice": "PLOT/WHAT",
    "design": "PLOT/NUMBER",
    "point": "PLOT/CODE",
    "campaign": "NAME",
    "core": "PLOT/POINT/CAMPAIGN/NUMBER",
    "sample": "SAMPLE_CODE",
    "question_form": "TYPE/NUMBER",
    "answer": "RECORD/QUESTION",
    "skip": "PLOT/POINT/CAMPAIGN",
    "custody_event": "SAMPLE_CODE/STEP/AT",
    "result": "SAMPLE_CODE/ANALYTE/REPLICATE",
    "lab_control": "LAB/BATCH/ANALYTE/KIND/CODE/NUMBER",
    "lab_batch": "LAB/BATCH/ANALYTE",
}

_NUMBERED: Final = frozenset({"core", "result"})


def the_project(store: Store, code: str | None) -> RecordView:
    """Return the project that is meant: the named one, or the only one.

    Raises
    ------
    NotFoundError
        If there is none.
    RefusedError
        If there are several and none was named.
    """
    if code is not None:
        return find(store, "project", code)
    projects = store.records("project", limit=2)
    if not projects:
        raise NotFoundError(
            _("there is no project on this laptop"),
            _("run: permille sync; or: permille project add --code P --title TITLE"),
        )
    if len(projects) > 1:
        every = store.records("project")
        told = _told_apart(every)
        said = listed([_project_in_words(store, view, told) for view in every])
        raise RefusedError(
            _("this laptop has several projects: {projects}", projects=said),
            _(
                "name one by its code or the start of its id, such as: --project {project}",
                project=shlex.quote(told[every[0].id].choose),
            ),
            code="ambiguous",
        )
    return projects[0]


def project_names(store: Store) -> dict[str, str]:
    """Return names of the projects that tell each from the others of this laptop."""
    told = _told_apart(store.records("project"))
    return {project_id: each.name for project_id, each in told.items()}


def _told_apart(projects: Sequence[RecordView]) -> dict[str, Told]:
    return told_apart({view.id: view.fields.get("code") for view in projects})


def project_name(store: Store, project_id: str) -> str:
    """Return the name of a project that tells it from the others of this laptop."""
    return project_names(store).get(project_id, project_id)


def project_of(store: Store, code: str | None) -> str | None:
    """Return the project of the named project; None means all of them."""
    return None if code is None else the_project(store, code).id


def find(
    store: Store, record_type: str, name: str, project_id: str | None = None
) -> RecordView:
    """Return the live record with this name: its code, path, id or start of an id.

    Raises
    ------
    NotFoundError
        If there is none.
    RefusedError
        If several have it.
    """
    return one(
        record_type, name, candidates(store, record_type, name, project_id), store
    )


def find_deleted(
    store: Store, record_type: str, name: str, project_id: str | None = None
) -> RecordView:
    """Return the deleted record with this name, id or start of an id.

    Its name is the one it would have now: its parents may have been renamed since.

    Raises
    ------
    NotFoundError
        If there is none.
    RefusedError
        If several have it.
    """
    # The first core or result goes without its number, as one that lives does.
    more = "/1" if record_type in _NUMBERED else ""
    views = {view.id: view for view in store.deleted(record_type, project_id)}
    names = {
        view.id: [said := label(store, view), said.removesuffix(more)]
        for view in views.values()
    }
    found = [views[each] for each in meant(name, names)]
    see = f"{record_type} list --deleted"
    return one(f"deleted {record_type}", name, found, store, see)


def candidates(
    store: Store, record_type: str, name: str, project_id: str | None
) -> list[RecordView]:
    """Return every live record that the name may mean."""
    if is_id(name):
        found = store.record(name)
        fits = found is not None and found.type == record_type and not found.deleted
        return [found] if found is not None and fits else []
    views = by_path(store, record_type, name, project_id)
    if not views and is_start(name):
        views = store.starting_with(record_type, name)
    return views


def one(
    noun: str, name: str, views: Sequence[RecordView], store: Store, see: str = ""
) -> RecordView:
    """Return the only record of a list that a name means.

    Raises
    ------
    NotFoundError
        If there is none; `see` is the command that lists them.
    RefusedError
        If there are several.
    """
    if not views:
        raise NotFoundError(
            not_here(noun, name),
            _("see: {command}", command=f"permille {see or f'{noun} list'}"),
        )
    if len({view.id for view in views}) > 1:
        raise _ambiguous(store, name, views)
    return views[0]


def _ambiguous(store: Store, name: str, views: Sequence[RecordView]) -> RefusedError:
    """Return the error that lists which records a name may mean, and what to type."""
    every = store.records("project")
    told = _told_apart(every)
    if all(view.type == "project" for view in views):
        # Not only these may share a start.
        start = starts(view.id for view in [*every, *views])[views[0].id]
        said = listed([_project_in_words(store, view, told) for view in views])
        text = _("{name} means several projects: {projects}", name=name, projects=said)
        return RefusedError(text, by_start(start), code="ambiguous")
    short = starts(view.id for view in views)
    names = {view.id: told[view.id].name for view in every}
    records = []
    for view in views:
        project = names.get(view.project_id, view.project_id)
        said = record_in_words(view.type, label(store, view), project, short[view.id])
        records.append(said)
    text = _(
        "{name} means several records: {records}", name=name, records=listed(records)
    )
    hint = _("add --project, or {by_start}", by_start=by_start(short[views[0].id]))
    return RefusedError(text, hint, code="ambiguous")


def _project_in_words(
    store: Store, project: RecordView, told: Mapping[str, Told]
) -> str:
    name = told[project.id].name if project.id in told else project.id
    return described(name, project.fields.get("title"), runner(store, project))


def runner(store: Store, project: RecordView) -> str | None:
    """Return the code of the organisation that runs a project, if it is here."""
    found = store.record(str(project.fields.get("organisation_id")))
    return label(store, found) if found and not found.deleted else None


def refer(
    store: Store, target: str, given: Mapping[str, str | None], project_id: str
) -> RecordView | None:
    """Return the record that reference options mean; None when none were given.

    `given` holds the values of --plot, --point, --campaign, --core-number and so
    on. A point is a path by itself or a code beside --plot.
    """
    if target == "core" and given.get("core") is None:
        return _core_by_parts(store, given, project_id)
    name = given.get(target)
    if name is None:
        return None
    plot = given.get("plot")
    if target == "point" and plot is not None:
        parent = find(store, "plot", plot, project_id)
        views = store.find("point", project_id, join_key([parent.id, name]))
        # The name may say its plot by itself, too.
        views = views or candidates(store, "point", name, project_id)
        return one("point", f"{plot}/{name}", views, store)
    return find(store, target, name, project_id)


def one_of(record_type: str) -> str:
    """Return the name of a type with its article."""
    return f"{'an' if record_type[0] in 'aeiou' else 'a'} {record_type}"


def label(store: Store, view: RecordView) -> str:
    """Name a record as people do."""
    kind = TYPES[view.type]
    parts = [
        _of(store, view.fields[name]) if name in kind.references else view.fields[name]
        for name in kind.name_fields
        if view.fields.get(name) is not None
    ]
    return "/".join(str(part) for part in parts) or view.id


def called_in(
    store: Store, record_type: str, values: Iterable[Mapping[str, Any]]
) -> dict[str, str]:
    """Return how the records are called that fields of a type refer to, by their ids."""
    ids = {
        target
        for fields in values
        for target in references_of(record_type, fields).values()
    }
    found = {each: store.record(each) for each in ids}
    return {each: label(store, view) for each, view in found.items() if view}


def called(store: Store, ids: Iterable[str]) -> dict[str, str]:
    """Return how records are called that words speak of, by their ids.

    A bag is named with its core: others may have its label.
    """
    found = ((each, store.record(each)) for each in ids)
    return {each: _placed(store, view) for each, view in found if view is not None}


def _placed(store: Store, view: RecordView) -> str:
    said, kind = label(store, view), TYPES[view.type]
    if not kind.parent or kind.parent in kind.name_fields:
        return said
    return f"{said} of {_of(store, view.fields.get(kind.parent))}"


def _of(store: Store, record_id: object) -> str:
    view = store.record(str(record_id)) if record_id else None
    return label(store, view) if view is not None else f"({record_id})"


def _core_by_parts(
    store: Store, given: Mapping[str, str | None], project_id: str
) -> RecordView | None:
    point = refer(store, "point", given, project_id)
    if point is None:
        return None
    campaign = given.get("campaign")
    if campaign is None:
        raise UsageError(_("a core needs its campaign"), _("add: --campaign NAME"))
    round_ = find(store, "campaign", campaign, project_id)
    number = given.get("core_number") or "1"
    views = store.find("core", project_id, join_key([point.id, round_.id, number]))
    return one("core", f"{label(store, point)}/{campaign}/{number}", views, store)
