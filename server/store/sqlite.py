"""The SQLite store: one writer thread, a few readers, each with its connection."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from schemas.durable_files import flush_directory
from schemas.signing import public_key
from server.clock import Clock
from server.errors import AlreadyThereError, StorageError
from server.store import seals
from server.store.attachments import AttachmentTables
from server.store.custody import CustodyTables
from server.store.derivation import DerivationTables
from server.store.devices import DeviceTables
from server.store.driver import (
    Connection,
    DatabaseError,
    checkpoint_wal,
    connect,
    copy_to,
    translated,
)
from server.store.feed import FeedTables
from server.store.kept import KeptTables
from server.store.logs import LogTables
from server.store.merge_tables import MergeTables
from server.store.port import Transaction
from server.store.reports import ReportTables
from server.store.save import SaveTables
from server.store.tables import check_version, make_tables
from server.store.values import Device
from server.store.writer import WriterThread

T = TypeVar("T")

#: Readers beside the writer; SQLite reads scale little beyond the cores of a small server.
_READERS: Final = 2


class SqliteTransaction(
    LogTables,
    MergeTables,
    SaveTables,
    CustodyTables,
    FeedTables,
    DeviceTables,
    DerivationTables,
    AttachmentTables,
    ReportTables,
    KeptTables,
):
    """One transaction on one connection."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection


class SqliteStore:
    """The port's `Store` on one SQLite file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer = WriterThread(_opened(path), lambda: connect(path))
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="reader")
        self._local = threading.local()
        self._opened: list[Connection] = []

    async def write(self, job: Callable[[Transaction], T]) -> T:
        """Run a job in a writing transaction; return after its commit."""
        run = self._writer.submit(lambda connection: job(SqliteTransaction(connection)))
        return await asyncio.wrap_future(run)

    async def read(self, job: Callable[[Transaction], T]) -> T:
        """Run a job on one snapshot."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._read, job)

    def close(self) -> None:
        """Finish what was begun and let go."""
        self._readers.shutdown()
        self._writer.close()
        for connection in self._opened:
            connection.close()

    def _read(self, job: Callable[[Transaction], T]) -> T:
        with translated():
            connection = self._reader()
            connection.execute("BEGIN")
            try:
                return job(SqliteTransaction(connection))
            finally:
                # An error of the disk may have ended the transaction.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def _reader(self) -> Connection:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = connect(self._path)
            connection.execute("PRAGMA query_only=ON")
            self._opened.append(connection)
        return connection


@contextmanager
def look(path: Path) -> Iterator[SqliteTransaction]:
    """Open a database as it is, to read it in one snapshot; nothing is written to it.

    Raises
    ------
    StorageError
        If it cannot be opened, or its tables are of another version of Permille.
    """
    connection = connect(path)
    try:
        with translated():
            connection.execute("PRAGMA query_only=ON")
            connection.execute("BEGIN")
            check_version(connection, str(path))
            yield SqliteTransaction(connection)
    finally:
        connection.close()


def copy(path: Path, target: Path, progress: Callable[[int, int], None]) -> None:
    """Copy a database as it stands now; a server may go on writing to it.

    Raises
    ------
    StorageError
        If it cannot be read, or the copy not be written.
    """
    connection = connect(path)
    try:
        copy_to(connection, target, progress)
    finally:
        connection.close()


def create(path: Path, clock: Clock) -> None:
    """Make a new server database with its first epoch.

    Raises
    ------
    AlreadyThereError
        If the file is there already; nothing is changed then.
    """
    if path.exists():
        raise AlreadyThereError(f"{path} exists already", "use it: permille-server run")
    path.parent.mkdir(parents=True, exist_ok=True)
    begun = path.with_name(path.name + ".new")
    begun.unlink(missing_ok=True)
    connection = connect(begun, create=True)
    try:
        make_tables(connection)
        seals.watch(connection)
        with seals.writing(connection):
            _begin(SqliteTransaction(connection), clock)
    finally:
        connection.close()
    begun.rename(path)
    flush_directory(path.parent)


def _begin(tx: SqliteTransaction, clock: Clock) -> None:
    """Write the first epoch, and the device and log of the server itself."""
    secret = clock.key()
    own = Device(
        clock.new_id(),
        "server",
        clock.stamp(),
        None,
        None,
        public_key=public_key(secret),
    )
    tx.connection.executemany(
        "INSERT INTO meta (key, value) VALUES (?, ?)",
        [("signing_key", secret.hex()), ("own_device", own.id)],
    )
    tx.begin_epoch(clock.new_id(), clock.stamp(), "begun", None)
    # No token has this hash: nobody enters as the server.
    tx.add_device(own, "none")
    tx.save_log(own.id, own.id)


def _opened(path: Path) -> Connection:
    connection = connect(path)
    try:
        checkpoint_wal(connection)
        check_version(connection, str(path))
    except StorageError:
        connection.close()
        raise
    except DatabaseError as error:
        connection.close()
        raise StorageError(
            f"{path} is not a usable Permille database: {error}",
            "restore a backup; keep the file as it is",
        ) from error
    return connection
