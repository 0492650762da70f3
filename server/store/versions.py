"""The version of the tables of a SQLite database, and the way from an older one to this one."""

import logging
from contextlib import suppress
from typing import Final

from sqlite_utils import Database

from server.store import seals
from server.store.driver import Connection, DatabaseError
from server.store.leaner import make_lean
from server.store.remaking import remake
from server.store.tables import VERSION, make_table
from server.store.version_steps import (
    ROLE_OF_BEFORE,
    ask_for_all,
    lacks_boards,
    lacks_roles,
    tables_after,
)

#: To stderr from any command, and to the log of a server: a large database takes minutes.
_LOG: Final = logging.getLogger("permille")

#: The first version whose records and changes have numbers for ids.
_LEAN: Final = 3


def bring_up(connection: Connection) -> None:
    """Bring tables of an older version to the present one; who does so meanwhile is first."""
    if not 0 < version_of(connection) < VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        _bring_up(Database(connection), version_of(connection))
        connection.execute(f"PRAGMA user_version={VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    # What the older tables took goes back to the disk, where there is room to do so.
    with suppress(DatabaseError):
        connection.execute("VACUUM")


def _bring_up(db: Database, found: int) -> None:
    _LOG.warning("tables of version %d are brought up to version %d", found, VERSION)
    for table in tables_after(found):
        make_table(db, table)
    if found < _LEAN:
        make_lean(db)
    if lacks_roles(found):
        remake(db, "read_token", "role", "?", (ROLE_OF_BEFORE,))
    if lacks_boards(found):
        _ask_for_all(db.conn)


def _ask_for_all(connection: Connection) -> None:
    """Ask that every plot be derived; a seal that was broken stays broken by as much."""
    off = {name: seals.off_by(connection, name) for name in ("job", "project")}
    ask_for_all(connection)
    for name, by in off.items():
        seals.seal(connection, name, by)


def version_of(connection: Connection) -> int:
    """Return the version of the tables of a database; 0 when it has none."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
