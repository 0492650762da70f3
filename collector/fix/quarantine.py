"""The fix list: changes that the server stored but could not apply, or holds back.

What is held follows by itself when the record it waits for is fixed.
"""

import shlex
from typing import Any

from collector.laptop.laptop import Laptop
from collector.record.names import (
    called,
    called_in,
    candidates,
    label,
    one,
)
from collector.record.resend import WAITING, name_of_change
from collector.record.server_names import server_label
from collector.rules.overlay import ChangeStatus, LoggedChange, RecordView
from schemas.records import TYPES
from schemas.told import ids_in, option_name


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
    return one("change to fix of", name, views, laptop.store, "fix")


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


def _entry(laptop: Laptop, change: LoggedChange) -> dict[str, Any]:
    name, seen = name_of_change(laptop, change), laptop.store.shown(change.record_id)
    fields = [str(why.get("path") or "") for why in change.reasons]
    settable = [f for f in fields if f in TYPES[change.type].fields]
    if change.status is ChangeStatus.HELD:
        typed = ""
    elif settable:
        named = dict.fromkeys(map(option_name, settable))
        typed = " ".join(f"--set {name}=VALUE" for name in named)
    else:
        typed = "--resend"
    values = [change.fields, seen.view.fields if seen else {}]
    names = called(laptop.store, {change.record_id, *ids_in(change.reasons)})
    return {
        "change": change.id,
        "record": change.record_id,
        "type": change.type,
        "name": name,
        "op": str(change.op),
        "fields": dict(change.fields),
        "reasons": change.reasons,
        "names": names | called_in(laptop.store, change.type, values),
        "meanwhile": seen.meanwhile() if seen else {},
        "held": change.status is ChangeStatus.HELD,
        "fix": f"permille fix {shlex.quote(name)} {typed}" if typed else None,
        "discard": f"permille fix {shlex.quote(name)} --discard",
    }
