"""The data directory: the one place that chooses the database."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from filelock import FileLock, Timeout

from schemas.durable_files import (
    PRIVATE_FILE,
    PRIVATE_FOLDER,
    keep_private,
    write_durably,
)
from server.clock import Clock
from server.config import DataDirectory
from server.errors import LockedError, NoDataError, NotInstalledError
from server.reading.port import ReadCopy
from server.reading.sqlite import SqliteReadCopy
from server.store.port import Store, Transaction
from server.store.sqlite import SqliteStore, copy, create, fill, look
from server.store.tables import VERSION


def init_data(data: DataDirectory, clock: Clock) -> None:
    """Make a new data directory.

    Raises
    ------
    AlreadyThereError
        If there is one already.
    """
    if data.address is None:
        create(data.database, clock)
        return
    _postgres().create(data.address, clock)
    data.path.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
    remember_address(data, data.address)


def _postgres() -> ModuleType:
    """Return the store on PostgreSQL: who has none need not have its library."""
    try:
        return import_module("server.store.postgres.store")
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("psycopg"):
            raise NotInstalledError(
                "psycopg is missing, which speaks to PostgreSQL",
                "run: pip install 'permille-….whl[server,postgres]'",
            ) from None
        raise


def open_store(data: DataDirectory) -> Store:
    """Open the store of a data directory.

    Raises
    ------
    NoDataError
        If it was never made.
    """
    if data.address is not None:
        data.path.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
        keep_private(data.path)
        store: Store = _postgres().PostgresStore(data.address)
        return store
    if not data.database.exists():
        raise NoDataError(
            f"there is no server data in {data.path}",
            f"run: permille-server --data {data.path} init",
        )
    keep_private(data.path)
    return SqliteStore(data.database)


def open_read_copy(data: DataDirectory) -> ReadCopy:
    """Open the copy that readers read; it is made where there is none that can be used."""
    return SqliteReadCopy(data.read_copy)


def copy_rows_to(
    data: DataDirectory, target: DataDirectory, progress: Callable[[int, int], None]
) -> int:
    """Copy all rows of a server that nobody serves to a new database; return how many.

    Raises
    ------
    ServerError
        If it is served, or there is a server in the target.
    """
    with _all_rows(data) as source:
        if target.address is None:
            return fill(target.database, source, progress)
        rows: int = _postgres().fill(target.address, source, progress)
        return rows


def _all_rows(data: DataDirectory) -> AbstractContextManager[Any]:
    if data.address is None:
        return look(data.database)
    found: AbstractContextManager[Any] = _postgres().moving_from(data.address)
    return found


def remember_address(data: DataDirectory, address: str | None) -> None:
    """Note where the database is from now on: at an address, or in the directory."""
    if address is None:
        data.remembered.unlink(missing_ok=True)
    else:
        write_durably(data.remembered, f"{address}\n".encode(), mode=PRIVATE_FILE)


@contextmanager
def plain_database(path: Path) -> Iterator[Any]:
    """Open an empty file for other programs, as sqlite-utils does."""
    # sqlite-utils costs 0.27 s: only where it is used.
    from server.store.plain import plain_database as opened  # noqa: PLC0415

    with opened(path) as db:
        yield db


@contextmanager
def plain_to_read(path: Path) -> Iterator[Any]:
    """Open a file that others may have made, as sqlite-utils does; nothing is written to it."""
    from server.store.plain import plain_to_read as opened  # noqa: PLC0415

    with opened(path) as db:
        yield db


@contextmanager
def sole_server(data: DataDirectory) -> Iterator[None]:
    """Hold the data directory for one server process; on PostgreSQL any number may serve.

    Raises
    ------
    LockedError
        If another process serves it.
    """
    if data.address is not None:
        yield
        return
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


def look_into(data: DataDirectory) -> AbstractContextManager[Transaction]:
    """Open a database as it is, to read it in one snapshot; nothing is written to it.

    Raises
    ------
    StorageError
        If it cannot be opened, or its tables are of another version of Permille.
    """
    if data.address is None:
        return look(data.database)
    seen: AbstractContextManager[Transaction] = _postgres().look(data.address)
    return seen


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
