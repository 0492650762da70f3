"""A plain SQLite file for other programs, as sqlite-utils makes it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from server.store import driver


@contextmanager
def plain_database(path: Path) -> Iterator[Database]:
    """Open an empty file as sqlite-utils does."""
    connection = driver.plain(path)
    try:
        with driver.translated():
            connection.execute("PRAGMA synchronous = OFF")
            yield Database(connection)
            connection.execute("PRAGMA optimize")
    finally:
        connection.close()


@contextmanager
def plain_to_read(path: Path) -> Iterator[Database]:
    """Open a file that others may have made; nothing is written to it."""
    connection = driver.plain(path)
    try:
        with driver.translated():
            connection.execute("PRAGMA query_only = ON")
            yield Database(connection)
    finally:
        connection.close()
