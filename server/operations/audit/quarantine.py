"""Quarantine: what waits in custody is what its line says, and for the reason it tells."""

import json
from collections.abc import Iterator

from schemas.changes import read_change
from server.merge.statuses import CustodyStatus
from server.operations.audit.findings import Kept, guarded
from server.store.kept_values import KeptCustody
from server.store.values import Fault

_CHECK = "quarantine"


def check_quarantine(kept: Kept) -> Iterator[Fault]:
    """Check everything in custody against its line."""
    for held in kept.kept(KeptCustody):
        where = f"project {held.project_id}, quarantined change {held.change_id}"
        found = (Fault(_CHECK, where, what) for what in wrong_custody(held))
        yield from guarded(_CHECK, where, found)


def wrong_custody(held: KeptCustody) -> Iterator[str]:
    """Return in words what does not fit a change in custody."""
    if held.line_change_id != held.change_id:
        yield "its line is not here"
        return
    change = read_change(held.log_id, held.raw, held.hash)
    said = (held.record_id, held.type, held.person, json.loads(held.fields))
    if said != (change.record_id, change.type, change.person, change.fields):
        yield "its record, fields or person are not those of its line"
    reasons = [problem["code"] for problem in json.loads(held.why)]
    is_for_nothing = held.waits_for is None
    if held.status == CustodyStatus.HELD and (
        is_for_nothing or reasons != ["waits_for"]
    ):
        yield "it is held and waits for nothing"
    waits = reasons in (["parent_discarded"], ["too_many_held"])
    if held.status == CustodyStatus.OPEN and is_for_nothing == waits:
        yield "it is quarantined and its reason is not what it waits for"
