"""The version of the tables of a PostgreSQL database, and the way from an older one to this one."""

import logging
from typing import Final

from server.errors import LockedError, NoDataError
from server.store.postgres import locks, tables
from server.store.postgres.connection import (
    PostgresConnection,
    rolled_back,
    translated,
)
from server.store.shape import TABLES
from server.store.tables import VERSION
from server.store.version_steps import (
    ROLE_OF_BEFORE,
    ask_for_all,
    check_version,
    lacks_boards,
    lacks_roles,
    tables_after,
)

#: To stderr from any command, and to the log of a server, as for a file.
_LOG: Final = logging.getLogger("permille")
_TOKENS: Final = "read_token"
_ROLE: Final = "role"


def checked(url: str) -> PostgresConnection:
    """Connect to a database whose tables this program works with.

    Raises
    ------
    NoDataError
        If it has no tables.
    StorageError
        If they are of another version of Permille.
    """
    connection = PostgresConnection(url)
    try:
        with translated():
            _check(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def bring_up(url: str) -> None:
    """Bring tables of an older version to the present one, in one transaction.

    Of several processes that begin at once one does so, and the others wait for it.

    Raises
    ------
    LockedError
        If a process serves the database, whose program does not know the new tables.
    NoDataError
        If it has no tables.
    StorageError
        If they are of a newer program; nothing is changed.
    """
    connection = PostgresConnection(url)
    try:
        with translated():
            if 0 < tables.version_of(connection) < VERSION:
                _bring_up_alone(connection)
            _check(connection)
    finally:
        connection.close()


def _check(connection: PostgresConnection) -> None:
    found = tables.version_of(connection)
    if found == 0:
        raise NoDataError(
            "the database has no server data", "run: permille-server init"
        )
    check_version(found, "the database")


def _bring_up_alone(connection: PostgresConnection) -> None:
    with rolled_back(connection):
        connection.begin()
        locks.be_alone(connection)
        # Who waited may find that another one has done it.
        found = tables.version_of(connection)
        if found < VERSION:
            _refuse_served(connection, found)
            _bring_up(connection, found)
            connection.seal()
        connection.commit()


def _refuse_served(connection: PostgresConnection, found: int) -> None:
    if locks.is_served(connection):
        raise LockedError(
            f"a server of an earlier Permille serves this database (version {found};"
            f" this program works with {VERSION})",
            "stop every process of it first; nothing was changed",
        )


def _bring_up(connection: PostgresConnection, found: int) -> None:
    _LOG.warning("tables of version %d are brought up to version %d", found, VERSION)
    for table in tables_after(found):
        tables.make_table(connection, table)
    if lacks_roles(found):
        _add_roles(connection)
    if lacks_boards(found):
        ask_for_all(connection)
    tables.say_version(connection)


def _add_roles(connection: PostgresConnection) -> None:
    """Add a role to tokens of before: they are taken out, and put back into the new table.

    Both are sealed as any writing is, so that a seal that was broken stays so by as much.
    """
    (table,) = (table for table in TABLES if table.name == _TOKENS)
    kept = [name for name in table.columns if name != _ROLE]
    rows = connection.execute(
        f"DELETE FROM {_TOKENS} RETURNING {', '.join(kept)}"  # noqa: S608 - constants
    ).fetchall()
    tables.add_column(connection, table, _ROLE)
    marks = ", ".join("?" for _ in table.columns)
    connection.executemany(
        f"INSERT INTO {_TOKENS} ({', '.join((*kept, _ROLE))}) VALUES ({marks})",  # noqa: S608 - constants
        [(*row, ROLE_OF_BEFORE) for row in rows],
    )
