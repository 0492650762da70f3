"""Which plots a batch touches: the ones whose numbers are to be derived again."""

from collections.abc import Iterable

from schemas.records import TYPES
from server.merge.model import Record
from server.merge.state import MergeState
from server.store.custody_values import CustodyQuery
from server.store.merge_values import Parent, Wanted
from server.store.port import Transaction

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
