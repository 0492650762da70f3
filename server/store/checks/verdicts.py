"""Verdicts: each one has the effect that it says."""

import json
from collections.abc import Iterator
from typing import Final, NamedTuple

from schemas.changes import Change
from schemas.messages import Outcome
from schemas.problems import from_data
from schemas.validate import errors
from server.merge.statuses import CustodyStatus
from server.store.driver import Connection

APPLIED: Final = frozenset({Outcome.ACCEPTED, Outcome.MERGED, Outcome.CONFLICT})
_CLOSED: Final = (CustodyStatus.REPLACED, CustodyStatus.DISCARDED)
#: What a change's place in custody may be, by its verdict.
_STATUS: Final = {
    Outcome.HELD: {CustodyStatus.HELD, *_CLOSED},
    Outcome.QUARANTINED: {CustodyStatus.OPEN, *_CLOSED},
}
_RECORD: Final = """
    SELECT type, seq FROM record WHERE project_id = ?1 AND id = ?2
    UNION ALL SELECT type, NULL FROM purged WHERE project_id = ?1 AND id = ?2
"""


class StoredVerdict(NamedTuple):
    """A verdict as it is stored with its change."""

    project_id: str
    change_id: str
    outcome: str
    seq: int | None
    why: str | None
    conflicts: str | None


def check_verdict(
    connection: Connection, change: Change, known: StoredVerdict
) -> Iterator[str]:
    """Return in words what does not fit a verdict."""
    outcome = Outcome(known.outcome)
    why = errors([from_data(problem) for problem in json.loads(known.why or "[]")])
    if (outcome in APPLIED) == bool(why):
        yield f"it is {outcome.value} {'with' if why else 'without'} a reason"
    yield from _custody(connection, known, outcome)
    if known.seq is not None:
        yield from _effect(connection, change, known, outcome)
    elif outcome in APPLIED and change.replaces is None:
        yield f"it is {outcome.value} and has no number"
    yield from _conflicts(connection, known, outcome)


def _custody(
    connection: Connection, known: StoredVerdict, outcome: Outcome
) -> Iterator[str]:
    row = connection.execute(
        "SELECT status FROM quarantine WHERE project_id = ? AND change_id = ?",
        (known.project_id, known.change_id),
    ).fetchone()
    expected = _STATUS.get(outcome)
    if expected is None and row is not None and row[0] != CustodyStatus.RELEASED:
        yield f"it is {outcome.value} and {row[0]} in custody"
    if expected is not None and (row is None or row[0] not in expected):
        yield f"it is {outcome.value} and {row[0] if row else 'not'} in custody"


def _effect(
    connection: Connection, change: Change, known: StoredVerdict, outcome: Outcome
) -> Iterator[str]:
    if outcome not in APPLIED:
        yield f"it is {outcome.value} and has a number"
        return
    row = connection.execute(_RECORD, (change.project_id, change.record_id)).fetchone()
    if row is None:
        yield f"it is {outcome.value} and its record {change.record_id} is not here"
    elif row[0] != change.type:
        yield f"its record {change.record_id} is a {row[0]}"
    elif row[1] is not None and row[1] < (known.seq or 0):
        yield f"its record {change.record_id} has an earlier number"


def _conflicts(
    connection: Connection, known: StoredVerdict, outcome: Outcome
) -> Iterator[str]:
    said = json.loads(known.conflicts or "[]")
    if (outcome == Outcome.CONFLICT) != bool(said):
        yield f"it is {outcome.value} and names {len(said)} conflicts"
    for name in said:
        row = connection.execute(
            "SELECT change_id FROM conflict WHERE project_id = ? AND id = ?",
            (known.project_id, name),
        ).fetchone()
        if row is None or row[0] != known.change_id:
            yield f"its conflict {name} is not here"
