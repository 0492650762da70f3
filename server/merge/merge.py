"""Merge: one verdict per change, and its effect on the state. Pure.

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

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Final

from schemas.changes import Change
from schemas.messages import Op, Outcome
from schemas.problems import Problem
from schemas.validate import errors
from server.merge.effects import apply, begin_record
from server.merge.model import (
    Origin,
    ValidatedChange,
    Verdict,
    WaitingChange,
    filled,
)
from server.merge.preconditions import problems_of_record, refusals_of
from server.merge.state import MergeState
from server.merge.verdicts import hold, is_of_its_laptop, quarantine

_WAITS: frozenset[Outcome] = frozenset({Outcome.HELD, Outcome.QUARANTINED})
#: Of a record that may stand: no problems, and it refers to nothing that is not here.
_NOTHING_WRONG: Final[tuple[list[Problem], str | None]] = ([], None)


def merge(state: MergeState, batch: Iterable[ValidatedChange], origin: Origin) -> None:
    """Merge every change of a batch, in log order, each with its verdict."""
    changes = list(batch)
    for _, together in groupby(changes, lambda validated: _together(validated.change)):
        group = list(together)
        for verdict in _decide_group(state, group, origin):
            state.known[verdict.change_id] = verdict
            state.verdicts.append(verdict)
        _release(state, origin)
    state.verdicts = [_latest(state, verdict) for verdict in state.verdicts]


def _latest(state: MergeState, verdict: Verdict) -> Verdict:
    """Return the verdict that stands when the whole batch is merged."""
    late = state.late_verdicts.get(verdict.change_id)
    return verdict if late is None else late._replace(n=verdict.n)


def decide_again(
    state: MergeState, waiting: Sequence[WaitingChange], origin: Origin
) -> None:
    """Try changes that wait in custody once more, oldest first."""
    for _, together in groupby(waiting, lambda w: _together(w.validated.change)):
        _try_again(state, [found.validated for found in together], origin)
        _release(state, origin)


def _together(change: Change) -> str:
    return change.group or change.id


def _release(state: MergeState, origin: Origin) -> None:
    """Try again what waited for the records that have appeared."""
    while state.newly_available and state.waiting:
        place = state.newly_available.pop(0)
        waiting = [found.validated for found in state.waiting.until(place)]
        for _, together in groupby(
            waiting, lambda validated: _together(validated.change)
        ):
            _try_again(state, list(together), origin)


def _try_again(state: MergeState, group: list[ValidatedChange], origin: Origin) -> None:
    found = [validated for validated in group if validated.change.id in state.waiting]
    for validated in found:
        state.forget_verdict(validated.change)
    for verdict in _decide_group(state, found, origin):
        state.change_verdict(verdict)


def _decide_group(
    state: MergeState, group: list[ValidatedChange], origin: Origin
) -> list[Verdict]:
    """Decide on changes that stand or fall together."""
    if len(group) == 1:
        return [_decide(state, group[0], origin)]
    tried = state.copy()
    verdicts = [_decide(tried, validated, origin) for validated in group]
    broken = [v for v in verdicts if v.outcome in _WAITS]
    if not broken:
        state.take(tried)
        return verdicts
    awaited = {v.change_id: _awaited(tried, v) for v in broken}
    # What only waits may follow by itself; a fault needs somebody.
    worst = min(broken, key=lambda verdict: awaited[verdict.change_id] is not None)
    return [
        own if own.repeated else _fall(state, validated, own, worst, awaited)
        for validated, own in zip(group, verdicts, strict=True)
    ]


def _awaited(tried: MergeState, verdict: Verdict) -> str | None:
    """Return the record that a change waits for, held or since that was given up."""
    waiting = tried.waiting.get(verdict.change_id)
    return None if waiting is None else waiting.waits_for


def _fall(
    state: MergeState,
    validated: ValidatedChange,
    own: Verdict,
    worst: Verdict,
    awaited: Mapping[str, str | None],
) -> Verdict:
    """Keep a change back with its group: all wait for a record, or for a person.

    Nothing of a group with a fault waits for a record: it would stand alone when that
    comes.
    """
    waits_for = awaited[worst.change_id]
    if waits_for is not None:
        return hold(state, validated, waits_for)
    if own.outcome == Outcome.QUARANTINED and awaited[own.change_id] is None:
        return quarantine(state, validated, own.why)
    problem = Problem("group_broken", "g", validated.change.group, worst.change_id)
    return quarantine(state, validated, [problem])


def _decide(state: MergeState, validated: ValidatedChange, origin: Origin) -> Verdict:
    change = validated.change
    if _is_first_word(state, validated):
        fields = filled(validated.fields)
        if problems_of_record(state, change, fields, fields) == _NOTHING_WRONG:
            return begin_record(state, validated, fields, origin)
    known = state.known.get(change.id)
    if known is not None:
        return known._replace(n=change.n, repeated=True)
    if change.type == "project" and change.record_id == change.project_id:
        _found_project(state, validated)
    elif _awaits_project(state, change):
        return hold(state, validated, change.project_id)
    present = state.find(change.project_id, change.record_id)
    problems = refusals_of(state, validated, present, origin)
    if problems:
        return quarantine(state, validated, problems)
    return apply(state, validated, present, origin)


def _is_first_word(state: MergeState, validated: ValidatedChange) -> bool:
    """Return whether a change makes a record of which nobody has said anything yet.

    Most changes do; of all that may keep one from being applied only the record is left.
    """
    change = validated.change
    place = (change.project_id, change.record_id)
    return (
        _names_nothing_before(change)
        and not validated.problems
        and not state.waiting
        and change.project_id in state.project_ids
        and change.project_id in state.heads
        and place not in state.records
        and place not in state.purged
        and change.id not in state.known
    )


def _names_nothing_before(change: Change) -> bool:
    """Return whether a change says something new, and of nothing that came before it."""
    before = (change.base, change.replaces)
    is_new = change.op == Op.PUT and change.type != "project"
    return is_new and before == (None, None) and not (change.bases or change.resolves)


def _found_project(state: MergeState, validated: ValidatedChange) -> None:
    """Open a project for a laptop that may begin one: its record is the first."""
    project_id = validated.change.project_id
    is_refused = errors(validated.problems) or state.is_code_in_use(
        project_id, validated.fields.get("code")
    )
    if project_id not in state.heads and state.can_begin() and not is_refused:
        state.new_projects.append(project_id)
        state.project_ids.add(project_id)
        state.heads[project_id] = 0


def _awaits_project(state: MergeState, change: Change) -> bool:
    """Return whether the record that is to begin its project waits, of the same laptop."""
    if change.project_id in state.heads or change.project_id in state.revoked:
        return False
    place = (change.project_id, change.project_id)
    return any(
        is_of_its_laptop(state, change, waiting)
        for waiting in state.waiting.of_record(place)
    )
