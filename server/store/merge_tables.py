"""What a merge looks up: records, keys, verdicts, history. SQLite.

The same places and keys are looked up in one statement per batch, whatever its size.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from schemas.records import DERIVED
from server.merge.model import Record, Verdict
from server.store.driver import Connection
from server.store.merge_values import (
    DecidedOn,
    Found,
    HistoryLine,
    Parent,
    Stood,
    Wanted,
)
from server.store.rows import (
    RECORD_COLUMNS,
    VERDICT_COLUMNS,
    json_list,
    record_of,
    verdict_of,
)

_RECORDS: Final = f"""
    SELECT {RECORD_COLUMNS} FROM record
    WHERE project_id = ? AND id IN (SELECT value FROM json_each(?))
"""  # noqa: S608 - the columns are a constant
_PURGED: Final = """
    SELECT id FROM purged
    WHERE project_id = ? AND id IN (SELECT value FROM json_each(?))
"""
_HOLDERS: Final = f"""
    SELECT {RECORD_COLUMNS} FROM record
    WHERE project_id = ? AND type = ?
      AND natural_key IN (SELECT value FROM json_each(?))
"""  # noqa: S608
_DERIVED: Final = ", ".join(f"'{name}'" for name in DERIVED)
_CHILDREN: Final = f"""
    SELECT id FROM record WHERE project_id = ? AND parent_id = ? AND deleted = 0
        AND type NOT IN ({_DERIVED})
"""  # noqa: S608 - constants
# Only a campaign, an organisation or a revisited point is looked for in all records of
# a type: they are deleted once in a project's life.
_REFERRERS: Final = """
    SELECT id FROM record WHERE project_id = ? AND type = ? AND deleted = 0
        AND fields ->> ? = ?
"""
_VERDICTS: Final = f"""
    SELECT {VERDICT_COLUMNS} FROM change
    WHERE project_id = ? AND change_id IN (SELECT value FROM json_each(?))
"""  # noqa: S608
_DECIDED: Final = """
    SELECT project_id, seen, group_name, decision FROM decided
    WHERE project_id = ? AND seen IN (SELECT value FROM json_each(?))
"""
_HISTORY: Final = """
    SELECT h.record_id, h.group_name, h.old_values, h.written_seq, h.replaced_seq,
        c.log_id, c.n
    FROM history h CROSS JOIN change c
        ON c.project_id = h.project_id AND c.change_id = h.written_by
    WHERE h.project_id = ? AND h.record_id IN (SELECT value FROM json_each(?))
"""
_STOOD: Final = """
    SELECT project_id, change_id, epoch, seq FROM stood
    WHERE project_id = ? AND change_id IN (SELECT value FROM json_each(?))
"""
# One step up. A quarantined record hangs on its parent too. Each step is a search by
# key; one recursive query for all of them was planned as a scan of the table.
_PARENTS: Final = """
    SELECT id, type, parent_id FROM record
    WHERE project_id = ?1 AND id IN (SELECT value FROM json_each(?2))
    UNION ALL
    SELECT record_id, 'quarantined', parent_id FROM quarantine
    WHERE project_id = ?1 AND record_id IN (SELECT value FROM json_each(?2))
"""


class MergeTables:
    """The part of a transaction that a merge looks things up in."""

    connection: Connection

    def lookup(self, project_id: str, wanted: Wanted) -> Found:
        """Return what is known of what a merge wants to know, in one snapshot."""
        return Found(
            records=self._records(project_id, wanted.record_ids),
            purged=self._purged(project_id, wanted.record_ids),
            holders=self._holders(project_id, wanted.keys),
            referrers={
                record_id: self._referrers(project_id, record_id, references)
                for record_id, references in wanted.referred.items()
            },
            verdicts=self._verdicts(project_id, wanted.change_ids),
            decisions=self._decisions(project_id, wanted.change_ids),
            history=self._history(project_id, wanted.history_of),
            stood=self._stood(project_id, wanted.stood_of),
            parents=self._parents(project_id, wanted.parents_of),
        )

    def _records(self, project_id: str, ids: Collection[str]) -> list[Record]:
        if not ids:
            return []
        rows = self.connection.execute(_RECORDS, (project_id, json_list(ids)))
        return [record_of(row) for row in rows]

    def _purged(self, project_id: str, ids: Collection[str]) -> set[str]:
        if not ids:
            return set()
        rows = self.connection.execute(_PURGED, (project_id, json_list(ids)))
        return {name for (name,) in rows}

    def _holders(
        self, project_id: str, keys: Mapping[str, Collection[str]]
    ) -> list[Record]:
        return [
            record_of(row)
            for kind, wanted in keys.items()
            for row in self.connection.execute(
                _HOLDERS, (project_id, kind, json_list(wanted))
            )
        ]

    def _referrers(
        self, project_id: str, record_id: str, references: Sequence[tuple[str, str]]
    ) -> set[str]:
        found = self.connection.execute(_CHILDREN, (project_id, record_id)).fetchall()
        for kind, name in references:
            values = (project_id, kind, name, record_id)
            found += self.connection.execute(_REFERRERS, values).fetchall()
        return {name for (name,) in found}

    def _verdicts(self, project_id: str, ids: Collection[str]) -> list[Verdict]:
        if not ids:
            return []
        rows = self.connection.execute(_VERDICTS, (project_id, json_list(ids)))
        return [verdict_of(row, repeated=True) for row in rows]

    def _decisions(self, project_id: str, ids: Collection[str]) -> list[DecidedOn]:
        if not ids:
            return []
        rows = self.connection.execute(_DECIDED, (project_id, json_list(ids)))
        return [DecidedOn(*row) for row in rows]

    def _history(self, project_id: str, ids: Collection[str]) -> list[HistoryLine]:
        if not ids:
            return []
        rows = self.connection.execute(_HISTORY, (project_id, json_list(ids)))
        return [
            HistoryLine(record, group, json.loads(values), *place)
            for record, group, values, *place in rows
        ]

    def _stood(self, project_id: str, ids: Collection[str]) -> list[Stood]:
        if not ids:
            return []
        rows = self.connection.execute(_STOOD, (project_id, json_list(ids)))
        return [Stood(*row) for row in rows]

    def _parents(self, project_id: str, ids: Collection[str]) -> list[Parent]:
        if not ids:
            return []
        rows = self.connection.execute(_PARENTS, (project_id, json_list(ids)))
        return [Parent(*row) for row in rows]
