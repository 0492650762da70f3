"""Verdicts: a change stands, waits for a record or a person, or is given up. Pure."""

from schemas.messages import Outcome
from schemas.problems import Problem
from schemas.records import TYPES
from server.sync.desk import Desk, label
from server.sync.model import Change, Judged, Quarantined, Verdict, Waiting


def settle(
    desk: Desk,
    change: Change,
    outcome: Outcome,
    seq: int | None,
    conflicts: list[str] | None = None,
) -> Verdict:
    """Return the verdict of a change that stands."""
    _close_replaced(desk, change)
    return Verdict(
        change.id, change.stream, outcome, seq, conflicts=conflicts or [], n=change.n
    )


def hold(desk: Desk, judged: Judged, waits_for: str) -> Verdict:
    """Keep a change until the record that it depends on is here."""
    change = judged.change
    given_up = desk.given_up.get((change.stream, waits_for))
    place = (change.stream, waits_for)
    if given_up is not None and not desk.waiting.may_bring(place, besides=change.id):
        why = [Problem("parent_discarded", "", waits_for, given_up)]
        return _keep_back(desk, judged, Outcome.QUARANTINED, why, waits_for)
    if not desk.can_hold(change.stream):
        why = [Problem("too_many_held", "s", change.stream)]
        return _keep_back(desk, judged, Outcome.QUARANTINED, why, waits_for)
    why = [Problem("waits_for", "", waits_for)]
    return _keep_back(desk, judged, Outcome.HELD, why, waits_for)


def quarantine(desk: Desk, judged: Judged, problems: list[Problem]) -> Verdict:
    """Keep a change that cannot be applied, with its reasons; it blocks nothing."""
    return _keep_back(desk, judged, Outcome.QUARANTINED, problems, None)


def give_up(desk: Desk, gone: Change) -> None:
    """Close a waiting change for good; what is held for its record is no longer.

    It still follows when the record comes after all, but somebody is to hear of it.
    """
    desk.settle(gone.stream, gone.id, "discarded")
    desk.given_up[gone.stream, gone.record] = label(gone.type, gone.fields)
    place = (gone.stream, gone.record)
    if desk.waiting.may_bring(place):
        return
    for found in desk.waiting.until(place):
        known = desk.known.get(found.judged.change.id)
        if known is not None and known.outcome == Outcome.HELD:
            desk.revise(hold(desk, found.judged, gone.record))


def is_of_its_laptop(desk: Desk, change: Change, waiting: Waiting) -> bool:
    """Return whether a waiting change is of the laptop that sent this one."""
    return desk.lineage.is_of_one_device(change.log, waiting.judged.change.log)


def _keep_back(
    desk: Desk,
    judged: Judged,
    outcome: Outcome,
    why: list[Problem],
    waits_for: str | None,
) -> Verdict:
    change = judged.change
    kind = TYPES.get(change.type)
    parent = change.fields.get(kind.parent) if kind and kind.parent else None
    if not isinstance(parent, str):
        parent = None
    _close_replaced(desk, change)
    is_held = outcome == Outcome.HELD
    desk.quarantine(judged, Quarantined(change, parent, why, waits_for, is_held))
    return Verdict(change.id, change.stream, outcome, why=why, n=change.n)


def _close_replaced(desk: Desk, change: Change) -> None:
    """Close the quarantined change that this one stands in for."""
    replaced = desk.waiting.get(change.replaces)
    if replaced is not None and is_of_its_laptop(desk, change, replaced):
        desk.settle(
            replaced.judged.change.stream, replaced.judged.change.id, "replaced"
        )
