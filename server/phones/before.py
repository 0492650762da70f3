"""What a phone recorded before: it has not seen it, so no later form of it is a correction."""

from collections.abc import Sequence

from schemas.problems import Problem
from schemas.validate import load_patch
from server.access.records import find_record
from server.phones.answers import AnsweredRecord, PlannedChange
from server.store.phone_values import PhonePlace, Submission
from server.store.port import Transaction


def with_reason(
    tx: Transaction,
    submission: Submission,
    known: Sequence[Submission],
    records: Sequence[AnsweredRecord],
) -> Submission:
    """Return a new form with why all of it waits for a person, if it does.

    A phone has not seen what it recorded before: a second form for the same core is no
    correction, and bags of another hole do not belong to the first one.
    """
    if known:
        first = known[0].received_at[:16]
        detail = f"form {submission.place.instance_id}, {first}"
        return submission._replace(why="form_differs", detail=detail)
    for one in records:
        if one.type == "core" and _is_otherwise(tx, submission.place, one):
            detail = f"form {submission.place.instance_id} says other things of it"
            return submission._replace(why="recorded_before", detail=detail)
    return submission


def planned_change(
    tx: Transaction, place: PhonePlace, one: AnsweredRecord
) -> PlannedChange:
    """Return a record as a change, with why it waits for a person, if it does."""
    planned = PlannedChange(one)
    if not one.fields or not _is_otherwise(tx, place, one):
        return planned
    detail = f"form {place.instance_id} says other things of it"
    return planned.because(Problem("recorded_before", detail=detail))


def _is_otherwise(tx: Transaction, place: PhonePlace, one: AnsweredRecord) -> bool:
    """Return whether this phone wrote a record before, and it says other things now."""
    present = find_record(tx, place.project_id, one.id)
    if present is None or present.deleted:
        return False
    writers = {w.log_id for found in present.writers.values() for w in found}
    fields, _ = load_patch(one.type, dict(one.fields))
    differs = any(present.fields.get(name) != value for name, value in fields.items())
    return differs and place.phone_id in writers
