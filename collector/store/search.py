"""Full-text search over the records that are shown: brought up to date when it is asked."""

from typing import Final

from collector.store import driver
from collector.store.database import Database
from collector.store.field_names import fields_of, to_json
from collector.store.rows import AMONG
from schemas.search import SearchQuery, match_of, searched

#: Records that are read at a time.
_BATCH: Final = 2_000
_WAITING: Final = "SELECT number FROM unindexed LIMIT ?"
# S608: AMONG is a constant.
_READ: Final = (
    "SELECT number, project_id, type, names, said FROM record"  # noqa: S608
    f" WHERE number IN {AMONG} AND deleted = 0"
)
_FORGET: Final = f"DELETE FROM searched WHERE number IN {AMONG}"  # noqa: S608
_KEEP: Final = "INSERT INTO searched (number, project_id, type, name, words) VALUES (?, ?, ?, ?, ?)"
_FIND: Final = (
    "SELECT record.id FROM searched_fts"
    " JOIN searched ON searched.number = searched_fts.rowid"
    " JOIN record ON record.number = searched.number"
    " WHERE searched_fts MATCH ?1 AND searched.project_id = coalesce(?2, searched.project_id)"
    " AND searched.type = coalesce(?3, searched.type) ORDER BY searched_fts.rank LIMIT ?4"
)
_DONE: Final = f"DELETE FROM unindexed WHERE number IN {AMONG}"  # noqa: S608


class SearchTables(Database):
    """The part of the store that finds records by words."""

    def search(self, query: SearchQuery) -> list[str]:
        """Return the ids of live records that have all words, the best first."""
        self._index()
        wanted = match_of(query.words)
        if not wanted:
            return []
        given = (wanted, query.project_id, query.record_type, query.most)
        return [row[0] for row in self._read(_FIND, *given)]

    def _index(self) -> None:
        """Take in what was shown anew since the last search."""
        while numbers := [row[0] for row in self._read(_WAITING, _BATCH)]:
            asked = to_json(numbers)
            with driver.transaction(self._db):
                rows = self._db.execute(_READ, (asked,)).fetchall()
                self._db.execute(_FORGET, (asked,))
                self._db.executemany(
                    _KEEP,
                    [
                        (number, project_id, kind, *searched(kind, fields_of(*kept)))
                        for number, project_id, kind, *kept in rows
                    ],
                )
                self._db.execute(_DONE, (asked,))
