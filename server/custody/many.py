"""Edits and deletions of many records, by what they have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.changes import Place
from schemas.conditions import Condition, Found, found_by
from schemas.many import ManyPlan, plan_deletions, plan_edits
from schemas.operations import Operation
from schemas.undo.plan import Kept
from server.clock import Clock
from server.custody.steps import Progress, RecordSteps, referrers, write_steps
from server.custody.warnings import records_in
from server.store.merge_values import Wanted
from server.store.port import Store, Transaction


@dataclass(frozen=True, slots=True)
class Many:
    """Records that meet conditions, what is to be done, and the rows that were looked at."""

    project_id: str
    record_type: str
    patch: Mapping[str, Any] | None  # None where they are to be deleted
    found: Sequence[Found]
    plan: ManyPlan
    seen: Mapping[str, Place]


def look(
    tx: Transaction,
    project_id: str,
    record_type: str,
    conditions: Sequence[Condition],
    patch: Mapping[str, Any] | None,
) -> Many:
    """Return the records that meet conditions, and what it takes to change them.

    `patch` is None where they are to be deleted.
    """
    found = found_by(records_in(tx, project_id), record_type, conditions)
    ids = [one.record_id for one in found]
    if patch is None:
        refer = referrers(tx, project_id, set(ids))
        plan = plan_deletions(record_type, found, refer)
    else:
        plan = plan_edits(record_type, found, patch)
    epoch = tx.epoch()
    rows = tx.lookup(project_id, Wanted(record_ids=ids)).records
    seen = {row.id: (epoch, row.seq) for row in rows}
    return Many(project_id, record_type, patch, found, plan, seen)


async def change_many(
    store: Store,
    clock: Clock,
    many: Many,
    done: Operation,
    person: str,
    progress: Progress,
) -> list[Kept]:
    """Change records as was looked at; return those that do not stand."""
    steps = RecordSteps(many.project_id, many.plan.steps, many.seen)
    return await write_steps(store, clock, steps, done, person, progress)
