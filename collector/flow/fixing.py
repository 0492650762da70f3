"""The fix list: changes that the server stored but could not apply, or holds back.

What is held follows by itself when the record it waits for is fixed.
"""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from collector.core.draft import Draft
from collector.core.overlay import ChangeStatus, LoggedChange, RecordView
from collector.core.shown import Shown
from collector.errors import NotFoundError, RefusedError
from collector.flow.laptop import Laptop
from collector.flow.names import candidates, label, one, server_label
from collector.flow.saving import save
from schemas.messages import Op
from schemas.records import TYPES

#: A change that needs a person, and one that waits for such a change.
WAITING: Final = (ChangeStatus.QUARANTINED, ChangeStatus.HELD)


def fix_list(laptop: Laptop) -> list[dict[str, Any]]:
    """Return the changes that wait, with the reasons and what to type."""
    return [
        _entry(laptop, change)
        for status in WAITING
        for change in laptop.store.changes_with(status)
    ]


def find_quarantined(laptop: Laptop, name: str) -> RecordView:
    """Return the record of the fix list that a name means, whatever its type.

    Raises
    ------
    NotFoundError
        If no record of the list has the name.
    """
    waiting = [c for status in WAITING for c in laptop.store.changes_with(status)]
    ids = {change.record_id for change in waiting}
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
    return one("record", name, views, store=laptop.store)


def send_again(laptop: Laptop, record_id: str, patch: Mapping[str, Any]) -> int:
    """Send a quarantined record anew with a patch; return how many changes are sent.

    The changes of one sampling event, which stand or fall together, are all sent.

    Raises
    ------
    RefusedError
        If a deletion is all that waits: a patch says nothing of it.
    """
    waiting = _waiting(laptop, record_id)
    if patch and all(change.op is Op.DELETE for change in waiting):
        name = _name(laptop, waiting[0])
        raise RefusedError(
            f"what waits is the deletion of {waiting[0].type} {name}; no value is part of it",
            f"permille fix {shlex.quote(name)} --resend, or --discard to keep the record",
            code="deletion_waits",
        )
    drafts = list(_resend(laptop, record_id, patch)) + list(_others(laptop, record_id))
    if len(drafts) > 1 and any(draft.record_id != record_id for draft in drafts):
        drafts = _in_order(laptop, drafts)
    save(laptop, drafts, patch, record_id)
    return len(drafts)


def discard(laptop: Laptop, record_id: str, reason: str | None = None) -> int:
    """Discard the waiting changes of a record, here and on the server."""
    seen = _shown(laptop, record_id)
    # A record the server never had is deleted; one it has is left as it is there.
    op = Op.DELETE if seen.row is None else Op.PUT
    drafts = [
        seen.draft(op, replaces=change.id, reason=reason)
        for change in _waiting(laptop, record_id)
    ]
    save(laptop, drafts)
    return len(drafts)


def _resend(
    laptop: Laptop, record_id: str, patch: Mapping[str, Any]
) -> Iterator[Draft]:
    """Draft what waits of a record anew, each with all that its author said of it.

    One change may stand only with what another one says.
    """
    waiting, seen = _waiting(laptop, record_id), _shown(laptop, record_id)
    whole = dict[str, Any]()
    for change in waiting:
        whole.update(change.fields)
    whole.update(patch)
    for change in waiting:
        fields = {} if change.op is Op.DELETE else whole
        yield seen.draft(change.op, fields, change.id, change.resolves)


def _shown(laptop: Laptop, record_id: str) -> Shown:
    found = laptop.store.shown(record_id)
    assert found is not None, "what waits is shown"
    return found


def _others(laptop: Laptop, record_id: str) -> Iterator[Draft]:
    """Return again what fell because a change of this record did."""
    groups = {change.group for change in _waiting(laptop, record_id)} - {None}
    fallen = [
        change
        for change in laptop.store.changes_with(ChangeStatus.QUARANTINED)
        if change.group in groups and change.record_id != record_id
    ]
    for name in dict.fromkeys(change.record_id for change in fallen):
        yield from _resend(laptop, name, {})


def _in_order(laptop: Laptop, drafts: list[Draft]) -> list[Draft]:
    """Group drafts so that they stand or fall together, in the order of what they stand in for."""
    group = laptop.clock.new_id()
    places = {
        change.id: change.place
        for name in {draft.record_id for draft in drafts}
        for change in laptop.store.changes(name)
    }
    together = [replace(draft, group=group) for draft in drafts]
    return sorted(together, key=lambda draft: places[draft.replaces or ""])


def _waiting(laptop: Laptop, record_id: str) -> list[LoggedChange]:
    return [
        change for change in laptop.store.changes(record_id) if change.status in WAITING
    ]


def _by_id(laptop: Laptop, change: LoggedChange, name: str) -> RecordView | None:
    # A record whose view is deleted, that is named by its change, or as the server has
    # it, or whose parent is not here and which the list calls by the parent's id.
    view, base = (
        laptop.store.record(change.record_id),
        laptop.store.base(change.record_id),
    )
    shown = label(laptop.store, view) if view else None
    known = server_label(laptop.store, base) if base else None
    return view if name in {change.id, change.record_id, shown, known} else None


def _name(laptop: Laptop, change: LoggedChange) -> str:
    view = laptop.store.record(change.record_id)
    return label(laptop.store, view) if view else change.record_id


def _entry(laptop: Laptop, change: LoggedChange) -> dict[str, Any]:
    name, seen = _name(laptop, change), laptop.store.shown(change.record_id)
    fields = [str(why.get("path") or "") for why in change.reasons]
    settable = [f for f in fields if f in TYPES[change.type].fields]
    if change.status is ChangeStatus.HELD:
        typed = ""
    elif settable:
        typed = " ".join(f"--set {field}=VALUE" for field in dict.fromkeys(settable))
    else:
        typed = "--resend"
    return {
        "change": change.id,
        "record": change.record_id,
        "type": change.type,
        "name": name,
        "op": str(change.op),
        "fields": dict(change.fields),
        "reasons": change.reasons,
        "meanwhile": seen.meanwhile() if seen else {},
        "held": change.status is ChangeStatus.HELD,
        "fix": f"permille fix {shlex.quote(name)} {typed}" if typed else None,
        "discard": f"permille fix {shlex.quote(name)} --discard",
    }
