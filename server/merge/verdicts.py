"""Verdicts: a change stands, waits for a record or a person, or is given up. Pure."""

from schemas.messages import Outcome
from schemas.problems import Problem
from schemas.records import TYPES, label
from server.merge.model import Change, KeptBack, ValidatedChange, Verdict, WaitingChange
from server.merge.state import MergeState
from server.merge.statuses import CustodyStatus


def accept(
    state: MergeState,
    change: Change,
    outcome: Outcome,
    seq: int | None,
    conflicts: list[str] | None = None,
) -> Verdict:
    """Return the verdict of a change that stands."""
    _close_replaced(state, change)
    return Verdict(
        change.id,
        change.project_id,
        outcome,
        seq,
        conflicts=conflicts or [],
        n=change.n,
    )


def hold(state: MergeState, validated: ValidatedChange, waits_for: str) -> Verdict:
    """Keep a change until the record that it depends on is here."""
    change = validated.change
    discarded = state.discarded.get((change.project_id, waits_for))
    place = (change.project_id, waits_for)
    if discarded is not None and not state.waiting.may_bring(place, besides=change.id):
        why = [Problem("parent_discarded", "", waits_for, discarded)]
        return _keep_back(state, validated, Outcome.QUARANTINED, why, waits_for)
    if not state.can_hold(change.project_id):
        why = [Problem("too_many_held", "s", change.project_id)]
        return _keep_back(state, validated, Outcome.QUARANTINED, why, waits_for)
    why = [Problem("waits_for", "", waits_for)]
    return _keep_back(state, validated, Outcome.HELD, why, waits_for)


def quarantine(
    state: MergeState, validated: ValidatedChange, problems: list[Problem]
) -> Verdict:
    """Keep a change that cannot be applied, with its reasons; it blocks nothing."""
    return _keep_back(state, validated, Outcome.QUARANTINED, problems, None)


def close_discarded(state: MergeState, gone: Change) -> None:
    """Close a waiting change for good; what is held for its record is no longer.

    It still follows when the record comes after all, but somebody is to hear of it.
    """
    state.close(gone.project_id, gone.id, CustodyStatus.DISCARDED)
    state.discarded[gone.project_id, gone.record_id] = label(gone.type, gone.fields)
    place = (gone.project_id, gone.record_id)
    if state.waiting.may_bring(place):
        return
    for found in state.waiting.until(place):
        known = state.known.get(found.validated.change.id)
        if known is not None and known.outcome == Outcome.HELD:
            state.change_verdict(hold(state, found.validated, gone.record_id))


def is_of_its_laptop(state: MergeState, change: Change, waiting: WaitingChange) -> bool:
    """Return whether a waiting change is of the laptop that sent this one."""
    return state.lineage.is_of_one_device(
        change.log_id, waiting.validated.change.log_id
    )


def _keep_back(
    state: MergeState,
    validated: ValidatedChange,
    outcome: Outcome,
    why: list[Problem],
    waits_for: str | None,
) -> Verdict:
    change = validated.change
    kind = TYPES.get(change.type)
    parent = change.fields.get(kind.parent) if kind and kind.parent else None
    if not isinstance(parent, str):
        parent = None
    _close_replaced(state, change)
    is_held = outcome == Outcome.HELD
    state.quarantine(validated, KeptBack(change, parent, why, waits_for, is_held))
    return Verdict(change.id, change.project_id, outcome, why=why, n=change.n)


def _close_replaced(state: MergeState, change: Change) -> None:
    """Close the quarantined change that this one stands in for."""
    replaced = state.waiting.get(change.replaces)
    if replaced is not None and is_of_its_laptop(state, change, replaced):
        state.close(
            replaced.validated.change.project_id,
            replaced.validated.change.id,
            CustodyStatus.REPLACED,
        )
