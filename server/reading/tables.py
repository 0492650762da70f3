"""The tables of the read copy: those of an export, ready features, and how far it is."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sqlite_utils import Database

from schemas.export.database import SEARCHED
from schemas.export.shape import ExportTable
from schemas.export.views import VIEWS
from schemas.version import SCHEMA_VERSION, __version__
from server.reading.collections import COLLECTIONS, TABLES
from server.store.driver import Connection

#: Raised whenever these tables change; what is here is then made anew.
_VERSION: Final = 2
#: Diacritics do not count, in whatever form they are typed.
_TOKENS: Final = "unicode61 remove_diacritics 2"
#: Columns by whose value rows are found at once, in the tables that have them.
_LOOKED_UP: Final = ("plot", "campaign", "code", "name", "sample_code")
#: By what a result belongs to a batch of a laboratory.
_OF_BATCH: Final[Mapping[str, Sequence[Sequence[str]]]] = {
    "lab_batches": [("lab", "lab_batch", "analyte")],
    "results": [("project_id", "lab", "lab_batch", "analyte")],
}
#: What is looked through for words: of organisations, too.
WORDS: Final = {"organisations": ("code", "name", "note"), **SEARCHED}
_OF_SAMPLE: Final = "LEFT JOIN cores AS w ON w.id = n.core_id"
_OF_RESULT: Final = (
    "LEFT JOIN samples AS b ON b.id = n.sample_id AND b.project_id = n.project_id"
    " LEFT JOIN cores AS w ON w.id = b.core_id"
)


def _timed(named: str, joins: str) -> str:
    """Return the query of rows with the time of their core."""
    head = f"SELECT n.*, w.sampled_at FROM {named} AS n"  # noqa: S608 - constants
    return f"{head} {joins} AND w.project_id = n.project_id"


_FLAT: Final = ("carbon_readings", "soc_readings", "layers")
#: Views beside those of an export: the time of the core, and a key for the flat table.
_MORE_VIEWS: Final = {
    "samples_timed": _timed("samples_named", _OF_SAMPLE),
    "results_timed": _timed("results_named", _OF_RESULT),
    "layers_keyed": "SELECT l.sample_id AS id, l.* FROM layers AS l",
}
#: The views of an export that are of these tables.
_VIEWS: Final = {
    name: query
    for name, query in VIEWS.items()
    if name in {*_FLAT, *(f"{table.name}_named" for table in TABLES)}
}
#: Where the features of a collection lie, each with its whole text: found in the order of
#: ids, or by their places. An R-tree keeps boxes a little too large: the columns decide.
_FEATURES: Final = """
    CREATE TABLE feature (number INTEGER PRIMARY KEY, collection INTEGER NOT NULL,
        project_id TEXT NOT NULL, id TEXT NOT NULL, began INTEGER, ended INTEGER,
        west REAL, south REAL, east REAL, north REAL, cell_lon REAL, cell_lat REAL,
        text BLOB NOT NULL);
    CREATE UNIQUE INDEX feature_order ON feature (collection, project_id, id, began,
        ended, west, south, east, north, cell_lon, cell_lat);
    CREATE INDEX points_with_place ON points (project_id, plot_id, id)
        WHERE lon IS NOT NULL AND lat IS NOT NULL;
    CREATE VIRTUAL TABLE place USING rtree (number, of, of_end, west, east, south, north);
    CREATE TABLE cursor (project_id TEXT PRIMARY KEY, seq INTEGER NOT NULL);
    CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


def signature() -> str:
    """Return what the copy was made by and as: another one is made anew."""
    shape = repr((_VERSION, TABLES, COLLECTIONS, _VIEWS, _MORE_VIEWS, WORDS, _FEATURES))
    said = hashlib.sha256(shape.encode()).hexdigest()[:16]
    return f"{__version__} {SCHEMA_VERSION} {said}"


def _indexes(table: ExportTable) -> Iterator[Sequence[str]]:
    """Return what rows of a table are found by, besides their keys."""
    for column in table.refers:
        if column != "project_id":
            yield [column]
    for column in _LOOKED_UP:
        if column in table.columns:
            yield ["project_id", column]
    yield from _OF_BATCH.get(table.name, ())


def make_tables(connection: Connection) -> None:
    """Make every table of an empty database."""
    db: Any = Database(connection)
    for table in TABLES:
        made = db.table(table.name).create(table.columns, pk=("project_id", "id"))
        for columns in _indexes(table):
            made.create_index(columns)
    for name, columns in WORDS.items():
        db.table(name).enable_fts(columns, create_triggers=True, tokenize=_TOKENS)
    for name, query in (_VIEWS | _MORE_VIEWS).items():
        db.create_view(name, query)
    connection.executescript(_FEATURES)
