"""Which conflicts a change closes, and what its decision was made on. Pure."""

from collections.abc import Collection

from schemas.groups import WHOLE_RECORD
from server.sync.desk import Desk
from server.sync.model import Change, Conflict, KnownConflict


def closed_by(
    desk: Desk,
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
    if change.settles and is_in_conflict:
        return []  # it decides nothing before somebody has decided on it
    return [
        name
        for name, found in desk.conflicts_of(change.stream, change.record).items()
        if found.is_open
        and (
            _is_decided(change, name, found, groups)
            or _is_own_older(desk, change, found, groups)
        )
    ]


def note_decisions(desk: Desk, change: Change, groups: Collection[str]) -> None:
    """Keep what a decision was made on, for a server that hears of it later."""
    if change.settles:
        for group in groups:
            desk.note_decision(change, group)


def _is_decided(
    change: Change, name: str, found: KnownConflict, groups: Collection[str]
) -> bool:
    if name in change.settles:
        return True
    is_known = bool(change.settles) and found.change in change.seen
    return is_known and found.group in {*groups, WHOLE_RECORD}


def _is_own_older(
    desk: Desk, change: Change, found: KnownConflict, groups: Collection[str]
) -> bool:
    is_own = desk.lineage.includes(change.log, change.n, found.log, found.n)
    return is_own and found.group != WHOLE_RECORD and found.group in groups
