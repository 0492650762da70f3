"""What was typed and is no record yet: it stays on this laptop, and no sync sends it."""

import json
from typing import Any, Final

from collector.store import driver
from collector.store.database import Database
from collector.store.field_names import to_json
from collector.store.port import Beside, KeptDraft

_COLUMNS: Final = "number, kind, project_id, about, typed, person, kept_at"
_KEEP: Final = f"INSERT INTO draft ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - a constant
_DROP: Final = "DELETE FROM draft WHERE number = ?"


def write_beside(connection: driver.Connection, beside: Beside) -> None:
    """Drop drafts and keep others, within a transaction of the caller."""
    connection.executemany(_DROP, [(number,) for number in beside.drop])
    connection.executemany(_KEEP, [_row(draft) for draft in beside.keep])


class DraftTable(Database):
    """The part of the store that holds drafts."""

    def drafts(self) -> list[KeptDraft]:
        """Return every draft, oldest first."""
        rows = self._read(f"SELECT {_COLUMNS} FROM draft ORDER BY number")  # noqa: S608 - a constant
        return [_draft(row) for row in rows]

    def count_drafts(self) -> int:
        """Count the drafts."""
        return int(self._read("SELECT count(*) FROM draft")[0][0])

    def next_draft(self) -> int:
        """Return a number that no draft has."""
        return int(self._read("SELECT coalesce(max(number), 0) + 1 FROM draft")[0][0])

    def write_drafts(self, beside: Beside) -> None:
        """Drop drafts and keep others, together or not at all."""
        with driver.transaction(self._db):
            write_beside(self._db, beside)


def _row(draft: KeptDraft) -> tuple[Any, ...]:
    return (
        draft.number,
        draft.kind,
        draft.project_id,
        draft.about,
        to_json(draft.typed),
        draft.person,
        draft.kept_at,
    )


def _draft(row: tuple[Any, ...]) -> KeptDraft:
    number, kind, project_id, about, typed, person, kept_at = row
    return KeptDraft(
        number, kind, project_id, about, json.loads(typed), person, kept_at
    )
