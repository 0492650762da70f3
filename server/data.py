"""The data directory: the one place that chooses the database."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from schemas.durable_files import PRIVATE_FILE, keep_private
from server.clock import Clock
from server.config import DataDirectory
from server.errors import LockedError, NoDataError
from server.store.port import Store, Transaction
from server.store.sqlite import SqliteStore, copy, create, look
from server.store.tables import VERSION


def init_data(data: DataDirectory, clock: Clock) -> None:
    """Make a new data directory.

    Raises
    ------
    AlreadyThereError
        If there is one already.
    """
    create(data.database, clock)


def open_store(data: DataDirectory) -> Store:
    """Open the store of a data directory.

    Raises
    ------
    NoDataError
        If it was never made.
    """
    if not data.database.exists():
        raise NoDataError(
            f"there is no server data in {data.path}",
            f"run: permille-server --data {data.path} init",
        )
    keep_private(data.path)
    return SqliteStore(data.database)


@contextmanager
def plain_database(path: Path) -> Iterator[Any]:
    """Open an empty file for other programs, as sqlite-utils does."""
    # sqlite-utils costs 0.27 s: only where it is used.
    from server.store.plain import plain_database as opened  # noqa: PLC0415

    with opened(path) as db:
        yield db


@contextmanager
def sole_server(data: DataDirectory) -> Iterator[None]:
    """Hold the data directory for one server process.

    Raises
    ------
    LockedError
        If another process serves it.
    """
    lock = FileLock(data.lock, mode=PRIVATE_FILE)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise LockedError(
            f"another server process has {data.path}",
            "stop that one first, or give this one another --data directory",
        ) from None
    try:
        yield
    finally:
        lock.release()


def look_into(database: Path) -> AbstractContextManager[Transaction]:
    """Open a database as it is, to read it in one snapshot; nothing is written to it.

    Raises
    ------
    StorageError
        If it cannot be opened, or its tables are of another version of Permille.
    """
    return look(database)


def copy_database(
    data: DataDirectory, target: Path, progress: Callable[[int, int], None]
) -> None:
    """Copy a database as it stands now; a server may go on writing to it.

    Raises
    ------
    StorageError
        If it cannot be read, or the copy not be written.
    """
    copy(data.database, target, progress)


def table_version() -> int:
    """Return the version of the tables that this program works with."""
    return VERSION
