"""The fix list: changes that the server stored but could not apply, or holds back.

What is held follows by itself when the record it waits for is fixed.
"""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from collector.core.draft import Draft, patched
from collector.core.overlay import Logged, Status, View
from collector.errors import NotFoundError
from collector.flow.laptop import Laptop
from collector.flow.names import candidates, label, one
from schemas.messages import Op
from schemas.records import TYPES

#: A change that needs a person, and one that waits for such a change.
WAITING: Final = (Status.QUARANTINED, Status.HELD)


def fix_list(laptop: Laptop) -> list[dict[str, Any]]:
    """Give the changes that wait, with the reasons and what to type."""
    return [
        _entry(laptop, change)
        for status in WAITING
        for change in laptop.store.changes_with(status)
    ]


def find_quarantined(laptop: Laptop, name: str) -> View:
    """Give the record of the fix list that a name means, whatever its type.

    Raises
    ------
    NotFoundError
        If no record of the list has the name.
    """
    waiting = [c for status in WAITING for c in laptop.store.changes_with(status)]
    ids = {change.record for change in waiting}
    types = {change.type for change in waiting}
    views = [
        view
        for record_type in TYPES
        if record_type in types
        for view in candidates(laptop.store, record_type, name, None)
        if view.id in ids
    ]
    views += [view for change in waiting if (view := _by_id(laptop, change, name))]
    if not views:
        raise NotFoundError(
            f"nothing of {name} waits on the fix list", "see: permille fix"
        )
    return one("record", name, views)


def send_again(laptop: Laptop, record_id: str, patch: Mapping[str, Any]) -> int:
    """Send a quarantined record anew with a patch; gives the number of changes sent.

    The changes of one sampling event, which stand or fall together, are all sent.
    """
    drafts = list(_resend(laptop, record_id, patch)) + list(_others(laptop, record_id))
    if len(drafts) > 1 and any(draft.record != record_id for draft in drafts):
        drafts = _in_order(laptop, drafts)
    laptop.store.keep(drafts, laptop.moment(), laptop.person)
    return len(drafts)


def discard(laptop: Laptop, record_id: str, reason: str | None = None) -> int:
    """Give up the waiting changes of a record, here and on the server."""
    base = laptop.store.base(record_id)
    # A record the server never had is deleted; one it has is left as it is there.
    op = Op.DELETE if base is None else Op.PUT
    drafts = [
        Draft(
            change.stream,
            change.type,
            record_id,
            op,
            base=base.seen if base else None,
            replaces=change.id,
            reason=reason,
        )
        for change in _waiting(laptop, record_id)
    ]
    laptop.store.keep(drafts, laptop.moment(), laptop.person)
    return len(drafts)


def _resend(
    laptop: Laptop, record_id: str, patch: Mapping[str, Any]
) -> Iterator[Draft]:
    waiting = _waiting(laptop, record_id)
    base = laptop.store.base(record_id)
    whole = dict[str, Any]()
    for change in waiting:
        whole.update(change.fields if change.op is Op.PUT else {})
    whole.update(patch)
    if base is None:
        whole = patched({}, whole)
    for change in waiting:
        yield Draft(
            change.stream,
            change.type,
            record_id,
            change.op,
            fields=whole if change.op is Op.PUT else change.fields,
            base=base.seen if base else None,
            replaces=change.id,
            settles=tuple(change.settles),
        )


def _others(laptop: Laptop, record_id: str) -> Iterator[Draft]:
    """Give anew what fell because a change of this record did."""
    groups = {change.group for change in _waiting(laptop, record_id)} - {None}
    fallen = [
        change
        for change in laptop.store.changes_with(Status.QUARANTINED)
        if change.group in groups and change.record != record_id
    ]
    for name in dict.fromkeys(change.record for change in fallen):
        yield from _resend(laptop, name, {})


def _in_order(laptop: Laptop, drafts: list[Draft]) -> list[Draft]:
    """Let drafts stand or fall together, in the order of what they stand in for."""
    group = laptop.clock.new_id()
    places = {
        change.id: change.place
        for name in {draft.record for draft in drafts}
        for change in laptop.store.changes(name)
    }
    together = [replace(draft, group=group) for draft in drafts]
    return sorted(together, key=lambda draft: places[draft.replaces or ""])


def _waiting(laptop: Laptop, record_id: str) -> list[Logged]:
    return [
        change for change in laptop.store.changes(record_id) if change.status in WAITING
    ]


def _by_id(laptop: Laptop, change: Logged, name: str) -> View | None:
    # A record whose view is deleted, that is named by its change, or whose parent is not
    # here and which the list calls by the parent's id.
    view = laptop.store.record(change.record)
    shown = label(laptop.store, view) if view else None
    return view if name in {change.id, change.record, shown} else None


def _entry(laptop: Laptop, change: Logged) -> dict[str, Any]:
    view = laptop.store.record(change.record)
    name = label(laptop.store, view) if view else change.record
    fields = [str(why.get("path") or "") for why in change.reasons]
    settable = [f for f in fields if f in TYPES[change.type].fields]
    if change.status is Status.HELD:
        typed = ""
    elif settable:
        typed = " ".join(f"--set {field}=VALUE" for field in dict.fromkeys(settable))
    else:
        typed = "--resend"
    return {
        "change": change.id,
        "record": change.record,
        "type": change.type,
        "name": name,
        "op": str(change.op),
        "fields": dict(change.fields),
        "reasons": change.reasons,
        "held": change.status is Status.HELD,
        "fix": f"permille fix {shlex.quote(name)} {typed}" if typed else None,
        "discard": f"permille fix {shlex.quote(name)} --discard",
    }
