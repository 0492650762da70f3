"""Verdicts: each one has the effect that it says."""

import json
from collections.abc import Iterator
from typing import Final

from schemas.changes import Change
from schemas.messages import Outcome
from schemas.problems import from_data
from schemas.validate import errors
from server.merge.statuses import CustodyStatus
from server.operations.audit.findings import Kept, one_of
from server.store.kept_values import ConflictChange, CustodyPlace, KeptLine, RecordPlace

APPLIED: Final = frozenset({Outcome.ACCEPTED, Outcome.MERGED, Outcome.CONFLICT})
_CLOSED: Final = (CustodyStatus.REPLACED, CustodyStatus.DISCARDED)
#: What a change's place in custody may be, by its verdict.
_STATUS: Final = {
    Outcome.HELD: {CustodyStatus.HELD, *_CLOSED},
    Outcome.QUARANTINED: {CustodyStatus.OPEN, *_CLOSED},
}


def check_verdict(kept: Kept, change: Change, line: KeptLine) -> Iterator[str]:
    """Return in words what does not fit a verdict."""
    outcome = Outcome(line.outcome)
    why = errors([from_data(problem) for problem in json.loads(line.why or "[]")])
    if (outcome in APPLIED) == bool(why):
        yield f"it is {outcome.value} {'with' if why else 'without'} a reason"
    custody = one_of(kept, CustodyPlace, line.project_id, line.change_id)
    yield from wrong_place_in_custody(outcome, custody.status if custody else None)
    if line.seq is not None and outcome not in APPLIED:
        yield f"it is {outcome.value} and has a number"
    elif line.seq is not None:
        place = one_of(kept, RecordPlace, change.project_id, change.record_id)
        yield from wrong_effect(change, outcome, line.seq, place)
    elif outcome in APPLIED and change.replaces is None:
        yield f"it is {outcome.value} and has no number"
    yield from _conflicts(kept, line, outcome)


def wrong_place_in_custody(outcome: Outcome, custody: str | None) -> Iterator[str]:
    """Return in words whether a change is in custody though its verdict denies it.

    Examples
    --------
    >>> list(wrong_place_in_custody(Outcome.HELD, None))
    ['it is held and not in custody']
    >>> list(wrong_place_in_custody(Outcome.ACCEPTED, "released"))
    []
    """
    expected = _STATUS.get(outcome)
    if expected is None:
        is_wrong = custody not in {None, CustodyStatus.RELEASED}
    else:
        is_wrong = custody not in expected
    if is_wrong:
        yield f"it is {outcome.value} and {custody or 'not'} in custody"


def wrong_effect(
    change: Change, outcome: Outcome, seq: int, place: RecordPlace | None
) -> Iterator[str]:
    """Return in words whether a change is not in the record that it was applied to."""
    if place is None:
        yield f"it is {outcome.value} and its record {change.record_id} is not here"
    elif place.type != change.type:
        yield f"its record {change.record_id} is a {place.type}"
    elif place.seq is not None and place.seq < seq:
        yield f"its record {change.record_id} has an earlier number"


def _conflicts(kept: Kept, line: KeptLine, outcome: Outcome) -> Iterator[str]:
    said = json.loads(line.conflicts or "[]")
    if (outcome == Outcome.CONFLICT) != bool(said):
        yield f"it is {outcome.value} and names {len(said)} conflicts"
    for name in said:
        found = one_of(kept, ConflictChange, line.project_id, name)
        if found is None or found.change_id != line.change_id:
            yield f"its conflict {name} is not here"
