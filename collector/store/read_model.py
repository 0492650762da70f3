"""Records as they are shown, the server's rows under them, and how far files were sent."""

from collections.abc import Sequence
from typing import Final

from collector.rules.overlay import BaseRow, RecordView
from collector.rules.shown import Shown, shown
from collector.store import driver
from collector.store.apply_reply import cursor_of
from collector.store.database import Database
from collector.store.port import Cursor, Transfer
from collector.store.rows import (
    BASE,
    RECORD,
    bases_of,
    changes_of,
    read_base,
    read_view,
)

# S608: the lists of columns are constants of collector.store.rows.
_LIST: Final = f"SELECT {RECORD} FROM record WHERE type = ? AND deleted = 0"  # noqa: S608
# The plus keeps SQLite from reading every record of the type: ids are fewer.
_LIST_BY_ID: Final = _LIST.replace("type = ?", "+type = ?")
_IN_ORDER: Final = " ORDER BY project_id, key, id LIMIT ?"
# A point that revisits another one does not belong to it.
_BELOW: Final = (
    " AND id IN (WITH RECURSIVE below (id) AS (SELECT source FROM link"
    " WHERE target = ? AND field <> 'revisits_point_id' UNION"
    " SELECT link.source FROM link JOIN below ON link.target = below.id"
    " WHERE link.field <> 'revisits_point_id') SELECT id FROM below)"
)
# The first condition is the one of idx_record_attachments, word for word.
_ATTACHED: Final = (
    f"SELECT {RECORD} FROM record WHERE instr(fields, '\"attachments\"') > 0"  # noqa: S608
    " AND deleted = 0 ORDER BY type, key"
)
_REFERRERS: Final = (
    "SELECT DISTINCT project_id, id, record.type, fields, deleted, state FROM record"
    " JOIN link ON link.source = record.id WHERE link.target = ? AND deleted = 0"
    " ORDER BY record.type, key"
)


class ShownQueries(Database):
    """The part of the store that is looked at."""

    def record(self, record_id: str) -> RecordView | None:
        """Return one record, deleted or not."""
        rows = self._read(
            f"SELECT {RECORD} FROM record WHERE id = ?",  # noqa: S608 - a constant list
            record_id,
        )
        return read_view(rows[0]) if rows else None

    def shown(self, record_id: str) -> Shown | None:
        """Return one record with the rows it was seen in, as of one moment."""
        with driver.snapshot(self._db):
            base = bases_of(self._db, [record_id]).get(record_id)
            return shown(base, changes_of(self._db, [record_id]).get(record_id, ()))

    def find(
        self, record_type: str, project_id: str | None, key: str
    ) -> list[RecordView]:
        """Return the live records with this natural key."""
        within, project_ids = _within(project_id)
        sql = f"{_LIST}{within} AND key = ?{_IN_ORDER}"
        rows = self._read(sql, record_type, *project_ids, key, -1)
        return [read_view(row) for row in rows]

    def alike(
        self, record_type: str, project_id: str | None, code_skeleton: str
    ) -> list[RecordView]:
        """Return the live records whose code reads like this one."""
        within, project_ids = _within(project_id)
        sql = f"{_LIST}{within} AND skeleton = ?{_IN_ORDER}"
        rows = self._read(sql, record_type, *project_ids, code_skeleton, -1)
        return [read_view(row) for row in rows]

    def starting_with(self, record_type: str, prefix: str) -> list[RecordView]:
        """Return the live records whose id starts like this, two at most."""
        sql = f"{_LIST_BY_ID} AND id >= ? AND id < ? LIMIT 2"
        rows = self._read(sql, record_type, prefix, prefix + "g")
        return [read_view(row) for row in rows]

    def records(
        self,
        record_type: str,
        project_id: str | None = None,
        under: Sequence[str] = (),
        limit: int | None = None,
    ) -> list[RecordView]:
        """Return live records in the order of their natural keys."""
        below = _BELOW * len(under)
        within, project_ids = _within(project_id)
        most = -1 if limit is None else limit
        found = _LIST_BY_ID if under else _LIST
        sql = f"{found}{within}{below}{_IN_ORDER}"
        rows = self._read(sql, record_type, *project_ids, *under, most)
        return [read_view(row) for row in rows]

    def referrers(self, target: str) -> list[RecordView]:
        """Return the live records that refer to this one."""
        return [read_view(row) for row in self._read(_REFERRERS, target)]

    def deleted(
        self, record_type: str, project_id: str | None = None
    ) -> list[RecordView]:
        """Return the records of a type that are deleted here or on the server."""
        within, project_ids = _within(project_id)
        sql = _LIST.replace("deleted = 0", "deleted = 1") + within + _IN_ORDER
        return [
            read_view(row) for row in self._read(sql, record_type, *project_ids, -1)
        ]

    def attached(self) -> list[RecordView]:
        """Return the live records that name attached files."""
        return [read_view(row) for row in self._read(_ATTACHED)]

    def transfers(self) -> dict[str, Transfer]:
        """Return how far each file was sent, by its SHA-256."""
        rows = self._read("SELECT sha256, sent, confirmed_at FROM attachment")
        return {name: Transfer(sent, at) for name, sent, at in rows}

    def note_transfer(self, sha256: str, transfer: Transfer) -> None:
        """Note how far a file was sent."""
        with driver.transaction(self._db):
            self._db.execute(
                "INSERT OR REPLACE INTO attachment (sha256, sent, confirmed_at)"
                " VALUES (?, ?, ?)",
                (sha256, transfer.sent, transfer.confirmed_at),
            )

    def count_records(self) -> dict[str, int]:
        """Count live records by type."""
        sql = "SELECT type, count(*) FROM record WHERE deleted = 0 GROUP BY type"
        return dict(self._read(sql))

    def base(self, record_id: str) -> BaseRow | None:
        """Return the server's row of a record."""
        with driver.translated():
            return bases_of(self._db, [record_id]).get(record_id)

    def bases(self, record_type: str, project_id: str | None = None) -> list[BaseRow]:
        """Return the server's rows of a type, derived types too."""
        within, project_ids = _within(project_id)
        sql = (
            f"SELECT {BASE} FROM base WHERE type = ? AND deleted = 0"  # noqa: S608 - a constant list
            f"{within} ORDER BY project_id, id"
        )
        return [read_base(row) for row in self._read(sql, record_type, *project_ids)]

    def contested(self) -> list[BaseRow]:
        """Return the rows with open conflicts."""
        sql = f"SELECT {BASE} FROM base WHERE conflicts IS NOT NULL ORDER BY type, id"  # noqa: S608 - a constant list
        return [read_base(row) for row in self._read(sql)]

    def cursors(self) -> dict[str, Cursor | None]:
        """Return this laptop's projects with their cursors."""
        with driver.translated():
            ids = [
                row[0]
                for row in self._read("SELECT project_id FROM project ORDER BY 1")
            ]
            return {project_id: cursor_of(self._db, project_id) for project_id in ids}


def _within(project_id: str | None) -> tuple[str, tuple[str, ...]]:
    """Return the condition for one project, or for all, with its value."""
    return ("", ()) if project_id is None else (" AND project_id = ?", (project_id,))
