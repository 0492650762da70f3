"""Edits and deletions of many records: what would be done, and what came of it. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from schemas.conditions import Found
from schemas.groups import completed
from schemas.messages import Op
from schemas.operations import Operation
from schemas.printing import TableForm, prose
from schemas.problems import Problem
from schemas.told import counted, problem_line, told_values
from schemas.undo.plan import Kept, Referrer, Step, WrittenRecord, possible_steps
from schemas.validate import errors, load_record

FOUND: Final = TableForm("records that meet", prose("record"), prose("values"))


class ManyPlan(NamedTuple):
    """Steps on records that meet conditions, what stays, and what is so already."""

    found: int
    steps: Sequence[Step]
    kept: Sequence[Kept]
    already: int


def plan_edits(
    record_type: str, found: Sequence[Found], patch: Mapping[str, Any]
) -> ManyPlan:
    """Return what it takes to give records these values; bad ones are left alone."""
    steps, kept, already = list[Step](), list[Kept](), 0
    for one in found:
        record = _record(record_type, one)
        after = {**one.fields, **patch}
        if all(one.fields.get(name) == value for name, value in patch.items()):
            already += 1
            continue
        fields = {name: value for name, value in after.items() if value is not None}
        problems = errors(load_record(record_type, fields)[1])
        if problems:
            kept.append(Kept(record, _words(problems)))
        else:
            whole = completed(record_type, one.fields, patch)
            steps.append(Step(record, Op.PUT, whole))
    return ManyPlan(len(found), steps, kept, already)


def plan_deletions(
    record_type: str,
    found: Sequence[Found],
    referrers: Mapping[str, Collection[Referrer]],
) -> ManyPlan:
    """Return what it takes to delete records; those that others refer to are left alone."""
    every = [Step(_record(record_type, one), Op.DELETE, {}) for one in found]
    steps, kept = possible_steps(every, referrers)
    return ManyPlan(len(found), steps, kept, 0)


def question(record_type: str, plan: ManyPlan, patch: Mapping[str, Any] | None) -> str:
    """Return what a person is asked before it is done.

    >>> question("sample", ManyPlan(3, [], [], 0), {"note": "wet"})
    'Set note wet of 0 samples?'
    """
    many = counted(len(plan.steps), record_type)
    if patch is None:
        return f"Delete {many}?"
    return f"Set {told_values(patch)} of {many}?"


def sentences(record_type: str, plan: ManyPlan) -> Iterator[str]:
    """Return in words what was found."""
    yield f"{counted(plan.found, record_type)} found"
    if plan.already:
        yield f"  {plan.already} have these values already"
    if plan.kept:
        yield f"  {len(plan.kept)} stay as they are, see below"


def outcome(record_type: str, said: Mapping[str, Any]) -> str:
    """Return in words what was done to how many.

    >>> outcome("core", {"set": None, "changed": [{}], "written": True})
    'deleted 1 core'
    """
    many = counted(len(said["changed"]), record_type)
    if not said["written"]:
        return "nothing to do"
    return f"deleted {many}" if said["set"] is None else f"changed {many}"


def document(
    plan: ManyPlan,
    patch: Mapping[str, Any] | None,
    done: Operation | None,
    refused: Sequence[Kept] = (),
) -> dict[str, Any]:
    """Return the JSON of it; `patch` is None of a deletion, `done` where nothing was done."""
    return {
        "written": done is not None,
        "operation": done.id if done else None,
        "found": plan.found,
        "already": plan.already,
        "set": dict(patch) if patch is not None else None,
        "changed": [
            {"id": step.record.id, "name": step.record.name}
            for step in plan.steps
            if step.record not in [one.record for one in refused]
        ],
        "kept": [
            {"id": one.record.id, "name": one.record.name, "why": one.why}
            for one in (*plan.kept, *refused)
        ],
    }


def found_rows(found: Sequence[Found], names: Sequence[str]) -> list[tuple[str, str]]:
    """Return records as rows of a list, with the values of some fields."""
    return [
        (one.name, told_values({n: one.fields[n] for n in names if n in one.fields}))
        if any(name in one.fields for name in names)
        else (one.name, "")
        for one in found
    ]


def _record(record_type: str, one: Found) -> WrittenRecord:
    name = f"{record_type} {one.name}"
    return WrittenRecord(
        record_type, one.record_id, name, one.fields, is_live=True, was_live=True
    )


def _words(problems: Sequence[Problem]) -> str:
    return "; ".join(problem_line(problem) for problem in problems)
