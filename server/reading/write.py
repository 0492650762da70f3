"""Write what the feed says into the read copy: rows, and the features that show them."""

import json
from collections.abc import Collection as Many
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from schemas.export.shape import DERIVED, ExportTable, derived_rows, record_row
from server.merge.model import Record
from server.reading.below import Below, Ids
from server.reading.collections import COLLECTIONS, TABLES, Collection
from server.reading.features import Feature, feature_of, query_of
from server.reading.port import FeedPiece
from server.store.driver import Connection

#: Features that are made at a time.
_BATCH: Final = 1_000
_FEATURE: Final = """
    INSERT INTO feature (collection, project_id, id, began, ended, west, south, east,
        north, cell_lon, cell_lat, text)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_NUMBERS: Final = """
    SELECT number FROM feature WHERE collection = ? AND project_id = ?
        AND id IN (SELECT value FROM json_each(?))
"""
_PLACES: Final = f"""
    INSERT INTO place (number, of, of_end, west, east, south, north)
    SELECT number, collection, collection, west, east, south, north FROM feature
    WHERE west IS NOT NULL AND number IN ({_NUMBERS})
"""  # noqa: S608 - a constant
_CURSOR: Final = """
    INSERT INTO cursor (project_id, seq) VALUES (?, ?)
    ON CONFLICT (project_id) DO UPDATE SET seq = excluded.seq
"""


class ProjectWriter:
    """Writes rows of one project, in the transaction of its caller."""

    def __init__(self, connection: Connection, project_id: str) -> None:
        self._connection, self._project_id = connection, project_id
        self._below = Below(connection, project_id)

    def take(self, piece: FeedPiece) -> Ids:
        """Write records as they stand; return what changed."""
        changed: Ids = {}
        for table in TABLES:
            own = [r for r in piece.records if r.type == table.record_type]
            changed[table.name] = self._take_own(table, own, piece.gone)
        self._connection.execute(_CURSOR, (self._project_id, piece.up_to))
        return changed

    def _take_own(
        self, table: ExportTable, records: Sequence[Record], gone: Many[str]
    ) -> set[str]:
        # A derived record has as many rows as it has now, instead of those of before.
        away = {r.id for r in records if r.deleted or table in DERIVED}
        live = [record for record in records if not record.deleted]
        rows = [row for record in live for row in _rows_of(table, record)]
        removed = self._removed(table, {*away, *gone})
        self._write(table, rows)
        return removed | {row["id"] for row in rows}

    def follow(self, piece: FeedPiece) -> None:
        """Write records, and make every feature anew that shows something of them."""
        touched = {*piece.gone, *(record.id for record in piece.records)}
        before = self._below.shown({table.name: touched for table in TABLES})
        changed = self.take(piece)
        for name, ids in self._below.with_all(changed, before).items():
            self.make_features(name, ids)

    def make_all_features(self, name: str) -> None:
        """Make the features of a collection."""
        self.make_features(name, self._below.all_of(name))

    def make_features(self, name: str, ids: Iterable[str]) -> None:
        """Make the features of these rows of a collection; those without a row go."""
        collection = COLLECTIONS[name]
        query, waiting = query_of(collection), iter(sorted(ids))
        while some := list(islice(waiting, _BATCH)):
            asked = (self._project_id, json.dumps(some))
            rows = self._connection.execute(query, asked)
            made = {one.id: one for one in (feature_of(collection, r) for r in rows)}
            self._put(collection, list(made.values()), {*some} - made.keys())

    def _put(
        self, collection: Collection, made: Sequence[Feature], gone: Many[str]
    ) -> None:
        run, number = self._connection, collection.number
        every = json.dumps([*gone, *(one.id for one in made)])
        of_these = (number, self._project_id, every)
        for table in ("place", "feature"):
            run.execute(f"DELETE FROM {table} WHERE number IN ({_NUMBERS})", of_these)  # noqa: S608 - constants
        run.executemany(_FEATURE, [one.row(number) for one in made])
        run.execute(_PLACES, of_these)

    def _write(self, table: ExportTable, rows: Sequence[Mapping[str, Any]]) -> None:
        names = [f'"{name}"' for name in table.columns]
        sets = ", ".join(f"{name} = excluded.{name}" for name in names)
        self._connection.executemany(
            f"INSERT INTO {table.name} ({', '.join(names)})"  # noqa: S608 - constants
            f" VALUES ({', '.join('?' for _ in names)})"
            f" ON CONFLICT (project_id, id) DO UPDATE SET {sets}",
            [tuple(row[name] for name in table.columns) for row in rows],
        )

    def _removed(self, table: ExportTable, ids: Many[str]) -> set[str]:
        # A derived record has rows ID-1, ID-2, ...; "." comes next after "-".
        those = "id > ?2 || '-' AND id < ?2 || '.'" if table in DERIVED else "id = ?2"
        query = (
            f"DELETE FROM {table.name} WHERE project_id = ?1 AND {those} RETURNING id"  # noqa: S608 - constants
        )
        return {
            name
            for one in ids
            for (name,) in self._connection.execute(
                query, (self._project_id, one)
            ).fetchall()
        }


def _rows_of(table: ExportTable, record: Record) -> list[dict[str, Any]]:
    if table in DERIVED:
        return derived_rows(table, record.project_id, record.id, record.fields)
    return [record_row(table, record.project_id, record.id, record.fields)]
