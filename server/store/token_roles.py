"""From tokens of version 5, which read everything as it is, to those of version 6 with a role."""

from typing import Final

from sqlite_utils import Database

from server.store import seals
from server.store.driver import Connection
from server.store.shape import TABLES
from server.store.tables import make_table
from server.store.version_steps import ROLE_OF_BEFORE

_NAME: Final = "read_token"


def add_roles(db: Database) -> None:
    """Move tokens to a table with roles, in the transaction under way.

    A seal that was broken stays broken by as much: moving rows vouches for none of them.
    """
    connection: Connection = db.conn
    off = seals.off_by(connection, _NAME)
    for index in db.table(_NAME).indexes:
        if index.origin == "c":
            connection.execute(f"DROP INDEX {index.name}")
    connection.execute(f"ALTER TABLE {_NAME} RENAME TO old_{_NAME}")
    (table,) = (table for table in TABLES if table.name == _NAME)
    make_table(db, table)
    columns = ", ".join(name for name in table.columns if name != "role")
    connection.execute(
        f"INSERT INTO {_NAME} ({columns}, role)"  # noqa: S608 - constants
        f" SELECT {columns}, ? FROM old_{_NAME} ORDER BY rowid",
        (ROLE_OF_BEFORE,),
    )
    connection.execute(f"DROP TABLE old_{_NAME}")
    seals.seal(connection, _NAME, off)
