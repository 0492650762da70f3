"""Which files records name, and named once: SQLite."""

import json
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
      AND (?1 IS NULL OR r.project_id = ?1) ORDER BY 1, 2, 3
"""
# CROSS keeps the order: first who names the file, then those few records.
_NAMING: Final = """
    SELECT r.project_id, r.type, r.id, r.fields, file.value
    FROM attachment named
        CROSS JOIN record r ON r.project_id = named.project_id
            AND r.id = named.record_id
        CROSS JOIN json_each(r.fields, '$.attachments') file
    WHERE named.project_id IN (SELECT value FROM json_each(?1)) AND named.sha256 = ?2
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


class AttachmentQueries:
    """The part of a transaction that knows which files there should be."""

    connection: Connection

    def attached(self, project_id: str | None) -> list[AttachedFile]:
        """Return every file that live records name, in all projects or in one."""
        return self._found(_ATTACHED, project_id)

    def naming(self, project_ids: Sequence[str], sha256: str) -> list[AttachedFile]:
        """Return where live records of these projects name a file."""
        return self._found(_NAMING, json_list(project_ids), sha256)

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


def note_files(
    connection: Connection, project_id: str, records: Iterable[Record], now: str
) -> None:
    """Note which files the records of a project name now, and which no longer."""
    own = [record for record in records if record.type in _ATTACHABLE]
    if not own:
        return
    names = json_list(record.id for record in own)
    connection.execute(_LET_GO, (now, project_id, names))
    rows = [
        (project_id, record.id, sha256) for record in own for sha256 in _files(record)
    ]
    connection.executemany(_NAME, rows)


def _files(record: Record) -> list[Any]:
    if record.deleted:
        return []
    return [file["sha256"] for file in record.fields.get("attachments") or ()]
