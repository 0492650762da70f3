"""The SQLite store: one writer thread with group commit, a few readers.

Jobs that wait while a commit is on its way to the disk go into the next
transaction together. One that fails takes nothing with it: what came before it is
kept by a savepoint. A job is answered only after the commit that holds it is on disk.

A transaction that the disk broke, or that failed in any way we did not expect, is never
tried again on its connection: everyone who waits is told, the connection is closed, and
the next job begins on a new one (docs/decisions/0009 says why).
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from schemas.durable_files import PRIVATE_FOLDER, flush_directory
from server.clock import Clock
from server.errors import AlreadyThereError, StorageError
from server.store.driver import (
    Connection,
    DatabaseError,
    checkpoint_wal,
    connect,
    copy_to,
    empty_wal,
    translated,
)
from server.store.moving import Progress, copy_rows
from server.store.port import ALONE, Holds, Transaction
from server.store.seals import SealedWriter
from server.store.tables import make_tables
from server.store.transaction import SqlTransaction, begin_server
from server.store.version_steps import check_version
from server.store.versions import bring_up, version_of

T = TypeVar("T")

#: Readers beside the writer; SQLite reads scale little beyond the cores of a small server.
_READERS: Final = 2
#: What the writer keeps of the database in memory: ids are random, and so are the pages of
#: their indexes that a push writes to.
_WRITER_KIB: Final = 64 * 1024
#: Jobs in one transaction: bounds how long a reader's snapshot lags.
_GROUP: Final = 64


class SqliteStore:
    """The port's `Store` on one SQLite file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer = WriterThread(path)
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="reader")
        self._local = threading.local()
        self._opened: list[Connection] = []

    async def write(
        self,
        job: Callable[[Transaction], T],
        holds: Holds | None = ALONE,  # noqa: ARG002 - there is one writer
    ) -> T:
        """Run a job in a writing transaction; return after its commit."""
        run = self._writer.submit(lambda connection: job(SqlTransaction(connection)))
        return await asyncio.wrap_future(run)

    async def read(self, job: Callable[[Transaction], T]) -> T:
        """Run a job on one snapshot."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._read, job)

    async def locked(self, name: str, work: Callable[[], T]) -> T:  # noqa: ARG002
        """Do something with files: there is no other process."""
        return await asyncio.to_thread(work)

    async def leads(self) -> bool:
        """Return that this one does what one alone does: the data directory is locked."""
        return True

    async def forget_deleted(self) -> bool:
        """Empty the WAL of what was deleted; return whether nobody was in the way."""
        return await asyncio.to_thread(_emptied, self._path)

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
                return job(SqlTransaction(connection))
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


@dataclass(frozen=True, slots=True)
class _Job:
    run: Callable[[Connection], Any]
    answer: Future[Any]


class WriterThread:
    """Runs jobs in writing transactions, in the order they came."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sealed: SealedWriter | None = _writing(_opened(path))
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="writer", daemon=True)
        self._thread.start()

    def submit(self, run: Callable[[Connection], T]) -> Future[T]:
        """Queue a job; its future is answered after the commit."""
        answer: Future[T] = Future()
        self._jobs.put(_Job(run, answer))
        return answer

    def close(self) -> None:
        """Finish every queued job and end the thread."""
        self._jobs.put(None)
        self._thread.join()
        self._disconnect()

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            group, ended = self._gather(job)
            self._commit(group)
            if ended:
                return

    def _gather(self, first: _Job) -> tuple[list[_Job], bool]:
        group = [first]
        while len(group) < _GROUP:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                return group, True
            group.append(job)
        return group, False

    def _commit(self, group: list[_Job]) -> None:
        answers: list[tuple[_Job, Any]] = []
        try:
            with translated():
                sealed = self._connected()
                with sealed.writing():
                    for job in group:
                        _run(sealed, job, answers)
        except Exception as error:  # noqa: BLE001 - the thread serves whoever comes next
            self._abandon(group, error)
            return
        for job, result in answers:
            job.answer.set_result(result)

    def _abandon(self, group: list[_Job], error: Exception) -> None:
        """Nothing of this transaction counts: say so to everyone who waits."""
        for job in group:
            if not job.answer.done():
                job.answer.set_exception(error)
        self._disconnect()

    def _connected(self) -> SealedWriter:
        if self._sealed is None:
            connection = connect(self._path)
            if not checkpoint_wal(connection):
                connection.close()
                raise StorageError(
                    "the database was not brought to the disk as yet",
                    "wait until long reports have ended",
                )
            self._sealed = _writing(connection)
        return self._sealed

    def _disconnect(self) -> None:
        sealed, self._sealed = self._sealed, None
        if sealed is not None:
            with suppress(DatabaseError):
                sealed.connection.close()


def _emptied(path: Path) -> bool:
    connection = connect(path)
    try:
        with translated():
            return empty_wal(connection)
    finally:
        connection.close()


def _writing(connection: Connection) -> SealedWriter:
    """Return a writer on a connection that keeps pages of indexes at hand.

    What it deletes is overwritten in the pages that it writes anyway.
    """
    connection.execute(f"PRAGMA cache_size=-{_WRITER_KIB}")
    connection.execute("PRAGMA main.secure_delete=FAST").fetchall()
    return SealedWriter(connection)


def _run(sealed: SealedWriter, job: _Job, answers: list[tuple[_Job, Any]]) -> None:
    connection = sealed.connection
    if not job.answer.set_running_or_notify_cancel():
        return
    # The first has nothing before it to protect, and a savepoint costs a copy of every
    # page that is written: a quarter of the time of a large job.
    first = not answers
    if not first:
        connection.execute("SAVEPOINT job")
    try:
        with translated():
            result = job.run(connection)
    except StorageError:
        # Not the job failed but the disk, and with it the whole transaction.
        raise
    except Exception as error:  # noqa: BLE001 - handed to the one who asked
        if first:
            connection.execute("ROLLBACK")
            sealed.begin()
        else:
            connection.execute("ROLLBACK TO job")
            connection.execute("RELEASE job")
        job.answer.set_exception(error)
        return
    if not first:
        connection.execute("RELEASE job")
    answers.append((job, result))


@contextmanager
def look(path: Path) -> Iterator[SqlTransaction]:
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
            check_version(version_of(connection), str(path))
            yield SqlTransaction(connection)
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
    _make(path, lambda tx: begin_server(tx, clock))


def fill(path: Path, source: SqlTransaction, progress: Progress) -> int:
    """Make a database with all rows of another one; return how many there are.

    Raises
    ------
    AlreadyThereError
        If the file is there already; nothing is changed then.
    """
    return _make(path, lambda tx: copy_rows(source, tx, progress))


def _make(path: Path, job: Callable[[SqlTransaction], T]) -> T:
    """Make a database whose first rows are those that a job writes."""
    if path.exists():
        raise AlreadyThereError(f"{path} exists already", "use it: permille-server run")
    path.parent.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
    begun = path.with_name(path.name + ".new")
    begun.unlink(missing_ok=True)
    connection = connect(begun, create=True)
    try:
        make_tables(connection)
        with translated(), SealedWriter(connection).writing():
            made = job(SqlTransaction(connection))
    finally:
        connection.close()
    begun.rename(path)
    flush_directory(path.parent)
    return made


def _opened(path: Path) -> Connection:
    connection = connect(path)
    try:
        checkpoint_wal(connection)
        bring_up(connection)
        check_version(version_of(connection), str(path))
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
