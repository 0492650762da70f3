"""Write what a merge came to, in one go."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from schemas.changes import Change
from server.intake.affected_plots import affected_plots
from server.merge.model import Conflict, Fields, Origin, ValidatedChange
from server.merge.state import MergeState
from server.store.merge_values import (
    ConflictClosing,
    CustodyClosing,
    DecidedOn,
    Effects,
    HistoryLine,
    LogLine,
    Stood,
    Wanted,
)
from server.store.port import Transaction

#: Why a conflict is closed that nobody decided on.
_NEWER_WORD: Final = "its author has said otherwise since"


def save(
    tx: Transaction,
    state: MergeState,
    origin: Origin,
    batch: Sequence[ValidatedChange] = (),
    *,
    stood: Mapping[str, Sequence[tuple[str, int]]] | None = None,
    reason: str | None = None,
) -> None:
    """Write the lines of a batch, their verdicts and what they come to.

    `stood` holds the numbers that changes had in lost timelines, `reason` why a person
    discarded what is discarded here.
    """
    pushed = {verdict.change_id for verdict in state.verdicts}
    projects = state.by_project()
    tx.save(
        Effects(
            device_id=origin.device_id,
            received_at=origin.received_at,
            new_projects=state.new_projects,
            lines=list(zip(map(_line, batch), state.verdicts, strict=True)),
            late=[
                (verdict, verdict.change_id not in pushed)
                for verdict in state.late_verdicts.values()
            ],
            records=list(state.written.values()),
            heads={name: state.heads[name] for name in projects},
            digests={name: state.digests[name] for name in projects},
            conflicts=list(_with_bases(tx, state.conflicts)),
            closed_conflicts=[
                _closing(name, by) for name, by in state.closed_conflicts.items()
            ],
            quarantined=state.quarantined,
            closed=[
                CustodyClosing(*place, status, reason)
                for place, status in state.closed.items()
            ],
            history=state.replaced,
            decisions=[DecidedOn(*made) for made in state.decisions],
            stood=list(_stood(batch, stood or {})),
            arrived=_arrived(state),
            plots=affected_plots(tx, state),
        )
    )


def _closing(conflict_id: str, change: Change) -> ConflictClosing:
    reason = change.reason if change.resolves else _NEWER_WORD
    return ConflictClosing(change.project_id, conflict_id, change, reason)


def _arrived(state: MergeState) -> dict[str, list[str]]:
    """Return the records that have come and that more waits for than was read."""
    return {
        project_id: [record for place, record in state.arrived if place == project_id]
        for project_id in state.has_more_waiting
    }


def _line(validated: ValidatedChange) -> LogLine:
    change = validated.change
    return LogLine(
        change.log_id,
        change.n,
        change.project_id,
        change.id,
        change.raw,
        change.hash,
    )


def _stood(
    batch: Sequence[ValidatedChange], said: Mapping[str, Sequence[tuple[str, int]]]
) -> Iterable[Stood]:
    for validated in batch:
        change = validated.change
        for epoch, seq in said.get(change.id, ()):
            yield Stood(change.project_id, change.id, epoch, seq)


def _with_bases(
    tx: Transaction, conflicts: Sequence[Conflict]
) -> Iterable[tuple[Conflict, Fields | None]]:
    """Add to conflicts the values their author had looked at, where history tells."""
    history: dict[tuple[str, str], list[HistoryLine]] = {}
    for project_id in {found.project_id for found in conflicts}:
        ids = {f.record_id for f in conflicts if f.project_id == project_id}
        for line in tx.lookup(project_id, Wanted(history_of=ids)).history:
            history.setdefault((line.record_id, line.group), []).append(line)
    for found in conflicts:
        lines = history.get((found.record_id, found.group), [])
        at_base = [
            line
            for line in lines
            if line.written_seq <= found.base_seq < line.replaced_seq
        ]
        first = min(at_base, key=lambda line: line.replaced_seq, default=None)
        yield found, first.values if first else None
