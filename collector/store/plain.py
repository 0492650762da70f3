"""A plain SQLite file for other programs: neither keyed nor kept up."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from collector.store import driver


@contextmanager
def plain_database(path: Path) -> Iterator[Database]:
    """Open an empty file as sqlite-utils does; all that is written is one transaction."""
    connection = driver.plain(path)
    try:
        with driver.translated():
            connection.execute("PRAGMA synchronous = OFF")
            yield Database(connection)
            connection.execute("PRAGMA optimize")
    finally:
        connection.close()
