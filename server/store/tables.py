"""The tables of a SQLite database, as sqlite-utils makes them."""

from typing import Final

from sqlite_utils import Database

from server.store import seals
from server.store.driver import Connection, scratch
from server.store.shape import HISTORY, TABLES
from server.store.table_shape import TableShape
from server.store.views import make_views

#: Raised whenever a table changes, together with the step that brings older ones here.
VERSION: Final = 6

_SHAPE: Final = "SELECT type, name, tbl_name, sql FROM sqlite_master"


def make_tables(connection: Connection) -> None:
    """Make every table of an empty database, and seal them."""
    db = Database(connection)
    for table in TABLES:
        make_table(db, table)
    make_views(db)
    db.table("history").create(HISTORY, strict=True).create_index(
        ["project_id", "record_id", "group_name"]
    )
    connection.execute(f"PRAGMA user_version={VERSION}")
    seals.set_all(connection)


def make_table(db: Database, table: TableShape) -> None:
    """Make a table with its indexes."""
    made = db.table(table.name).create(
        table.columns,
        pk=table.key if len(table.key) > 1 else table.key[0],
        not_null={*table.needs, *table.defaults},
        defaults=dict(table.defaults),
        strict=True,
    )
    if table.unique:
        made.create_index(table.unique, unique=True)
    for columns in table.indexes:
        made.create_index(columns)


def misshapen(connection: Connection) -> list[str]:
    """Return the tables, indexes and triggers that are not as they are made."""
    fresh = scratch()
    try:
        make_tables(fresh)
        made, found = (set(each.execute(_SHAPE)) for each in (fresh, connection))
        return sorted({str(row[1]) for row in made ^ found})
    finally:
        fresh.close()
