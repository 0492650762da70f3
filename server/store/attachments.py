"""Which files records name, and named once: SQLite."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

from schemas.records import TYPES
from server.merge.model import Record
from server.store.driver import Connection
from server.store.rows import json_list
from server.store.values import AttachedFile

# The first condition is the one of the index, word for word; left to itself SQLite
# takes the index of the project and reads every record.
_ATTACHED: Final = """
    SELECT r.project_id, r.type, r.id, r.fields, file.value
    FROM record r INDEXED BY idx_record_attachments,
        json_each(r.fields, '$.attachments') file
    WHERE instr(fields, '"attachments"') > 0 AND r.deleted = 0
      AND (?1 IS NULL OR r.project_id IN (SELECT value FROM json_each(?1)))
    ORDER BY 1, 2, 3
"""
# CROSS keeps the order: first who names the file, then those few records.
_NAMING: Final = """
    SELECT r.project_id, r.type, r.id, r.fields, file.value
    FROM attachment named
        CROSS JOIN record r ON r.project_id = named.project_id
            AND r.id = named.record_id
        CROSS JOIN json_each(r.fields, '$.attachments') file
    WHERE named.sha256 = ?2
      AND (?1 IS NULL OR named.project_id IN (SELECT value FROM json_each(?1)))
      AND named.gone_at IS NULL AND file.value ->> '$.sha256' = ?2
"""
_LET_GO: Final = """
    UPDATE attachment SET gone_at = ? WHERE project_id = ? AND gone_at IS NULL
        AND record_id IN (SELECT value FROM json_each(?))
"""
_NAME: Final = """
    INSERT INTO attachment (project_id, record_id, sha256) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET gone_at = NULL
"""
_NAMED_SINCE: Final = """
    SELECT 1 FROM attachment
    WHERE sha256 = ?1 AND (gone_at IS NULL OR gone_at >= ?2)
    UNION ALL SELECT 1 FROM quarantine
    WHERE status IN ('open', 'held') AND instr(fields, ?1) > 0
    UNION ALL SELECT 1 FROM conflict
    WHERE status = 'open' AND (instr(theirs, ?1) > 0 OR instr(ours, ?1) > 0)
    LIMIT 1
"""
_ATTACHABLE: Final = frozenset(
    name for name, kind in TYPES.items() if "attachments" in kind.fields
)


class AttachmentTables:
    """The part of a transaction that knows which files there should be."""

    connection: Connection

    def attached(
        self, project_ids: Sequence[str] | None = None, sha256: str | None = None
    ) -> list[AttachedFile]:
        """Return the files that live records name, in some projects, or one file only."""
        if sha256 is not None:
            return self._found(_NAMING, _list_of(project_ids), sha256)
        return self._found(_ATTACHED, _list_of(project_ids))

    def is_named_since(self, sha256: str, moment: str) -> bool:
        """Return whether something names a file, waits to, or did after a moment."""
        return bool(self.connection.execute(_NAMED_SINCE, (sha256, moment)).fetchone())

    def _found(self, sql: str, *values: object) -> list[AttachedFile]:
        return [
            AttachedFile(project, kind, record, json.loads(fields), json.loads(file))
            for project, kind, record, fields, file in (
                self.connection.execute(sql, values)
            )
        ]


def note_files(connection: Connection, records: Iterable[Record], now: str) -> None:
    """Note which files records name now, and which no longer."""
    by_project: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        if record.type in _ATTACHABLE:
            by_project[record.project_id].append(record)
    for project_id, own in by_project.items():
        names = json_list(record.id for record in own)
        connection.execute(_LET_GO, (now, project_id, names))
        connection.executemany(
            _NAME,
            [(project_id, r.id, sha256) for r in own for sha256 in _files(r)],
        )


def _list_of(values: Sequence[str] | None) -> str | None:
    return None if values is None else json_list(values)


def _files(record: Record) -> list[Any]:
    if record.deleted:
        return []
    return [file["sha256"] for file in record.fields.get("attachments") or ()]
