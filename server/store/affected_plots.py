"""Which plots a batch touched: the ones whose numbers are to be derived again."""

from collections.abc import Iterable
from typing import Final

from server.merge.state import MergeState
from server.store.driver import Connection
from server.store.rows import json_list

# One step up. A quarantined record hangs on its parent too, so that the plot can say
# how many of its inputs wait for a person. Each step is a search by key; one
# recursive query for all of them was planned as a scan of the table.
_STEP_UP: Final = """
    SELECT id, type, parent_id FROM record
    WHERE project_id = ?1 AND id IN (SELECT value FROM json_each(?2))
    UNION ALL
    SELECT record_id, 'quarantined', parent_id FROM quarantine
    WHERE project_id = ?1 AND record_id IN (SELECT value FROM json_each(?2))
"""
_PLOTS_OF_CAMPAIGNS: Final = """
    SELECT DISTINCT point.parent_id FROM record core JOIN record point
        ON point.project_id = core.project_id AND point.id = core.parent_id
    WHERE core.project_id = ?1 AND core.type = 'core'
      AND json_extract(core.fields, '$.campaign_id')
          IN (SELECT value FROM json_each(?2))
"""
_PLOTS: Final = "SELECT id FROM record WHERE project_id = ? AND type = 'plot'"
_SETTLED: Final = """
    SELECT record_id FROM quarantine
    WHERE project_id = ? AND change_id IN (SELECT value FROM json_each(?))
"""
# What waits, or waits no more, takes no number of its own: a job that has begun must
# still look like another one, or its end would be the end of this one too.
_NOTE: Final = """
    INSERT INTO job (project_id, plot_id, up_to_seq, leased_until) VALUES (?, ?, ?, 0)
    ON CONFLICT (project_id, plot_id) DO UPDATE
        SET up_to_seq = max(excluded.up_to_seq, up_to_seq + 1)
"""


def note_jobs(connection: Connection, state: MergeState) -> None:
    """Note every plot a batch touched as a job of this transaction."""
    project_ids = {project_id for project_id, _ in state.written}
    project_ids |= {found.change.project_id for found in state.quarantined}
    project_ids |= {project_id for project_id, _ in state.closed}
    for project_id in project_ids & set(state.heads):
        plots = set(_plots(connection, state, project_id))
        head = state.heads[project_id]
        connection.executemany(
            _NOTE, [(project_id, plot, head) for plot in sorted(plots)]
        )


def _plots(connection: Connection, state: MergeState, project_id: str) -> Iterable[str]:
    written = [record for (s, _), record in state.written.items() if s == project_id]
    ids = {record.id for record in written}
    ids |= {
        q.change.record_id
        for q in state.quarantined
        if q.change.project_id == project_id
    }
    settled = json_list(change for s, change in state.closed if s == project_id)
    ids.update(_column(connection, _SETTLED, project_id, settled))
    # A record that moved touched the place it left as well.
    ids |= {
        old.values[name]
        for old in state.replaced
        if old.project_id == project_id
        for name in ("plot_id", "point_id", "core_id", "sample_id")
        if isinstance(old.values.get(name), str)
    }
    yield from _climb(connection, project_id, ids)
    if any(record.type == "project" for record in written):
        yield from _column(connection, _PLOTS, project_id)
    campaigns = [record.id for record in written if record.type == "campaign"]
    if campaigns:
        wanted = json_list(campaigns)
        yield from _column(connection, _PLOTS_OF_CAMPAIGNS, project_id, wanted)


def _climb(connection: Connection, project_id: str, ids: set[str]) -> set[str]:
    """Go from any records up to their plots."""
    plots: set[str] = set()
    seen: set[str] = set()
    while ids:
        seen |= ids
        rows = connection.execute(
            _STEP_UP, (project_id, json_list(sorted(ids)))
        ).fetchall()
        plots |= {name for name, kind, _ in rows if kind == "plot"}
        ids = {parent for _, _, parent in rows if parent is not None} - seen
    return plots


def _column(connection: Connection, sql: str, *values: str) -> list[str]:
    return [row[0] for row in connection.execute(sql, values) if row[0] is not None]
