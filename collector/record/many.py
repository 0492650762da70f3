"""Edits and deletions of many records, by what they have in common."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from collector.errors import RefusedError
from collector.laptop.laptop import Laptop
from collector.record import entry
from collector.record.neighbours import records_of
from collector.record.referrers import referrers
from schemas.conditions import Condition, Found, found_by
from schemas.many import ManyPlan, plan_deletions, plan_edits
from schemas.messages import Op
from schemas.operations import Operation
from schemas.undo.plan import Kept

#: Told after a record is on disk: records so far, records in all.
Progress = Callable[[int, int], None]


def find(
    laptop: Laptop, project_id: str, record_type: str, conditions: Sequence[Condition]
) -> list[Found]:
    """Return the records of a project that meet conditions."""
    return found_by(records_of(laptop, project_id), record_type, conditions)


def plan(
    laptop: Laptop,
    record_type: str,
    found: Sequence[Found],
    patch: Mapping[str, Any] | None,
) -> ManyPlan:
    """Return what it takes to change records; `patch` is None where they are to go."""
    if patch is not None:
        return plan_edits(record_type, found, patch)
    refer = {one.record_id: referrers(laptop, one.record_id) for one in found}
    return plan_deletions(record_type, found, refer)


def change_many(
    laptop: Laptop, planned: ManyPlan, done: Operation, progress: Progress
) -> list[Kept]:
    """Change records one by one, each as if it was typed; return those that were refused."""
    refused = []
    for number, step in enumerate(planned.steps, start=1):
        view = laptop.store.record(step.record.id)
        assert view is not None, "what was looked at is here"
        try:
            if step.op is Op.DELETE:
                entry.delete(laptop, view, done.reason)
            else:
                entry.edit(laptop, view, step.fields, done.reason)
        except RefusedError as error:
            said = "; ".join(problem.text for problem in error.problems)
            refused.append(Kept(step.record, said or error.text))
        progress(number, len(planned.steps))
    return refused
