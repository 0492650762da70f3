"""The data directory: the one place that chooses the database."""

from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from server.clock import Clock
from server.config import DataDirectory
from server.errors import LockedError, NoDataError
from server.store.port import Store
from server.store.sqlite import SqliteStore, create


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
    return SqliteStore(data.database)


@contextmanager
def sole_server(data: DataDirectory) -> Iterator[None]:
    """Hold the data directory for one server process.

    Raises
    ------
    LockedError
        If another process serves it.
    """
    lock = FileLock(data.lock)
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
