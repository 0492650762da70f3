"""What this laptop recorded itself, and the server did not take yet, that a decision sets aside.

Who decides on a conflict looks at two values of the past. A third one of their own, which
waits to be sent or to be fixed, is easily forgotten, and the decision would go over it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from collector.fix.conflicts import name_of
from collector.laptop.laptop import Laptop
from collector.rules.overlay import BaseRow, ChangeStatus, LoggedChange, undecided
from schemas.deciding import (
    Decision,
    SideChoice,
    StandingRecord,
    Take,
    UndecidableError,
    decide,
)
from schemas.groups import WHOLE_RECORD
from schemas.messages import Op
from schemas.records import TYPES

_WAITING: Final[Mapping[ChangeStatus, str]] = {
    ChangeStatus.PENDING: "not yet sent",
    ChangeStatus.QUARANTINED: "on the fix list",
    ChangeStatus.HELD: "waiting for another record",
}


def set_aside(
    laptop: Laptop, base: BaseRow, ids: Sequence[str], choice: SideChoice
) -> list[str]:
    """Return, in words, the own values that a decision on a record would set aside.

    A choice that does not fit the conflicts sets nothing aside: it will be refused.
    """
    changes = laptop.store.changes(base.id)
    chosen = [
        dict(conflict)
        for conflict in undecided(base, changes)
        if not ids or any(str(conflict["id"]).startswith(name) for name in ids)
    ]
    if not chosen:
        return []
    standing = StandingRecord(base.type, base.fields, base.deleted)
    try:
        decision = decide(chosen, standing, choice)
    except UndecidableError:
        return []
    groups = {str(conflict["group"]) for conflict in chosen}
    name = name_of(laptop, base)
    return [f"{name}: {said}" for said in _lost(base.type, changes, groups, decision)]


def set_aside_by_all(laptop: Laptop) -> list[str]:
    """Return what is set aside where everything is to stand as it stands."""
    return [
        said
        for base in laptop.store.contested()
        for said in set_aside(laptop, base, (), SideChoice(Take.STANDS))
    ]


def _lost(
    record_type: str,
    changes: Sequence[LoggedChange],
    groups: set[str],
    decision: Decision,
) -> Iterator[str]:
    """Return which latest own values of the contested groups are others than the decided."""
    own: dict[str, tuple[Any, str]] = {}
    waiting = [c for c in changes if c.status in _WAITING]
    for change in waiting:
        where = _WAITING[change.status]
        own.update({name: (value, where) for name, value in change.fields.items()})
    last = [change for change in waiting if change.op is not Op.RESOLVE][-1:]
    if decision.op is Op.UNDELETE and any(each.op is Op.DELETE for each in last):
        yield f"its deletion ({_WAITING[last[0].status]})"
    for name, (value, where) in own.items():
        group = TYPES[record_type].groups.get(name, name)
        if not groups & {group, WHOLE_RECORD}:
            continue
        is_kept = decision.fields.get(name, value) == value
        if decision.op is Op.DELETE or not is_kept:
            said = "none" if value is None else value
            yield f"{name} = {said} ({where})"
