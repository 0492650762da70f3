"""What became of a form, in words that Collect shows on the phone. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence

from schemas.messages import Outcome
from schemas.problems import Problem
from schemas.records import label
from schemas.told import counted
from server.merge.model import Verdict
from server.phones.answers import AnsweredRecord
from server.phones.taking_in import TakenForm

#: So many names that a phone has room for.
_NAMED = 3
_WAITS = frozenset({Outcome.QUARANTINED, Outcome.HELD})


def told(done: TakenForm) -> str:
    """Return what became of a form: what is kept, what waits and why, what is missing."""
    return " ".join(_sentences(done))


def _sentences(done: TakenForm) -> Iterator[str]:
    if done.is_repeat and not done.missing:
        yield "This form is here already."
    elif done.submission.why:
        problem = Problem(done.submission.why)
        yield f"Kept. It waits for the administrator: {problem.text}."
    else:
        yield from _kept(done.became)
    if done.missing:
        names = _some(list(done.missing))
        yield f"{counted(len(done.missing), 'file')} still to come: {names}."


def _kept(became: Sequence[tuple[AnsweredRecord, Verdict]]) -> Iterator[str]:
    # Files are told of by what is missing.
    kinds = Counter(one.type for one, _ in became if not one.is_of_files)
    said = ", ".join(counted(number, kind) for kind, number in kinds.items())
    yield f"Kept: {said}." if said else "Kept."
    yield from _waiting([found for found in became if found[1].outcome in _WAITS])
    disputed = [one for one, v in became if v.outcome == Outcome.CONFLICT]
    if disputed:
        names = _some([label(one.type, one.fields) for one in disputed])
        yield f"Somebody else recorded it otherwise; a person decides: {names}."


def _waiting(waits: Sequence[tuple[AnsweredRecord, Verdict]]) -> Iterator[str]:
    """Return how many wait, and why the first one does."""
    if not waits:
        return
    one, verdict = waits[0]
    why = verdict.why[0].text if verdict.why else "it waits for another record"
    verb = "waits" if len(waits) == 1 else "wait"
    name = label(one.type, one.fields)
    yield f"{counted(len(waits), 'change')} {verb} for the administrator: {name}: {why}."


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
