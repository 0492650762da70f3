"""The one module of the server that names the SQLite library."""

from pathlib import Path
from typing import Any, Final

from sqlcipher3 import dbapi2

from server.errors import StorageError

Connection = Any  # sqlcipher3 publishes no types; it follows PEP 249
DatabaseError: Final[type[Exception]] = dbapi2.DatabaseError
OperationalError: Final[type[Exception]] = dbapi2.OperationalError

#: How long a statement waits for another process's transaction.
_BUSY_MS: Final = 10_000


def connect(path: Path, *, create: bool = False) -> Connection:
    """Open a database for use by one thread.

    Raises
    ------
    StorageError
        If the file is missing, unreadable or no database.
    """
    if not create and not path.exists():
        raise StorageError(f"{path} does not exist", "run: permille-server init")
    try:
        connection = dbapi2.connect(
            str(path), isolation_level=None, check_same_thread=False
        )
        # FULL: an acknowledgement means fsynced; NORMAL lost acknowledged rows
        # in power-loss images.
        for pragma in (
            f"busy_timeout={_BUSY_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()
    except dbapi2.Error as error:
        raise StorageError(
            f"{path} cannot be opened: {error}",
            "check the disk and the permissions; restore a backup if it is damaged",
        ) from error
    return connection
