"""Attached files: the index of who names them is that of the records."""

from collections.abc import Iterator
from typing import Final

from server.store.driver import Connection
from server.store.values import Fault

_SAID: Final = """
    SELECT r.project_id, r.id, file.value ->> '$.sha256'
    FROM record r, json_each(r.fields, '$.attachments') file
    WHERE instr(fields, '"attachments"') > 0 AND r.deleted = 0
"""
_KEPT: Final = """
    SELECT project_id, record_id, sha256 FROM attachment WHERE gone_at IS NULL
"""


def check_attachments(connection: Connection) -> Iterator[Fault]:
    """Check that each file is found where a record names it, and nowhere else."""
    for one, other, what in (
        (_SAID, _KEPT, "is named and not in the index"),
        (_KEPT, _SAID, "is in the index and not named"),
    ):
        rows = connection.execute(f"{one} EXCEPT {other} ORDER BY 1, 2, 3")
        for project_id, record, sha256 in rows:
            where = f"project {project_id}, record {record}"
            yield Fault("attachments", where, f"file {sha256} {what}")
