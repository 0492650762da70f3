"""Record -> keep: judge an entry, and keep it when nothing is wrong with it."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from collector.errors import RefusedError
from collector.laptop.laptop import Laptop
from collector.record import resend
from collector.record.names import label
from collector.record.saving import save
from collector.rules.overlay import ChangeStatus, RecordView, difference, patched
from collector.rules.shown import Shown
from schemas.changes import Draft
from schemas.messages import Op
from schemas.problems import Problem
from schemas.records import TYPES, key_text, record_id
from schemas.selection import WHOLE, beyond, drawn_areas, drawn_stratum
from schemas.validate import errors, load_record, missing_fields, warnings
from schemas.vocabulary import COMPLETE_SOIL

#: What an entry gets when the person said nothing.
DEFAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "project": {"reference_depth_cm": 30.0, "stock_method_profile": "permille"},
    "core": {"number": 1, "sampled_precision": "instant"},
    "result": {"replicate": 1},
}

#: The one method of stocks that needs no soil below the reference depth.
FIXED_DEPTH: Final = "fixed_depth"

_AREA_FIELDS: Final = {True: "sampled_area_ha", False: "sampled_strata_ha"}


@dataclass(frozen=True, slots=True)
class Saved:
    """A record that is on disk, and what to think about."""

    view: RecordView
    label: str
    warnings: Sequence[Problem] = ()
    changed: bool = True


def add(
    laptop: Laptop,
    record_type: str,
    entered: Mapping[str, Any],
    project_id: str | None = None,
) -> Saved:
    """Keep a new record; a project opens its own project.

    Raises
    ------
    RefusedError
        If a problem is found, or the record is here already.
    """
    fields, doubts = judged(laptop, record_type, with_defaults(record_type, entered))
    if record_type == "project":
        project_id = new_id = laptop.clock.new_id()
        _refuse_taken_key(laptop, record_type, None, fields, "")
    else:
        assert project_id is not None, "every record but a project belongs to one"
        refuse(_reference_problems(laptop, record_type, fields, project_id))
        _refuse_taken_key(laptop, record_type, project_id, fields, "")
        doubts += _reach_warnings(laptop, record_type, fields, project_id)
        doubts += _area_warnings(laptop, record_type, fields, project_id)
        new_id = mint(laptop, project_id, record_type, fields)
    draft = Draft(project_id, record_type, new_id, fields=fields, is_new=True)
    return _saved(laptop, draft, fields, doubts)


def edit(laptop: Laptop, view: RecordView, patch: Mapping[str, Any]) -> Saved:
    """Keep a change of a record; one that was quarantined is sent anew as a fix."""
    seen = _as_shown(laptop, view)
    view = seen.view
    after = patched(view.fields, patch)
    known = {k: v for k, v in after.items() if k in TYPES[view.type].fields}
    fields, doubts = judged(laptop, view.type, known)
    refuse(_reference_problems(laptop, view.type, fields, view.project_id))
    doubts += _reach_warnings(laptop, view.type, fields, view.project_id)
    doubts += _area_warnings(laptop, view.type, fields, view.project_id, view.id)
    _refuse_taken_key(laptop, view.type, _scope(view), fields, view.id)
    before = {k: v for k, v in view.fields.items() if k in TYPES[view.type].fields}
    changes = difference(before, fields)
    if any(
        change.status is ChangeStatus.QUARANTINED
        for change in laptop.store.changes(view.id)
    ):
        resend.send_again(laptop, view.id, changes)
        return _now(laptop, view, doubts)
    if not changes:
        return Saved(view, label(laptop.store, view), doubts, changed=False)
    return _saved(laptop, seen.draft(Op.PUT, changes), changes, doubts)


def delete(laptop: Laptop, view: RecordView) -> Saved:
    """Delete a record that nothing refers to.

    Raises
    ------
    RefusedError
        If live records belong to it.
    """
    children = laptop.store.referrers(view.id)
    if children:
        first = ", ".join(f"{c.type} {label(laptop.store, c)}" for c in children[:3])
        raise RefusedError(
            f"{len(children)} records belong to this {view.type}: {first}",
            "delete those first, or keep it",
            code="has_children",
        )
    name = label(laptop.store, view)
    save(laptop, [_as_shown(laptop, view).draft(Op.DELETE)])
    return Saved(view, name)


def restore(laptop: Laptop, view: RecordView) -> Saved:
    """Bring a deleted record back as it was.

    Raises
    ------
    RefusedError
        If its name is taken, its parent is deleted, or its fields never were here.
    """
    if missing_fields(view.type, view.fields):
        raise RefusedError(
            f"this laptop never had the fields of {view.type} {view.id}",
            "restore it where it was recorded",
            code="not_here",
        )
    refuse(_reference_problems(laptop, view.type, view.fields, view.project_id))
    _refuse_taken_key(laptop, view.type, _scope(view), view.fields, view.id)
    return _saved(laptop, _as_shown(laptop, view).draft(Op.UNDELETE), {}, ())


def with_defaults(record_type: str, entered: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in what goes without saying."""
    given = {name: value for name, value in entered.items() if value is not None}
    return {**DEFAULTS.get(record_type, {}), **given}


def judged(
    laptop: Laptop, record_type: str, fields: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Problem]]:
    """Return the clean fields and the warnings.

    Raises
    ------
    RefusedError
        With every problem, when there is one that is no warning.
    """
    clean, problems = load_record(record_type, fields)
    refuse(errors(problems))
    return clean, warnings(problems) + _time_warnings(laptop, clean)


