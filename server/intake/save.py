"""Write what a merge came to, in one go."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from schemas.changes import Change
from schemas.records import TYPES
from server.merge.model import Conflict, Fields, Origin, Record, ValidatedChange
from server.merge.state import MergeState
from server.store.custody_values import CustodyQuery
from server.store.merge_values import (
    ConflictClosing,
    CustodyClosing,
    DecidedOn,
    Effects,
    HistoryLine,
    LogLine,
    Parent,
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
    decided on what waits no more.
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


#: The fields by which a record belongs to another one, up to its plot.
_PARENTS = frozenset(kind.parent for kind in TYPES.values() if kind.parent)


def affected_plots(tx: Transaction, state: MergeState) -> dict[str, set[str]]:
    """Return the plots whose numbers may change, by project.

    Counted are the plots of all that is written, of what waits or waits no more (a plot
    tells how many of its inputs wait), and of where records were before they moved.
    """
    project_ids = {project_id for project_id, _ in state.written}
    project_ids |= {found.change.project_id for found in state.quarantined}
    project_ids |= {project_id for project_id, _ in state.closed}
    found = {
        project_id: _affected(tx, state, project_id)
        for project_id in project_ids & state.heads.keys()
    }
    return {project_id: plots for project_id, plots in found.items() if plots}


def _affected(tx: Transaction, state: MergeState, project_id: str) -> set[str]:
    written = [r for (name, _), r in state.written.items() if name == project_id]
    if any(record.type == "project" for record in written):
        return {record.id for record in tx.records(project_id, "plot")} | {
            record.id for record in written if record.type == "plot"
        }
    ids = {record.id for record in written}
    ids |= {
        kept.change.record_id
        for kept in state.quarantined
        if kept.change.project_id == project_id
    }
    ids |= _closed(tx, state, project_id)
    ids |= _places_left(state, project_id)
    ids |= _cores_of_campaigns(tx, project_id, written)
    ids |= _bags_of_batches(tx, state, project_id, written)
    return _plots_above(tx, state, project_id, ids)


def _closed(tx: Transaction, state: MergeState, project_id: str) -> set[str]:
    """Return the records of changes that wait no more."""
    closed = [change_id for name, change_id in state.closed if name == project_id]
    if not closed:
        return set()
    query = CustodyQuery(project_id=project_id, change_ids=closed)
    return {found.record_id for found in tx.quarantine(query)}


def _places_left(state: MergeState, project_id: str) -> set[str]:
    """Return the records that a moved record belonged to before."""
    return {
        value
        for old in state.replaced
        if old.project_id == project_id
        for name, value in old.values.items()
        if name in _PARENTS and isinstance(value, str)
    }


def _cores_of_campaigns(
    tx: Transaction, project_id: str, written: Iterable[Record]
) -> set[str]:
    """Return the cores that were taken in a campaign that was written."""
    wanted = {
        record.id: [("core", "campaign_id")]
        for record in written
        if record.type == "campaign"
    }
    found = tx.lookup(project_id, Wanted(referred=wanted)) if wanted else None
    return set().union(*found.referrers.values()) if found else set()


_OF_BATCHES: Final = frozenset({"lab_control", "lab_batch"})


def _bags_of_batches(
    tx: Transaction, state: MergeState, project_id: str, written: Iterable[Record]
) -> set[str]:
    """Return the bags with results of a batch whose controls or decision were written."""
    now = {r.id: r.fields for r in written if r.type in _OF_BATCHES}
    if not now:
        return set()
    before = {name: dict(fields) for name, fields in now.items()}
    for old in state.replaced:
        if old.project_id == project_id and old.record_id in before:
            before[old.record_id] |= old.values
    batches = {
        (fields.get("lab"), fields.get("lab_batch"))
        for fields in (*now.values(), *before.values())
    }
    return tx.bags_of_batches(project_id, batches)


def _plots_above(
    tx: Transaction, state: MergeState, project_id: str, ids: set[str]
) -> set[str]:
    """Go from any records up to their plots."""
    waiting = {
        kept.change.record_id: kept.parent_id
        for kept in state.quarantined
        if kept.change.project_id == project_id
    }
    plots, seen = set[str](), set[str]()
    while ids:
        seen |= ids
        above = [
            Parent(record.id, record.type, record.fields.get(TYPES[record.type].parent))
            for name in ids
            if (record := state.written.get((project_id, name))) is not None
        ]
        above += [
            Parent(name, "quarantined", waiting[name])
            for name in ids
            if name in waiting
        ]
        above += tx.lookup(project_id, Wanted(parents_of=ids)).parents
        plots |= {name for name, kind, _ in above if kind == "plot"}
        ids = {parent for _, _, parent in above if parent is not None} - seen
    return plots
