"""Record -> keep: judge an entry, and keep it when nothing is wrong with it."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from collector.errors import NotFoundError, RefusedError
from collector.laptop.laptop import Laptop
from collector.record.names import label
from collector.record.neighbours import warnings_about
from collector.record.saving import save
from collector.record.waiting_bags import without_bag
from collector.rules.overlay import ChangeStatus, RecordView, difference, patched
from collector.rules.shown import Shown
from collector.store.port import NOTHING_BESIDE, Beside
from schemas.changes import Draft
from schemas.explained import explained_with
from schemas.messages import Op
from schemas.phrases import _, joined, listed, ngettext
from schemas.plausibility.records import Warned
from schemas.problems import Problem
from schemas.record_words import TYPE_WORDS
from schemas.records import TYPES, fixed_problems, key_text, record_id
from schemas.validate import errors, load_record, missing_fields

#: What an entry gets when the person said nothing.
DEFAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "project": {"reference_depth_cm": 30.0, "stock_method_profile": "permille"},
    "core": {"number": 1, "sampled_precision": "instant"},
    "custody_event": {"at_precision": "instant"},
    "result": {"replicate": 1},
}


class Saved(NamedTuple):
    """A record that is on disk, and what to think about."""

    view: RecordView
    label: str
    warnings: Sequence[Warned] = ()
    changed: bool = True


def add(
    laptop: Laptop,
    record_type: str,
    entered: Mapping[str, Any],
    project_id: str | None = None,
    reason: str | None = None,
) -> Saved:
    """Keep a new record; a project opens its own project.

    Raises
    ------
    RefusedError
        If a problem is found, or the record is here already.
    """
    fields = judged(record_type, with_defaults(record_type, entered))
    if record_type == "project":
        project_id = new_id = laptop.clock.new_id()
        _refuse_taken_key(laptop, record_type, None, fields, "")
    else:
        assert project_id is not None, "every record but a project belongs to one"
        refuse(_reference_problems(laptop, record_type, fields, project_id))
        _refuse_taken_key(laptop, record_type, project_id, fields, "")
        new_id = mint(laptop, project_id, record_type, fields)
    draft = Draft(
        project_id, record_type, new_id, fields=fields, is_new=True, reason=reason
    )
    beside = NOTHING_BESIDE
    if record_type == "sample":
        beside = without_bag(laptop.store, fields)
    return _saved(laptop, draft, fields, beside)


def edit(
    laptop: Laptop,
    view: RecordView,
    patch: Mapping[str, Any],
    reason: str | None = None,
) -> Saved:
    """Keep a change of a record; one that was quarantined is sent anew as a fix."""
    seen = _as_shown(laptop, view)
    view = seen.view
    after = patched(view.fields, patch)
    known = {k: v for k, v in after.items() if k in TYPES[view.type].fields}
    fields = judged(view.type, known)
    refuse(fixed_problems(view.type, view.fields, fields))
    refuse(_reference_problems(laptop, view.type, fields, view.project_id))
    _refuse_taken_key(laptop, view.type, _scope(view), fields, view.id)
    before = {k: v for k, v in view.fields.items() if k in TYPES[view.type].fields}
    changes = difference(before, fields)
    if any(
        change.status is ChangeStatus.QUARANTINED
        for change in laptop.store.changes(view.id)
    ):
        from collector.record import resend  # noqa: PLC0415 - for few

        resend.send_again(laptop, view.id, changes, reason)
        return _now(laptop, view.id)
    if not changes:
        return _now(laptop, view.id)._replace(changed=False)
    return _saved(laptop, seen.draft(Op.PUT, changes, reason=reason), changes)


def explain(laptop: Laptop, view: RecordView, code: str, why: str) -> int:
    """Keep why the warnings of one kind about a record are right; count them.

    Raises
    ------
    NotFoundError
        If the record has no such warning.
    """
    found = [one for one in warnings_about(laptop, view) if one.record_id == view.id]
    asked = [one for one in found if one.warning.code == code]
    if not asked:
        name = label(laptop.store, view)
        codes = sorted({one.warning.code for one in found if one.explained is None})
        raise NotFoundError(
            _(
                "{type} {name} has no warning {code}",
                type=TYPE_WORDS[view.type],
                name=name,
                code=code,
            ),
            _("it has: {codes}", codes=", ".join(codes))
            if codes
            else _("see: {command}", command="permille warnings"),
        )
    still = [one.warning for one in asked if one.explained is None]
    before = view.fields.get("explained")
    after = explained_with(before, still, why, laptop.person)
    edit(laptop, view, {"explained": after})
    return len(still)


def open_warnings(laptop: Laptop, view: RecordView) -> list[Warned]:
    """Return what is odd about a record and nobody has explained."""
    return [one for one in warnings_about(laptop, view) if one.explained is None]


def delete(laptop: Laptop, view: RecordView, reason: str | None = None) -> Saved:
    """Delete a record that nothing refers to.

    Raises
    ------
    RefusedError
        If live records belong to it.
    """
    children = laptop.store.referrers(view.id)
    if children:
        names = [
            joined([TYPE_WORDS[one.type], label(laptop.store, one)], " ")
            for one in children
        ]
        raise RefusedError(
            ngettext(
                "{num} record belongs to this {type}: {records}",
                "{num} records belong to this {type}: {records}",
                len(children),
                type=TYPE_WORDS[view.type],
                records=listed(names),
            ),
            _("delete those first, or keep it"),
            code="has_children",
        )
    name = label(laptop.store, view)
    save(laptop, [_as_shown(laptop, view).draft(Op.DELETE, reason=reason)])
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
            _(
                "this laptop never had the fields of {type} {name}",
                type=TYPE_WORDS[view.type],
                name=label(laptop.store, view),
            ),
            _("restore it where it was recorded"),
            code="not_here",
        )
    refuse(_reference_problems(laptop, view.type, view.fields, view.project_id))
    _refuse_taken_key(laptop, view.type, _scope(view), view.fields, view.id)
    return _saved(laptop, _as_shown(laptop, view).draft(Op.UNDELETE), {})


def with_defaults(record_type: str, entered: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in what goes without saying."""
    given = {name: value for name, value in entered.items() if value is not None}
    return {**DEFAULTS.get(record_type, {}), **given}