def refuse(problems: Sequence[Problem]) -> None:
    """Stop when there are problems.

    Raises
    ------
    RefusedError
        With all of them.
    """
    if problems:
        count = "one problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise RefusedError(
            f"nothing was saved: {count}",
            "correct it and type the command again",
            problems,
            code="invalid",
        )


def mint(
    laptop: Laptop, project_id: str, record_type: str, fields: Mapping[str, Any]
) -> str:
    """Return the id every laptop would give; a fresh one when that one was used up."""
    natural = record_id(project_id, record_type, fields)
    return laptop.clock.new_id() if laptop.store.is_used_up(natural) else natural


def _as_shown(laptop: Laptop, view: RecordView) -> Shown:
    found = laptop.store.shown(view.id)
    assert found is not None, "what has a view is shown"
    return found


def _saved(
    laptop: Laptop,
    draft: Draft,
    typed: Mapping[str, Any],
    doubts: Sequence[Problem],
) -> Saved:
    save(laptop, [draft], typed, draft.record_id)
    view = laptop.store.record(draft.record_id)
    assert view is not None, "what was kept is shown"
    return Saved(view, label(laptop.store, view), doubts)


def _now(laptop: Laptop, view: RecordView, doubts: Sequence[Problem]) -> Saved:
    now = laptop.store.record(view.id) or view
    return Saved(now, label(laptop.store, now), doubts)


def _scope(view: RecordView) -> str | None:
    # Codes of projects are told apart on the whole laptop, others in a project.
    return None if view.type == "project" else view.project_id


def _reference_problems(
    laptop: Laptop, record_type: str, fields: Mapping[str, Any], project_id: str
) -> list[Problem]:
    problems = []
    for name, target_type in TYPES[record_type].references.items():
        if (wanted := fields.get(name)) is None:
            continue
        target = laptop.store.record(wanted)
        if target is None or target.project_id != project_id:
            problems.append(Problem("parent_missing", name, wanted))
        elif target.type != target_type:
            problems.append(Problem("wrong_parent", name, wanted, target_type))
        elif target.deleted:
            problems.append(Problem("parent_deleted", name, wanted))
        elif record_type == "sample":
            problems += _depth_problems(target, fields)
    return problems


def _depth_problems(core: RecordView, sample: Mapping[str, Any]) -> list[Problem]:
    reached, bottom = core.fields.get("depth_reached_cm"), sample["depth_bottom_cm"]
    if reached is None or bottom <= reached:
        return []
    detail = f"the core reached {reached:g} cm"
    return [Problem("depth_beyond_core", "depth_bottom_cm", bottom, detail)]


def _reach_warnings(
    laptop: Laptop, record_type: str, fields: Mapping[str, Any], project_id: str
) -> list[Problem]:
    """Doubt a core that ends where the stock does, if equal masses are compared."""
    reached = fields.get("depth_reached_cm")
    if record_type != "core" or reached is None:
        return []
    depth_cm = depth_to_pass_cm(laptop, project_id)
    if depth_cm is None or not ends_at(depth_cm, reached, fields):
        return []
    detail = f"stocks are to {depth_cm:g} cm"
    return [Problem("ends_at_depth", "depth_reached_cm", reached, detail)]


def depth_to_pass_cm(laptop: Laptop, project_id: str) -> float | None:
    """Return the depth that cores of a project should go below, if there is one."""
    project = laptop.store.record(project_id)
    told = with_defaults("project", project.fields if project else {})
    if told["stock_method_profile"] == FIXED_DEPTH:
        return None
    depth_cm: float = told["reference_depth_cm"]
    return depth_cm


def ends_at(depth_cm: float, reached_cm: float, core: Mapping[str, Any]) -> bool:
    """Return whether a core ends at the depth or above it, and the soil goes on."""
    return reached_cm <= depth_cm and core.get("stop_reason") not in COMPLETE_SOIL


def _area_warnings(
    laptop: Laptop,
    record_type: str,
    fields: Mapping[str, Any],
    project_id: str,
    own_id: str = "",
) -> list[Problem]:
    """Doubt plots that are larger together than the land they were drawn from."""
    project, own = fields, list[Mapping[str, Any]]()
    if record_type == "plot":
        found = laptop.store.record(project_id)
        project, own = (found.fields if found else {}), [fields]
    elif record_type != "project":
        return []
    areas = drawn_areas(project)
    if not areas:
        return []
    others = laptop.store.records("plot", project_id)
    plots = [*own, *(view.fields for view in others if view.id != own_id)]
    path = "area_ha" if own else _AREA_FIELDS[WHOLE in areas]
    return [
        Problem(
            "area_below_plots",
            path,
            fields.get(path),
            f"{stratum or 'all land'}: {areas[stratum]:g} ha, plots {found_ha:g} ha",
        )
        for stratum, found_ha in beyond(areas, plots).items()
        if not own or stratum == drawn_stratum(areas, fields)
    ]


def _refuse_taken_key(
    laptop: Laptop,
    record_type: str,
    project_id: str | None,
    fields: Mapping[str, Any],
    own_id: str,
) -> None:
    key = key_text(record_type, fields)
    taken = laptop.store.find(record_type, project_id, key)
    if any(view.id == own_id for view in taken):
        return  # it keeps its name; a clash the server reported is no news
    for view in taken:
        name = label(laptop.store, view)
        raise RefusedError(
            f"{record_type} {name} is already recorded here",
            f"to change it: permille {record_type} edit {shlex.quote(name)}",
            code="already_here",
        )


def _time_warnings(laptop: Laptop, fields: Mapping[str, Any]) -> list[Problem]:
    sampled_at = fields.get("sampled_at")
    if sampled_at and datetime.fromisoformat(sampled_at) > laptop.clock.now():
        return [Problem("in_the_future", "sampled_at", sampled_at)]
    return []
