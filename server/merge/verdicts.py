"""What comes of a change: it stands, waits or is discarded, and closes conflicts. Pure."""

from collections.abc import Collection, Sequence

from schemas.changes import Change
from schemas.groups import WHOLE_RECORD
from schemas.messages import Outcome
from schemas.problems import Problem
from schemas.records import TYPES, label
from server.merge.model import (
    Conflict,
    KeptBack,
    KnownConflict,
    ValidatedChange,
    Verdict,
    WaitingChange,
)
from server.merge.state import MergeState
from server.merge.statuses import CustodyStatus


def accept(
    state: MergeState,
    change: Change,
    outcome: Outcome,
    seq: int | None,
    conflicts: Sequence[str] = (),
) -> Verdict:
    """Return the verdict of a change that stands."""
    _close_replaced(state, change)
    return Verdict(
        change.id,
        change.project_id,
        outcome,
        seq,
        conflicts=conflicts,
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
    state: MergeState, validated: ValidatedChange, problems: Sequence[Problem]
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


def bring_back(
    state: MergeState,
    validated: ValidatedChange,
    why: Sequence[Problem],
    waits_for: str | None,
) -> None:
    """Have a discarded change wait again, for what it waited for, and those held for it."""
    change = validated.change
    if waits_for is None:
        verdict = quarantine(state, validated, why)
    else:
        verdict = hold(state, validated, waits_for)
    state.change_verdict(verdict)
    place = (change.project_id, change.record_id)
    state.discarded.pop(place, None)
    for found in state.waiting.until(place):
        known = state.known.get(found.validated.change.id)
        if known is not None and known.outcome == Outcome.QUARANTINED:
            state.change_verdict(hold(state, found.validated, change.record_id))


def is_of_its_laptop(state: MergeState, change: Change, waiting: WaitingChange) -> bool:
    """Return whether a waiting change is of the laptop that sent this one."""
    return state.lineage.is_of_one_device(
        change.log_id, waiting.validated.change.log_id
    )


def _keep_back(
    state: MergeState,
    validated: ValidatedChange,
    outcome: Outcome,
    why: Sequence[Problem],
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


def closed_by(
    state: MergeState,
    change: Change,
    groups: Collection[str],
    *,
    is_in_conflict: Collection[Conflict],
) -> list[str]:
    """Return the open conflicts that a change closes.

    A decision closes those that it names, and any other in its groups between values
    that it was made on, whichever of them came first. An author's newer word on a group
    closes the conflict of their own older one.
    """
    if change.resolves and is_in_conflict:
        return []  # it decides nothing before somebody has decided on it
    return [
        name
        for name, found in state.conflicts_of(
            change.project_id, change.record_id
        ).items()
        if found.is_open
        and (
            _is_decided(change, name, found, groups)
            or _is_own_older(state, change, found, groups)
        )
    ]


def note_decisions(state: MergeState, change: Change, groups: Collection[str]) -> None:
    """Keep what a decision was made on, for a server that hears of it later."""
    if change.resolves:
        for group in groups:
            state.note_decision(change, group)


def _is_decided(
    change: Change, name: str, found: KnownConflict, groups: Collection[str]
) -> bool:
    if name in change.resolves:
        return True
    is_known = bool(change.resolves) and found.change_id in change.seen
    return is_known and found.group in {*groups, WHOLE_RECORD}


def _is_own_older(
    state: MergeState, change: Change, found: KnownConflict, groups: Collection[str]
) -> bool:
    is_own = state.lineage.includes(change.log_id, change.n, found.log_id, found.n)
    return is_own and found.group != WHOLE_RECORD and found.group in groups
