"""Which conflicts a change closes, and what its decision was made on. Pure."""

from collections.abc import Collection

from schemas.groups import WHOLE_RECORD
from server.merge.model import Change, Conflict, KnownConflict
from server.merge.state import MergeState


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
