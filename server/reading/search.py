"""Find records by words: codes, names, labels, crews, laboratories, notes."""

import json
from collections.abc import Sequence
from typing import Final

from schemas.export.shape import RECORDS
from schemas.search import match_of
from server.reading.collections import COLLECTIONS
from server.reading.port import Match
from server.reading.tables import WORDS
from server.store.driver import Connection

#: More words than anybody types.
_MOST_WORDS: Final = 32
_WORDS_AROUND: Final = 12
_FOUND: Final = """
    WITH found AS (
        SELECT t.project_id AS project_id, t.id AS id, {table}_fts.rank AS rank,
            snippet({table}_fts, -1, '[', ']', ' … ', {around}) AS snippet
        FROM {table}_fts JOIN {table} AS t ON t.rowid = {table}_fts.rowid
        WHERE {table}_fts MATCH ?1
            AND t.project_id IN (SELECT value FROM json_each(?2))
        ORDER BY {table}_fts.rank LIMIT ?3)
    SELECT f.rank, '{kind}', f.id, f.project_id, p.code, concat_ws('/', {called}),
        f.snippet
    FROM found AS f JOIN {view} AS v ON v.project_id = f.project_id AND v.id = f.id
        LEFT JOIN projects AS p ON p.project_id = f.project_id AND p.id = f.project_id
"""


def _query(table: str, kind: str) -> str:
    collection = COLLECTIONS[table]
    return _FOUND.format(
        table=table,
        kind=kind,
        around=_WORDS_AROUND,
        called=", ".join(f"v.{name}" for name in collection.called),
        view=collection.source.view,
    )


_QUERIES: Final = {
    t.record_type: _query(t.name, t.record_type) for t in RECORDS if t.name in WORDS
}


def search(
    connection: Connection,
    words: str,
    projects: Sequence[str],
    most: int,
    record_type: str | None = None,
) -> list[Match]:
    """Return the records that have all words, each as the beginning of one."""
    asked = match_of(" ".join(words.split()[:_MOST_WORDS]))
    if not asked:
        return []
    values = (asked, json.dumps(list(projects)), most)
    queries = [q for kind, q in _QUERIES.items() if record_type in {None, kind}]
    rows = [row for query in queries for row in connection.execute(query, values)]
    return [Match(*row[1:5], *row[5:]) for row in sorted(rows)[:most]]
