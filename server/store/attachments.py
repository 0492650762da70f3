"""Which files records name, and named once: SQLite."""

import json
from collections.abc import Sequence
from typing import Final

from server.store.driver import Connection
from server.store.rows import json_list
from server.store.values import AttachedFile

# The first condition is the one of the index, word for word; left to itself SQLite
# takes the index of the project and reads every record.
_ATTACHED: Final = """
    SELECT p.id, r.type, r.id, r.fields, file.value
    FROM record_row r INDEXED BY idx_record_attachments
        CROSS JOIN numbered_id p ON p.number = r.project
        CROSS JOIN json_each(r.fields, '$.attachments') file
    WHERE instr(fields, '"attachments"') > 0 AND r.deleted = 0
      AND (CAST(?1 AS TEXT) IS NULL OR p.id IN (SELECT value FROM json_each(?1)))
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
      AND (CAST(?1 AS TEXT) IS NULL OR named.project_id IN (SELECT value FROM json_each(?1)))
      AND named.gone_at IS NULL AND file.value ->> 'sha256' = ?2
"""
_NAMED_SINCE: Final = """
    SELECT 1 FROM attachment
    WHERE sha256 = ?1 AND (gone_at IS NULL OR gone_at >= ?2)
    UNION ALL SELECT 1 FROM quarantine
    WHERE status IN ('open', 'held') AND instr(fields, ?1) > 0
    UNION ALL SELECT 1 FROM conflict
    WHERE status = 'open' AND (instr(theirs, ?1) > 0 OR instr(ours, ?1) > 0)
    UNION ALL SELECT 1 FROM phone_file WHERE sha256 = ?1
    LIMIT 1
"""


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


def _list_of(values: Sequence[str] | None) -> str | None:
    return None if values is None else json_list(values)
