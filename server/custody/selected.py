"""Which changes of a project are meant: of an operation, of a lab batch, of somebody since."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from schemas.messages import MessageError, Outcome, parse_object
from schemas.operations import Operation, OperationKind, operation_of
from schemas.undo.plan import is_of_batch
from server.clock import iso
from server.custody.project_line import ProjectLine
from server.merge.statuses import CustodyStatus
from server.store.custody_values import CustodyQuery, InCustody
from server.store.kept_values import KeptLine, KeptLog
from server.store.port import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which changes: what is None does not narrow them.

    `since_ms` and `until_ms` are wall times of whoever made the changes.
    """

    operation: str | None = None
    lab: str | None = None
    batch: str | None = None
    device_id: str | None = None
    person: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None

    def has(self, line: ProjectLine) -> bool:
        """Return whether a change is meant."""
        return all(
            (
                self.operation in {None, line.operation},
                self.person in {None, line.person},
                self.since_ms is None or line.wall_ms >= self.since_ms,
                self.until_ms is None or line.wall_ms < self.until_ms,
                self.lab is None
                or is_of_batch(line.record_type, line.fields, self.lab, self.batch),
            )
        )


def lines_of(
    tx: Transaction, project_id: str, device_id: str | None = None
) -> Iterator[ProjectLine]:
    """Read the lines of a project, or those of one laptop, log by log, each change once."""
    seen = set[str]()
    for log_id in _logs(tx, device_id):
        for kept in tx.kept(KeptLine, log_id):
            if kept.project_id == project_id and kept.change_id not in seen:
                seen.add(kept.change_id)
                yield from _line(log_id, kept)


class DecidedChanges(NamedTuple):
    """The changes that an operation decided on, by their ids: let in, or discarded."""

    released: Collection[str] = ()
    discarded: Sequence[str] = ()


def decided_changes(
    tx: Transaction, project_id: str, which: Selection
) -> DecidedChanges:
    """Return the changes of others that decisions of an operation let in or discarded."""
    if which.operation is None:
        return DecidedChanges()
    found = _settled(tx, project_id, f"{OperationKind.DECIDE} {which.operation}: ")
    return DecidedChanges(
        {one.change_id for one in found if one.status is CustodyStatus.RELEASED},
        [one.change_id for one in found if one.status is CustodyStatus.DISCARDED],
    )


def selected(
    tx: Transaction, project_id: str, which: Selection, besides: Collection[str] = ()
) -> list[ProjectLine]:
    """Return the changes that are meant, in the order in which they were applied.

    `besides` are the ids of others that are meant, too.
    """
    lines = [
        line
        for line in lines_of(tx, project_id, which.device_id)
        if line.change_id in besides or which.has(line)
    ]
    return sorted(lines, key=lambda line: (line.seq or 0, line.n))


def operations(tx: Transaction, project_id: str) -> list[dict[str, Any]]:
    """Return what was done in many changes, newest first: what, how many, who, when."""
    laptops = {
        log.log_id: device.name
        for device in tx.devices()
        for log in tx.account(device.id).logs
    }
    found: dict[str, dict[str, Any]] = {}
    for line in lines_of(tx, project_id):
        done = operation_of(line.said.get("y"))
        if done is not None and line.operation:
            by = (line.person, laptops.get(line.log_id))
            _count(found, done, " on ".join(filter(None, by)), iso(line.wall_ms))
    for settled in _settled(tx, project_id, f"{OperationKind.DECIDE} "):
        done = operation_of(settled.reason)
        if done is not None:
            _count(found, done, "", settled.settled_at or settled.at)
    return sorted(found.values(), key=lambda one: str(one["at"]), reverse=True)


def _count(found: dict[str, dict[str, Any]], done: Operation, by: str, at: str) -> None:
    """Count one change more of an operation."""
    first = {
        "id": done.id,
        "kind": str(done.kind),
        "what": done.what,
        "by": by,
        "at": at,
        "changes": 0,
    }
    found.setdefault(done.id, first)["changes"] += 1


def _settled(tx: Transaction, project_id: str, reason: str) -> list[InCustody]:
    """Return the changes that were let in or discarded for a reason that begins so."""
    statuses = (CustodyStatus.RELEASED, CustodyStatus.DISCARDED)
    query = CustodyQuery(project_id=project_id, statuses=statuses, reason=reason)
    return tx.quarantine(query)


def _logs(tx: Transaction, device_id: str | None) -> list[str]:
    if device_id is not None:
        return [log.log_id for log in tx.account(device_id).logs]
    return [log.id for log in tx.kept(KeptLog)]


def _line(log_id: str, kept: KeptLine) -> Iterator[ProjectLine]:
    """Yield a line that says what it does to which record; others did nothing."""
    outcome = Outcome(kept.outcome)
    try:
        said = parse_object(kept.raw)
        line = ProjectLine(kept.change_id, log_id, kept.n, outcome, kept.seq, said)
        _ = (line.record_type, line.record_id, line.op, line.wall_ms, line.fields)
    except (MessageError, LookupError, TypeError, ValueError, AttributeError):
        return
    yield line
