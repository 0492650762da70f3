"""Which files live records name: SQLite."""

import json
from collections.abc import Sequence
from typing import Final

from server.store.driver import Connection
from server.store.port import Attached
from server.store.rows import json_list

# The first condition is the one of the index, word for word; left to itself SQLite
# takes the index of the project and reads every record.
_ATTACHED: Final = """
    SELECT r.project_id, r.type, r.id, r.fields, file.value
    FROM record r INDEXED BY idx_record_attachments,
        json_each(r.fields, '$.attachments') file
    WHERE instr(fields, '"attachments"') > 0 AND r.deleted = 0
"""
_IN_PROJECT: Final = " AND (?1 IS NULL OR r.project_id = ?1) ORDER BY 1, 2, 3"
_NAMING: Final = (
    " AND r.project_id IN (SELECT value FROM json_each(?1)) AND instr(fields, ?2) > 0"
    " AND file.value ->> '$.sha256' = ?2"
)


class AttachmentQueries:
    """The part of a unit that knows which files there should be."""

    connection: Connection

    def attached(self, stream: str | None) -> list[Attached]:
        """Give every file that live records name, in all projects or in one."""
        return self._found(_ATTACHED + _IN_PROJECT, stream)

    def naming(self, streams: Sequence[str], sha256: str) -> list[Attached]:
        """Give where live records of these projects name a file."""
        return self._found(_ATTACHED + _NAMING, json_list(streams), sha256)

    def _found(self, sql: str, *values: object) -> list[Attached]:
        return [
            Attached(project, kind, record, json.loads(fields), json.loads(file))
            for project, kind, record, fields, file in (
                self.connection.execute(sql, values)
            )
        ]
