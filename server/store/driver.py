"""The one module of the server that names the SQLite library."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlcipher3 import dbapi2

from schemas.durable_files import make_private_file
from server.errors import DiskFullError, StorageError

Connection = Any  # sqlcipher3 publishes no types; it follows PEP 249
DatabaseError: Final[type[Exception]] = dbapi2.DatabaseError
OperationalError: Final[type[Exception]] = dbapi2.OperationalError

_DISK: Final = {
    dbapi2.SQLITE_FULL: ("the server's disk is full", "make room on the disk"),
    dbapi2.SQLITE_IOERR: ("the server's disk failed", "look at the system's log"),
    dbapi2.SQLITE_CANTOPEN: (
        "the server cannot open its database",
        "check the disk and the permissions",
    ),
    dbapi2.SQLITE_READONLY: (
        "the server may not write its database",
        "check the permissions",
    ),
    dbapi2.SQLITE_CORRUPT: (
        "the server's database is damaged",
        "keep the files as they are; restore a backup",
    ),
    dbapi2.SQLITE_NOTADB: (
        "the server's database is damaged",
        "keep the files as they are; restore a backup",
    ),
    dbapi2.SQLITE_BUSY: (
        "another process holds the server's database",
        "end what writes to it",
    ),
}

#: Pages copied between two signs of progress: 4 MiB.
_COPIED_PAGES: Final = 1024

#: How long a statement waits for another process's transaction.
_BUSY_MS: Final = 10_000


def plain(path: Path) -> Connection:
    """Open a file for other programs; it is made when there is none."""
    with translated():
        return dbapi2.connect(str(path), isolation_level=None)


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
        if create:
            # The files that SQLite puts beside it get its mode.
            make_private_file(path)
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
    except (dbapi2.Error, UnicodeDecodeError) as error:
        # What SQLite says of a damaged name may be no text.
        raise StorageError(
            f"{path} cannot be opened: {error}",
            "check the disk and the permissions; restore a backup if it is damaged",
        ) from error
    return connection


def scratch() -> Connection:
    """Open an empty database that is on the disk when it grows, and gone when closed."""
    return dbapi2.connect("", isolation_level=None)


def copy_to(
    connection: Connection, path: Path, progress: Callable[[int, int], None]
) -> None:
    """Copy a database as it stands now to a new file; others may go on writing.

    `progress` is told the pages that are left, and how many there are.
    """
    with translated():
        make_private_file(path)
        target = dbapi2.connect(str(path), isolation_level=None)
        # While it is open no other process's commit begins the copy anew.
        connection.execute("BEGIN")
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            connection.backup(
                target,
                pages=_COPIED_PAGES,
                progress=lambda _, left, pages: progress(left, pages),
            )
        finally:
            connection.execute("ROLLBACK")
            target.close()


def checkpoint_wal(connection: Connection) -> bool:
    """Bring everything in the WAL into the database; tell whether all of it is there.

    After a failed fsync the WAL may hold pages that can be read but are not on the
    disk. Nothing may be appended behind them: a hole there would take with it all that
    follows, acknowledged changes too (docs/decisions/0009). Open readers of an older
    snapshot hold some of it back.
    """
    row = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    return bool(row[1] == row[2])


def empty_wal(connection: Connection) -> bool:
    """Bring the WAL into the database and cut it to nothing; return whether that was done.

    Pages of before, with what was deleted since, stand in it until then. Somebody who
    reads an older snapshot is in the way.
    """
    busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def is_damage(error: Exception) -> bool:
    """Return whether an error says that a file is damaged, or none of SQLite's."""
    code = getattr(error, "sqlite_errorcode", None) or 0
    return (code & 0xFF) in {dbapi2.SQLITE_CORRUPT, dbapi2.SQLITE_NOTADB}


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the disk did into a StorageError; a defect of ours stays what it is."""
    try:
        yield
    except dbapi2.DatabaseError as error:
        # The low byte is the kind of error, the rest its detail.
        said = _DISK.get((error.sqlite_errorcode or 0) & 0xFF)
        if said is None:
            raise
        is_full = said == _DISK[dbapi2.SQLITE_FULL]
        raise (DiskFullError if is_full else StorageError)(*said) from error
