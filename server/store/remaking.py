"""A table of an older version made anew in its shape of today, with its rows."""

from collections.abc import Sequence
from typing import Any

from sqlite_utils import Database

from server.store import seals
from server.store.driver import Connection
from server.store.shape import TABLES
from server.store.tables import make_table


def remake(
    db: Database, name: str, added: str, said: str, values: Sequence[Any] = ()
) -> None:
    """Move the rows of a table to one of today, which has a column more.

    `said` is what SQL says for the added column, with its values. A seal that was broken
    stays broken by as much: moving rows vouches for none of them.
    """
    connection: Connection = db.conn
    off = seals.off_by(connection, name)
    for index in db.table(name).indexes:
        if index.origin == "c":
            connection.execute(f"DROP INDEX {index.name}")
    connection.execute(f"ALTER TABLE {name} RENAME TO old_{name}")
    (table,) = (table for table in TABLES if table.name == name)
    make_table(db, table)
    columns = ", ".join(each for each in table.columns if each != added)
    connection.execute(
        f"INSERT INTO {name} ({columns}, {added})"  # noqa: S608 - constants
        f" SELECT {columns}, {said} FROM old_{name} ORDER BY rowid",
        values,
    )
    connection.execute(f"DROP TABLE old_{name}")
    seals.seal(connection, name, off)
