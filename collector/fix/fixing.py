"""Fix -> send again: a correction that leaves what was wrong as it is, is none."""

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from collector.errors import RefusedError
from collector.laptop.laptop import Laptop
from collector.record import entry
from collector.record.names import called, called_in, label
from collector.rules.overlay import ChangeStatus, LoggedChange, RecordView
from schemas.phrases import _
from schemas.problems import Problem, from_data
from schemas.record_words import TYPE_WORDS
from schemas.records import TYPES
from schemas.told import ids_in, told, worded
from schemas.validate import load_record


def fix(
    laptop: Laptop,
    view: RecordView,
    patch: Mapping[str, Any],
    reason: str | None = None,
) -> entry.Saved:
    """Keep a correction of a record on the fix list; it is sent anew with it.

    Raises
    ------
    RefusedError
        If the server would find the same problem again.
    """
    changes = laptop.store.changes(view.id)
    waiting = [c for c in changes if c.status is ChangeStatus.QUARANTINED]
    same = [problem for c in waiting for problem in _same(view, c, patch)]
    if same:
        named = called(laptop.store, ids_in(problem.as_data() for problem in same))
        named |= called_in(laptop.store, view.type, [patch, view.fields])
        name = label(laptop.store, view)
        raise RefusedError(
            _(
                "{type} {name} still has the same problem",
                type=TYPE_WORDS[view.type],
                name=name,
            ),
            _(
                "give another value; where it is mended elsewhere:"
                " permille fix {record} --resend",
                record=shlex.quote(name),
            ),
            [_named(problem, named) for problem in same],
            code="same_problem",
        )
    return entry.edit(laptop, view, patch, reason)


def _same(
    view: RecordView, change: LoggedChange, patch: Mapping[str, Any]
) -> Iterator[Problem]:
    """Return the problems of a change that a patch leaves as they were.

    What follows from the record alone is judged anew when it is kept. What depends on
    others is the same for the same values: those of the field and of what goes with it.
    """
    fields = TYPES[view.type].fields
    after = {**view.fields, **patch}
    for reason in change.reasons:
        problem = from_data(reason)
        if problem.path not in fields or problem.path not in change.fields:
            continue
        read = [problem.path, *_beside(view.type, problem.path)]
        is_same = all(after.get(name) == change.fields.get(name) for name in read)
        if is_same and not _is_judged_here(view.type, change, problem):
            yield problem


def _beside(record_type: str, path: str) -> list[str]:
    """Return the fields that the server looked at together with one."""
    kind = TYPES[record_type]
    if path in kind.key:
        return [*kind.key, *([kind.parent] if kind.parent else [])]
    group = [name for name, own in kind.groups.items() if own == kind.groups[path]]
    return [*group, *([kind.parent] if kind.parent else [])]


def _is_judged_here(record_type: str, change: LoggedChange, problem: Problem) -> bool:
    _, found = load_record(record_type, dict(change.fields))
    return any(each.code == problem.code for each in found)


def _named(problem: Problem, called: Mapping[str, str]) -> Problem:
    return Problem(
        problem.code,
        problem.path,
        told(problem.value, called),
        worded(problem.detail, called),
    )
