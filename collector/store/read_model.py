"""Records as they are shown, the server's rows under them, and how far files were sent."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from collector.rules.log_heads import Cursor
from collector.rules.overlay import BaseRow, RecordView
from collector.store import driver
from collector.store.counts import count_shown
from collector.store.database import Database
from collector.store.field_names import to_json
from collector.store.ids import ID, IDS
from collector.store.port import Transfer
from collector.store.rows import (
    AMONG,
    BASE,
    NUMBER,
    RECORD,
    bases_of,
    changes_of,
    cursor_of,
    read_base,
    read_view,
)

if TYPE_CHECKING:
    from collector.rules.shown import Shown

# S608: the lists of columns are constants of collector.store.rows.
_LIST: Final = f"SELECT {RECORD} FROM record WHERE kind = {NUMBER} AND deleted = 0"  # noqa: S608
# The plus keeps SQLite from reading every record of the type: ids are fewer.
_LIST_BY_ID: Final = _LIST.replace("kind =", "+kind =")
_IN_ORDER: Final = " ORDER BY project_id, key, id LIMIT ?"
_BY_IDS: Final = f"SELECT {RECORD} FROM record WHERE uid IN {IDS}"  # noqa: S608
_BY_KEYS: Final = (
    f"SELECT key, {RECORD} FROM record WHERE kind = {NUMBER} AND deleted = 0"  # noqa: S608
    f" AND project = {NUMBER} AND key IN {AMONG} ORDER BY key, id"
)
# A point that revisits another one does not belong to it.
_BELOW: Final = (
    " AND number IN (WITH RECURSIVE below (number) AS (SELECT source FROM link"  # noqa: S608
    f" WHERE target = (SELECT number FROM item WHERE uid = {ID})"
    " AND field <> 'revisits_point_id' UNION"
    " SELECT link.source FROM link JOIN below ON link.target = below.number"
    " WHERE link.field <> 'revisits_point_id') SELECT number FROM below)"
)
# The first condition is the one of idx_record_attachments, word for word.
_ATTACHED: Final = (
    f"SELECT {RECORD} FROM record WHERE instr(said, '\"sha256\":') > 0"  # noqa: S608
    " AND deleted = 0 ORDER BY type, key"
)
_REFERRERS: Final = (
    f"SELECT DISTINCT {RECORD} FROM record JOIN link ON link.source = record.number"  # noqa: S608
    f" WHERE link.target = (SELECT number FROM item WHERE uid = {ID}) AND deleted = 0"
    " ORDER BY record.type, key"
)


class ShownQueries(Database):
    """The part of the store that is looked at."""

    def record(self, record_id: str) -> RecordView | None:
        """Return one record, deleted or not."""
        return self.views([record_id]).get(record_id)

    def views(self, record_ids: Iterable[str]) -> dict[str, RecordView]:
        """Return those of the records that are here, deleted or not, by id."""
        found = map(read_view, self._read(_BY_IDS, to_json(list(record_ids))))
        return {view.id: view for view in found}

    def shown(self, record_id: str) -> "Shown | None":
        """Return one record with the rows it was seen in, as of one moment."""
        # Who writes needs it, and with it how a change is drafted.
        from collector.rules.shown import shown  # noqa: PLC0415

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

    def find_all(
        self, record_type: str, project_id: str, keys: Iterable[str]
    ) -> dict[str, RecordView]:
        """Return the live records of a project with these natural keys, one of each."""
        found: dict[str, RecordView] = {}
        asked = to_json(list(keys))
        for key, *row in self._read(_BY_KEYS, record_type, project_id, asked):
            found.setdefault(key, read_view(tuple(row)))
        return found

    def alike(
        self, record_type: str, project_id: str | None, code_skeleton: str
    ) -> list[RecordView]:
        """Return the live records whose code reads like this one."""
        within, project_ids = _within(project_id)
        # The plus: an order that has an index would make SQLite read the whole type.
        sql = f"{_LIST}{within} AND skeleton = ? ORDER BY +project_id, +key, id"
        rows = self._read(sql, record_type, *project_ids, code_skeleton)
        return [read_view(row) for row in rows]

    def starting_with(self, record_type: str, prefix: str) -> list[RecordView]:
        """Return the live records whose id starts like this, two at most."""
        digits = prefix.replace("-", "")
        bounds = (digits.ljust(32, "0"), digits.ljust(32, "f"))
        sql = f"{_LIST_BY_ID} AND uid BETWEEN {ID} AND {ID} AND substr(id, 1, ?) = ? LIMIT 2"
        rows = self._read(sql, record_type, *bounds, len(prefix), prefix)
        return [read_view(row) for row in rows]

    def records(
        self,
        record_type: str,
        project_id: str | None = None,
        under: Sequence[str] = (),
        limit: int | None = None,
    ) -> list[RecordView]:
        """Return live records in the order of their natural keys."""
        rows = self._listed(RECORD, record_type, project_id, under, limit)
        return [read_view(row) for row in rows]

    def keys(
        self,
        record_type: str,
        project_id: str | None = None,
        under: Sequence[str] = (),
    ) -> list[tuple[str, str]]:
        """Return ids and natural keys of live records, in the order of the keys."""
        rows = self._listed("id, key", record_type, project_id, under)
        return [(record_id, key) for record_id, key in rows]

    def in_this_order(self, record_ids: Sequence[str]) -> list[RecordView]:
        """Return records by their ids."""
        found = self.views(record_ids)
        return [found[record_id] for record_id in record_ids]

    def _listed(
        self,
        columns: str,
        record_type: str,
        project_id: str | None,
        under: Sequence[str],
        limit: int | None = None,
    ) -> list[tuple[Any, ...]]:
        below = _BELOW * len(under)
        within, project_ids = _within(project_id)
        most = -1 if limit is None else limit
        found = (_LIST_BY_ID if under else _LIST).replace(RECORD, columns)
        sql = f"{found}{within}{below}{_IN_ORDER}"
        return self._read(sql, record_type, *project_ids, *under, most)

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
        with driver.translated():
            return count_shown(self._db)

    def base(self, record_id: str) -> BaseRow | None:
        """Return the server's row of a record."""
        with driver.translated():
            return bases_of(self._db, [record_id]).get(record_id)

    def bases(self, record_type: str, project_id: str | None = None) -> list[BaseRow]:
        """Return the server's rows of a type, derived types too."""
        within, project_ids = _within(project_id)
        sql = (
            f"SELECT {BASE} FROM base WHERE kind = {NUMBER} AND deleted = 0"  # noqa: S608 - a constant list
            f"{within} ORDER BY project_id, id"
        )
        return [read_base(row) for row in self._read(sql, record_type, *project_ids)]

    def count_conflicts(self) -> int:
        """Count the open conflicts."""
        sql = "SELECT sum(json_array_length(conflicts)) FROM base WHERE conflicts IS NOT NULL"
        return self._read(sql)[0][0] or 0

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
    return (
        ("", ()) if project_id is None else (f" AND project = {NUMBER}", (project_id,))
    )
