"""Lift what a server stored in schema version 1 to version 2, once.

The raw lines of changes, and what is quarantined, stay as they were sent.
"""

import json
from typing import Any, Final

from schemas import evolve
from schemas.evolve import present_name
from server.store.driver import Connection
from server.store.rows import dump, json_list

#: The types that the step can change, as a JSON array.
_TYPES: Final = json_list(evolve.RENAMED[1])
_RECORDS: Final = """
    SELECT rowid, type, fields, writers FROM record
    WHERE type IN (SELECT value FROM json_each(?))
"""
_CONFLICTS: Final = """
    SELECT rowid, type, group_name, base, theirs, ours FROM conflict
    WHERE type IN (SELECT value FROM json_each(?))
"""
_HISTORY: Final = """
    SELECT history.rowid, record.type, group_name, old_values FROM history
    JOIN record ON record.project_id = history.project_id
        AND record.id = history.record_id
    WHERE record.type IN (SELECT value FROM json_each(?))
"""


def upgrade_rows_from_1(connection: Connection) -> None:
    """Lift records, open and settled conflicts, and history; a repeat is harmless."""
    _lift_records(connection)
    _lift_conflicts(connection)
    _lift_history(connection)


def _lift_records(connection: Connection) -> None:
    rows = connection.execute(_RECORDS, (_TYPES,)).fetchall()
    connection.executemany(
        "UPDATE record SET fields = ?, writers = ? WHERE rowid = ?",
        [
            (_lifted(kind, fields), _regrouped(kind, writers), row)
            for row, kind, fields, writers in rows
        ],
    )


def _lift_conflicts(connection: Connection) -> None:
    rows = connection.execute(_CONFLICTS, (_TYPES,)).fetchall()
    connection.executemany(
        "UPDATE conflict SET group_name = ?, base = ?, theirs = ?, ours = ?"
        " WHERE rowid = ?",
        [
            (present_name(kind, group), *(_lifted(kind, side) for side in sides), row)
            for row, kind, group, *sides in rows
        ],
    )


def _lift_history(connection: Connection) -> None:
    rows = connection.execute(_HISTORY, (_TYPES,)).fetchall()
    connection.executemany(
        "UPDATE history SET group_name = ?, old_values = ? WHERE rowid = ?",
        [
            (present_name(kind, group), _lifted(kind, values), row)
            for row, kind, group, values in rows
        ],
    )


def _lifted(kind: str, text: str | None) -> str | None:
    if text is None:
        return None
    fields: dict[str, Any] = json.loads(text)
    return dump(evolve.STEPS[1](kind, fields))


def _regrouped(kind: str, text: str) -> str:
    writers = json.loads(text)
    return dump({present_name(kind, group): who for group, who in writers.items()})
