"""What became of a form, in words that Collect shows on the phone. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence

from schemas.messages import Outcome
from schemas.problems import Problem
from schemas.records import label
from schemas.told import counted
from server.merge.model import Verdict
from server.phones.answers import AnsweredRecord
from server.phones.taking_in import TakenIn

#: So many names that a phone has room for.
_NAMED = 3
_WAITS = frozenset({Outcome.QUARANTINED, Outcome.HELD})


def told(done: TakenIn) -> str:
    """Return what became of a form: what is kept, what waits and why, what is missing."""
    return " ".join(_sentences(done))


def _sentences(done: TakenIn) -> Iterator[str]:
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
    records = [(one, verdict) for one, verdict in became if not one.is_of_files]
    kinds = Counter(one.type for one, verdict in records)
    said = ", ".join(counted(number, kind) for kind, number in kinds.items())
    yield f"Kept: {said}." if said else "Kept."
    waits = [(one, v) for one, v in became if v.outcome in _WAITS]
    if waits:
        one, verdict = waits[0]
        why = verdict.why[0].text if verdict.why else "it waits for another record"
        what = (
            f"{counted(len(waits), 'change')} waits"
            if len(waits) == 1
            else (f"{counted(len(waits), 'change')} wait")
        )
        name = label(one.type, one.fields)
        yield f"{what} for the administrator: {name}: {why}."
    disputed = [one for one, v in became if v.outcome == Outcome.CONFLICT]
    if disputed:
        names = _some([label(one.type, one.fields) for one in disputed])
        yield f"Somebody else recorded it otherwise; a person decides: {names}."


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
