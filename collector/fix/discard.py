"""What this laptop recorded itself, and the server did not take yet, that a decision sets aside.

Who decides on a conflict looks at two values of the past. A third one of their own, which
waits to be sent or to be fixed, is easily forgotten, and the decision would go over it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from collector.fix.conflicts import decisions_of, name_of
from collector.laptop.laptop import Laptop
from collector.record.names import called_in
from collector.rules.overlay import BaseRow, ChangeStatus, LoggedChange, undecided
from schemas.deciding import Decision, UndecidableError
from schemas.groups import WHOLE_RECORD
from schemas.messages import Op
from schemas.records import TYPES
from schemas.sides import KEPT, PersonsChoice
from schemas.told import option_name, told

_WAITING: Final[Mapping[ChangeStatus, str]] = {
    ChangeStatus.PENDING: "not yet sent",
    ChangeStatus.QUARANTINED: "on the fix list",
    ChangeStatus.HELD: "waiting for another record",
}


def set_aside(
    laptop: Laptop, base: BaseRow, ids: Sequence[str], choice: PersonsChoice
) -> list[str]:
    """Return, in words, the own values that a decision on a record would set aside.

    A choice that does not fit the conflicts sets nothing aside: it will be refused.
    """
    changes = laptop.store.changes(base.id)
    chosen = [
        dict(conflict)
        for conflict in undecided(base, changes)
        if not ids or conflict["id"] in ids
    ]
    if not chosen:
        return []
    try:
        found = decisions_of(laptop, base, chosen, choice)
    except UndecidableError:
        return []
    group_of = {str(each["id"]): str(each["group"]) for each in chosen}
    name = name_of(laptop, base)
    return [
        f"{name}: {said}"
        for decision in found
        for said in _lost(
            laptop,
            base.type,
            changes,
            decision,
            {group_of[i] for i in decision.resolves},
        )
    ]


def set_aside_by_all(laptop: Laptop) -> list[str]:
    """Return what is set aside where everything is to stand as it stands."""
    return [
        said
        for base in laptop.store.contested()
        for said in set_aside(laptop, base, (), KEPT)
    ]


def _lost(
    laptop: Laptop,
    record_type: str,
    changes: Sequence[LoggedChange],
    decision: Decision,
    groups: set[str],
) -> Iterator[str]:
    """Return which latest own values of the contested groups are others than the decided."""
    waiting = [c for c in changes if c.status in _WAITING]
    own = {
        name: (value, _WAITING[change.status])
        for change in waiting
        for name, value in change.fields.items()
    }
    if decision.op is Op.UNDELETE:
        yield from _lost_deletion(waiting)
    called = called_in(laptop.store, record_type, [change.fields for change in waiting])
    for name, (value, where) in own.items():
        group = TYPES[record_type].groups.get(name, name)
        if groups & {group, WHOLE_RECORD} and not _is_kept(decision, name, value):
            yield f"{option_name(name)} = {told(value, called) or 'none'} ({where})"


def _lost_deletion(waiting: Sequence[LoggedChange]) -> Iterator[str]:
    for change in [c for c in waiting if c.op is not Op.RESOLVE][-1:]:
        if change.op is Op.DELETE:
            yield f"its deletion ({_WAITING[change.status]})"


def _is_kept(decision: Decision, name: str, value: object) -> bool:
    is_same = decision.fields.get(name, value) == value
    return is_same and decision.op is not Op.DELETE
