"""Lift what a laptop stored in schema version 1 to version 2, once.

The log stays as it is: its lines are hashed, and may be on the server already. They
are lifted whenever they are read.
"""

import json
from typing import Final

from collector.store.driver import Connection
from collector.store.rows import AMONG, to_json
from schemas import evolve

#: The types that the step can change, as a JSON array.
_TYPES: Final = to_json(list(evolve.RENAMED[1]))
# S608: AMONG is a constant.
_BASES: Final = f"SELECT rowid, type, fields, conflicts FROM base WHERE type IN {AMONG}"  # noqa: S608
_RECORDS: Final = f"SELECT rowid, type, fields FROM record WHERE type IN {AMONG}"  # noqa: S608


def upgrade_rows_from_1(connection: Connection) -> None:
    """Lift the server's rows and the records as shown; a repeat is harmless."""
    bases = connection.execute(_BASES, (_TYPES,)).fetchall()
    connection.executemany(
        "UPDATE base SET fields = ?, conflicts = ? WHERE rowid = ?",
        [
            (_lifted(kind, fields), _lifted_conflicts(kind, conflicts), row)
            for row, kind, fields, conflicts in bases
        ],
    )
    records = connection.execute(_RECORDS, (_TYPES,)).fetchall()
    connection.executemany(
        "UPDATE record SET fields = ? WHERE rowid = ?",
        [(_lifted(kind, fields), row) for row, kind, fields in records],
    )


def _lifted(kind: str, text: str) -> str:
    return to_json(evolve.STEPS[1](kind, json.loads(text)))


def _lifted_conflicts(kind: str, text: str | None) -> str | None:
    if text is None:
        return None
    return to_json([evolve.up_cast_conflict(kind, one) for one in json.loads(text)])