def judged(record_type: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the clean fields.

    Raises
    ------
    RefusedError
        With every problem, when there is one that is no warning.
    """
    clean, problems = load_record(record_type, fields)
    refuse(_told_once(errors(problems)))
    return clean


def _told_once(problems: Sequence[Problem]) -> list[Problem]:
    """Leave out that a value is missing where it was given and cannot be read."""
    given = {p.path for p in problems if p.code not in {"required", "value_missing"}}
    return [p for p in problems if p.code != "value_missing" or p.path not in given]


def refuse(problems: Sequence[Problem]) -> None:
    """Stop when there are problems.

    Raises
    ------
    RefusedError
        With all of them.
    """
    if problems:
        raise RefusedError(
            ngettext(
                "nothing was saved: {num} problem",
                "nothing was saved: {num} problems",
                len(problems),
            ),
            _("correct it and type the command again"),
            problems,
            code="invalid",
        )


def mint(
    laptop: Laptop, project_id: str, record_type: str, fields: Mapping[str, Any]
) -> str:
    """Return the id every laptop would give; a fresh one when that one was used up."""
    return mint_all(laptop, project_id, record_type, [fields])[0]


def mint_all(
    laptop: Laptop,
    project_id: str,
    record_type: str,
    every: Iterable[Mapping[str, Any]],
) -> list[str]:
    """Return for each record of one type the id every laptop would give, or a fresh one."""
    natural = [record_id(project_id, record_type, fields) for fields in every]
    fresh = {name: laptop.clock.new_id() for name in laptop.store.used_up(natural)}
    return [fresh.get(name, name) for name in natural]


def _as_shown(laptop: Laptop, view: RecordView) -> Shown:
    found = laptop.store.shown(view.id)
    assert found is not None, "what has a view is shown"
    return found


def _saved(
    laptop: Laptop,
    draft: Draft,
    typed: Mapping[str, Any],
    beside: Beside = NOTHING_BESIDE,
) -> Saved:
    save(laptop, [draft], typed, draft.record_id, beside)
    return _now(laptop, draft.record_id)


def _now(laptop: Laptop, record_id: str) -> Saved:
    view = laptop.store.record(record_id)
    assert view is not None, "what was kept is shown"
    return Saved(view, label(laptop.store, view), open_warnings(laptop, view))


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
            problems += depth_problems(target.fields, fields)
        elif name == "form_id":
            problems += _unfit(target.fields, fields)
    return problems


def _unfit(form: Mapping[str, Any], answer: Mapping[str, Any]) -> list[Problem]:
    from schemas.questions.judging import unfit_for  # noqa: PLC0415 - few projects ask

    problem = unfit_for(form, answer)
    return [problem] if problem else []


def depth_problems(core: Mapping[str, Any], sample: Mapping[str, Any]) -> list[Problem]:
    """Return that a bag is from deeper than its core reached."""
    reached, bottom = core.get("depth_reached_cm"), sample["depth_bottom_cm"]
    if reached is None or bottom <= reached:
        return []
    detail = f"the core reached {reached:g} cm"
    return [Problem("depth_beyond_core", "depth_bottom_cm", bottom, detail)]


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
            _(
                "{type} {name} is already recorded here",
                type=TYPE_WORDS[record_type],
                name=name,
            ),
            _(
                "to change it: {command}",
                command=f"permille {record_type} edit {shlex.quote(name)}",
            ),
            code="already_here",
        )
