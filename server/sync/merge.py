"""Merge: one verdict per change, and its effect on the desk. Pure.

Rules (docs/sync.md):
- a write is *unseen* when it came after the row in which its author saw the field group,
  and the author had not written it (in this log or in one that it came from), nor says
  to have known it;
- a group is compared, kept and written whole, as its author was shown;
- no touched group has an unseen writer: accepted, or merged when other groups have;
- same value twice: accepted, both stay writers;
- unseen other value: a measurement is a conflict and the first stands; a
  description is merged and the later stamp stands; a set is merged and keeps both;
- delete against an unseen write, write against a deletion: conflict;
- what depends on a record that is not here is held, and tried again when it comes;
- what cannot be applied is quarantined: stored, with reasons, blocking nothing;
- the changes of a group stand together or not at all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from schemas.messages import Outcome
from schemas.problems import Problem
from schemas.validate import errors
from server.sync.desk import Desk
from server.sync.effects import apply
from server.sync.model import Change, Judged, Origin, Verdict, Waiting
from server.sync.refusals import refusals_of
from server.sync.verdicts import hold, quarantine

_WAITS: frozenset[Outcome] = frozenset({Outcome.HELD, Outcome.QUARANTINED})


def merge(desk: Desk, batch: Iterable[Judged], origin: Origin) -> None:
    """Put every change of a batch on the desk, in log order, each with its verdict."""
    changes = list(batch)
    for _, together in groupby(changes, lambda judged: _together(judged.change)):
        group = list(together)
        for verdict in _decide_group(desk, group, origin):
            desk.known[verdict.change] = replace(verdict, repeated=True)
            desk.verdicts.append(verdict)
        _release(desk, origin)
    desk.verdicts = [
        replace(desk.revised.get(v.change, v), n=v.n) for v in desk.verdicts
    ]


def decide_again(desk: Desk, waiting: Sequence[Waiting], origin: Origin) -> None:
    """Try changes that wait in custody once more, oldest first."""
    for _, together in groupby(waiting, lambda w: _together(w.judged.change)):
        _try_again(desk, [found.judged for found in together], origin)
        _release(desk, origin)


def _together(change: Change) -> str:
    return change.group or change.id


def _release(desk: Desk, origin: Origin) -> None:
    """Try again what waited for the records that have appeared."""
    while desk.appeared and desk.waiting:
        place = desk.appeared.pop(0)
        waiting = [found.judged for found in desk.waiting.until(place)]
        for _, together in groupby(waiting, lambda judged: _together(judged.change)):
            _try_again(desk, list(together), origin)


def _try_again(desk: Desk, group: list[Judged], origin: Origin) -> None:
    found = [judged for judged in group if judged.change.id in desk.waiting]
    for judged in found:
        del desk.known[judged.change.id]
    for verdict in _decide_group(desk, found, origin):
        desk.revise(verdict)


def _decide_group(desk: Desk, group: list[Judged], origin: Origin) -> list[Verdict]:
    """Decide on changes that stand or fall together."""
    if len(group) == 1:
        return [_decide(desk, group[0], origin)]
    tried = desk.copy()
    verdicts = [_decide(tried, judged, origin) for judged in group]
    broken = [v for v in verdicts if v.outcome in _WAITS]
    if not broken:
        desk.take(tried)
        return verdicts
    awaited = {v.change: _awaited(tried, v) for v in broken}
    # What only waits may follow by itself; a fault needs somebody.
    worst = min(broken, key=lambda verdict: awaited[verdict.change] is not None)
    waits_for = awaited[worst.change]
    if waits_for is not None:
        return [hold(desk, judged, waits_for) for judged in group]
    return [
        _break(desk, judged, awaited.get(v.change), v, worst)
        for judged, v in zip(group, verdicts, strict=True)
    ]


def _awaited(tried: Desk, verdict: Verdict) -> str | None:
    """Return the record that a change waits for, held or since that was given up."""
    waiting = tried.waiting.get(verdict.change)
    return None if waiting is None else waiting.waits_for


def _break(
    desk: Desk, judged: Judged, waits_for: str | None, own: Verdict, worst: Verdict
) -> Verdict:
    """Quarantine a change because of its own fault, or of another one's of its group.

    Nothing of such a group waits for a record: it would stand alone when that comes.
    """
    if own.outcome == Outcome.QUARANTINED and waits_for is None:
        return quarantine(desk, judged, own.why)
    problem = Problem("group_broken", "g", judged.change.group, worst.change)
    return quarantine(desk, judged, [problem])


def _decide(desk: Desk, judged: Judged, origin: Origin) -> Verdict:
    change = judged.change
    known = desk.known.get(change.id)
    if known is not None:
        return replace(known, n=change.n)
    if change.type == "project" and change.record == change.stream:
        _found_project(desk, judged)
    present = desk.find(change.stream, change.record)
    problems = refusals_of(desk, judged, present, origin)
    if problems:
        return quarantine(desk, judged, problems)
    return apply(desk, judged, present, origin)


def _found_project(desk: Desk, judged: Judged) -> None:
    """Open a project for an enrolled laptop: its record is the first."""
    stream = judged.change.stream
    if stream not in desk.heads and not errors(judged.problems):
        desk.founded.append(stream)
        desk.streams.add(stream)
        desk.heads[stream] = 0
