"""What a reply makes of one change and of one of the server's rows: pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from collector.rules.overlay import BaseRow, ChangeStatus, LoggedChange, applied
from collector.rules.reply import Message
from schemas.evolve import up_cast_conflict, up_cast_row
from schemas.messages import Outcome
from schemas.records import DERIVED

#: Changes that a person may still have to look at.
_WAITS: Final = frozenset(
    {ChangeStatus.PENDING, ChangeStatus.QUARANTINED, ChangeStatus.HELD}
)

#: What each verdict makes of a change.
BECOMES: Final[Mapping[str, ChangeStatus]] = {
    Outcome.ACCEPTED: ChangeStatus.ACCEPTED,
    Outcome.MERGED: ChangeStatus.MERGED,
    Outcome.CONFLICT: ChangeStatus.CONFLICT,
    Outcome.QUARANTINED: ChangeStatus.QUARANTINED,
    Outcome.HELD: ChangeStatus.HELD,
}


def with_verdict(change: LoggedChange, epoch: str, verdict: Message) -> LoggedChange:
    """Return a change with its verdict."""
    waits = verdict["r"] in {Outcome.QUARANTINED, Outcome.HELD}
    if change.status is ChangeStatus.REPLACED and waits:
        # A fix has taken its place; it may stand all the same after a restore.
        return change
    return change._replace(status=status_of(verdict), verdict=kept_of(verdict, epoch))


def kept_of(verdict: Message, epoch: str) -> dict[str, Any]:
    """Return what is kept of a verdict of this timeline."""
    said: dict[str, Any] = {"q": verdict["q"], "epoch": epoch}
    said.update({key: verdict[key] for key in ("why", "cf") if verdict[key]})
    if "l" in verdict:
        said["late"] = verdict["l"]
    return said


def is_plain(verdict: Message) -> bool:
    """Return whether a change of the log that speaks was accepted, and no more is said.

    Examples
    --------
    >>> said = {"n": 1, "r": "accepted", "q": 7, "why": [], "cf": []}
    >>> is_plain(said), is_plain({**said, "cf": ["k"]}), is_plain({**said, "l": 1})
    (True, False, False)
    """
    return (
        verdict["r"] == Outcome.ACCEPTED
        and verdict["q"] is not None
        and not (verdict["why"] or verdict["cf"])
        and "n" in verdict
        and not ("i" in verdict or "l" in verdict)
    )


def status_of(verdict: Message) -> ChangeStatus:
    """Return the status that a verdict makes of a change."""
    if any(why.get("code") == "discarded" for why in verdict["why"]):
        return ChangeStatus.REPLACED
    return BECOMES[verdict["r"]]


def notes_of(verdicts: Iterable[Message]) -> list[str]:
    """Return what the server remarks on changes that stand."""
    return [
        f"{why.get('text')}; {why.get('hint')}"
        for verdict in verdicts
        if verdict["r"] not in {Outcome.QUARANTINED, Outcome.HELD}
        for why in verdict["why"]
    ]


def with_accepted(base: BaseRow | None, change: LoggedChange) -> BaseRow | None:
    """Return the row that the server holds now that it has judged a change of ours.

    It does not send our own accepted change back: what it holds is the row we had
    with this patch. A row that is already past it stands.
    """
    epoch, seq = change.verdict.get("epoch", ""), change.verdict.get("q")
    if (
        change.status is not ChangeStatus.ACCEPTED
        or seq is None
        or "late" in change.verdict
    ):
        return base
    if base is not None and not base.is_behind(epoch, seq):
        return base
    was = base or BaseRow(
        change.project_id, change.record_id, change.type, 0, epoch, fields={}
    )
    fields, deleted = applied(change, was.fields, deleted=was.deleted)
    return was._replace(seq=seq, epoch=epoch, fields=fields, deleted=deleted)


def with_row(
    base: BaseRow | None,
    epoch: str,
    message: Message,
    changes: Sequence[LoggedChange] = (),
) -> BaseRow | None:
    """Return the row after a `row` or `gone` of the server; None when it is to go."""
    gone = message["k"] == "gone"
    if gone and message["t"] in DERIVED:
        return None
    if (
        not gone
        and base is not None
        and base.epoch == epoch
        and base.seq > message["q"]
    ):
        return base
    if gone:
        fields: Mapping[str, Any] = base.fields if base else {}
    else:
        fields = up_cast_row(message["t"], message["f"])
    return BaseRow(
        message["s"],
        message["r"],
        message["t"],
        message["q"],
        epoch,
        fields,
        [up_cast_conflict(message["t"], conflict) for conflict in message["x"]],
        deleted=gone,
        before=_before(base, changes),
    )


def _before(
    base: BaseRow | None, changes: Sequence[LoggedChange]
) -> Mapping[str, Any] | None:
    """Return what the changes that wait were laid over, when a newer row comes."""
    if not any(change.status in _WAITS for change in changes):
        return None
    if base is None:
        return {}
    return base.fields if base.before is None else base.before
