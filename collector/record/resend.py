"""Changes that wait are sent anew, or discarded."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from collector.errors import RefusedError
from collector.laptop.laptop import Laptop
from collector.record.names import label
from collector.record.saving import save
from collector.rules.overlay import ChangeStatus, LoggedChange
from collector.rules.shown import Shown
from schemas.changes import Draft
from schemas.messages import Op

#: A change that needs a person, and one that waits for such a change.
WAITING: Final = (ChangeStatus.QUARANTINED, ChangeStatus.HELD)


def send_again(
    laptop: Laptop,
    record_id: str,
    patch: Mapping[str, Any],
    reason: str | None = None,
) -> int:
    """Send a quarantined record anew with a patch; return how many changes are sent.

    `reason` says why; without one that of the change stays.

    The changes of one sampling event, which stand or fall together, are all sent.

    Raises
    ------
    RefusedError
        If a deletion is all that waits: a patch says nothing of it.
    """
    waiting = _waiting(laptop, record_id)
    if patch and all(change.op is Op.DELETE for change in waiting):
        name = name_of_change(laptop, waiting[0])
        raise RefusedError(
            f"what waits is the deletion of {waiting[0].type} {name}; no value is part of it",
            f"permille fix {shlex.quote(name)} --resend, or --discard to keep the record",
            code="deletion_waits",
        )
    own = _resend(laptop, record_id, patch, reason)
    drafts = [*own, *_others(laptop, record_id)]
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


def name_of_change(laptop: Laptop, change: LoggedChange) -> str:
    """Return what people call the record of a change."""
    view = laptop.store.record(change.record_id)
    return label(laptop.store, view) if view else change.record_id


def _resend(
    laptop: Laptop,
    record_id: str,
    patch: Mapping[str, Any],
    reason: str | None = None,
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
        why = reason or change.reason
        yield seen.draft(change.op, fields, change.id, change.resolves, why)


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
