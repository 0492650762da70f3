"""The store on PostgreSQL: every thread has a connection, every job a transaction.

A job that says what it holds runs beside others: it locks its logs and its projects, in
one order, before it reads. Any other is alone, as on SQLite. What a job read is never
written over: who met another transaction runs again, and who lost the connection before
the commit, too. Where the answer to a commit is lost nobody knows whether it stands;
the one who asked is told to come again, which every job allows.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, TypeVar

from server.clock import Clock
from server.errors import AlreadyThereError, LockedError
from server.store.moving import Progress, copy_rows
from server.store.port import ALONE, Holds, Transaction
from server.store.postgres import locks, tables
from server.store.postgres.audit import PostgresTransaction
from server.store.postgres.connection import (
    LostError,
    MetOthersError,
    PostgresConnection,
    rolled_back,
    translated,
)
from server.store.postgres.versions import bring_up, checked
from server.store.transaction import SqlTransaction, begin_server

T = TypeVar("T")

#: Connections of one process that write, and that read: more cores than that help nobody.
_WRITERS: Final = 4
_READERS: Final = 4
#: How often a job is run again that met others, and how long it waits before: longer
#: each time.
_ATTEMPTS: Final = 10
_PAUSE_S: Final = 0.02

_SNAPSHOT: Final = "ISOLATION LEVEL REPEATABLE READ READ ONLY"


class PostgresStore:
    """The port's `Store` on a PostgreSQL database that others write to as well."""

    def __init__(self, url: str) -> None:
        self._url = url
        bring_up(url)
        self._writers = _Threads(url, _WRITERS, "writer")
        self._readers = _Threads(url, _READERS, "reader")
        self._leading = _Threads(url, 1, "leader")

    async def write(
        self, job: Callable[[Transaction], T], holds: Holds | None = ALONE
    ) -> T:
        """Run a job in a writing transaction; return after its commit."""
        return await self._writers.run(lambda own: _write(own, job, holds))

    async def read(self, job: Callable[[Transaction], T]) -> T:
        """Run a job on one snapshot."""
        return await self._readers.run(lambda own: _read(own, job))

    async def locked(self, name: str, work: Callable[[], T]) -> T:
        """Do something with files of which no other process does anything meanwhile."""
        return await self._writers.run(lambda own: _locked(own, name, work))

    async def leads(self) -> bool:
        """Return whether this process has the lock that one of all processes has.

        Its connection holds it: who loses that leads no more, and another one does.
        """
        return await self._leading.run(_leads)

    async def forget_deleted(self) -> bool:
        """Write the tables of contacts anew: an old row stays in its page until then."""
        return await self._writers.run(lambda own: own.connection().rewrite())

    def close(self) -> None:
        """Finish what was begun and let go."""
        self._leading.close()
        self._writers.close()
        self._readers.close()


class _Own:
    """The connection of a thread; a lost one is replaced when it is asked for again."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: PostgresConnection | None = None

    def connection(self) -> PostgresConnection:
        if self._connection is None or self._connection.is_lost:
            self._connection = PostgresConnection(self._url)
        return self._connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


class _Threads:
    """Threads that each have a connection."""

    def __init__(self, url: str, count: int, name: str) -> None:
        self._url = url
        self._pool = ThreadPoolExecutor(count, thread_name_prefix=name)
        self._local = threading.local()
        self._opened: list[_Own] = []

    async def run(self, work: Callable[[_Own], T]) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: work(self._own()))

    def _own(self) -> _Own:
        own: _Own | None = getattr(self._local, "own", None)
        if own is None:
            own = self._local.own = _Own(self._url)
            self._opened.append(own)
        return own

    def close(self) -> None:
        self._pool.shutdown()
        for own in self._opened:
            own.close()


def _write(own: _Own, job: Callable[[Transaction], T], holds: Holds | None) -> T:
    """Run a job until it met nobody; each time on what is there by then."""
    for attempt in range(_ATTEMPTS):
        try:
            return _attempt(own, job, holds)
        except _AloneError:
            holds = None
        except _AGAIN:
            time.sleep(_PAUSE_S * attempt)
    with translated():
        return _attempt(own, job, holds)


class _AloneError(Exception):
    """A job does what only one that is alone may do."""


class _LostBeforeCommitError(Exception):
    """The connection was lost, and nothing of the transaction stands."""


_AGAIN: Final[tuple[type[Exception], ...]] = (*MetOthersError, _LostBeforeCommitError)


def _attempt(own: _Own, job: Callable[[Transaction], T], holds: Holds | None) -> T:
    connection = own.connection()
    with rolled_back(connection):
        try:
            connection.begin()
            locks.take(connection, holds)
            result = job(_Writing(connection, is_alone=holds is None))
            connection.seal()
        except MetOthersError:
            raise
        except LostError as error:
            if connection.is_lost:
                raise _LostBeforeCommitError from error
            with translated():
                raise
        with translated():
            connection.commit()
    return result


def _read(own: _Own, job: Callable[[Transaction], T]) -> T:
    """Run a job on one snapshot; once more where its connection was lost."""
    connection = own.connection()
    try:
        return _on_snapshot(connection, job)
    except LostError:
        if not connection.is_lost:
            with translated():
                raise
    with translated():
        return _on_snapshot(own.connection(), job)


def _on_snapshot(connection: PostgresConnection, job: Callable[[Transaction], T]) -> T:
    with rolled_back(connection):
        connection.begin(_SNAPSHOT)
        result = job(PostgresTransaction(connection))
        connection.commit()
    return result


def _locked(own: _Own, name: str, work: Callable[[], T]) -> T:
    with translated():
        connection = own.connection()
        with rolled_back(connection):
            connection.begin()
            locks.take_name(connection, name)
            result = work()
            connection.commit()
        return result


def _leads(own: _Own) -> bool:
    with translated():
        return locks.leads(own.connection())


class _Writing(PostgresTransaction):
    """A transaction that writes; what concerns all waits until it is alone."""

    def __init__(self, connection: PostgresConnection, *, is_alone: bool) -> None:
        super().__init__(connection)
        self._is_alone = is_alone

    def begin_epoch(
        self, epoch: str, now: str, reason: str, device_id: str | None
    ) -> None:
        """Begin a new timeline where every project stands: nobody else writes by then."""
        if not self._is_alone:
            raise _AloneError
        super().begin_epoch(epoch, now, reason, device_id)


@contextmanager
def look(url: str) -> Iterator[Transaction]:
    """Open a database as it is, to read it in one snapshot; nothing is written to it.

    Raises
    ------
    StorageError
        If it cannot be reached, or its tables are of another version of Permille.
    """
    with _opened(url) as connection:
        connection.begin(_SNAPSHOT)
        yield PostgresTransaction(connection)


def create(url: str, clock: Clock) -> None:
    """Make the tables of a new server in an empty database, with its first epoch.

    Raises
    ------
    AlreadyThereError
        If there are tables of Permille already; nothing is changed then.
    """
    connection = PostgresConnection(url)
    try:
        with translated(), rolled_back(connection):
            connection.begin()
            _make_tables(connection)
            begin_server(PostgresTransaction(connection), clock)
            connection.seal()
            connection.commit()
    finally:
        connection.close()


@contextmanager
def moving_from(url: str) -> Iterator[PostgresTransaction]:
    """Hold a database that no process serves, to read all of it in one snapshot.

    Raises
    ------
    LockedError
        If a process serves it.
    """
    with _opened(url) as connection:
        if locks.is_served(connection):
            raise LockedError(
                "a server serves this database", "stop every process of it first"
            )
        connection.begin(_SNAPSHOT)
        yield PostgresTransaction(connection)


@contextmanager
def _opened(url: str) -> Iterator[PostgresConnection]:
    connection = checked(url)
    try:
        with translated():
            yield connection
    finally:
        connection.close()


def fill(url: str, source: SqlTransaction, progress: Progress) -> int:
    """Make the tables in an empty database, with all rows of another one; return how many.

    Raises
    ------
    AlreadyThereError
        If there are tables of Permille already; nothing is changed then.
    """
    connection = PostgresConnection(url)
    try:
        with translated(), rolled_back(connection):
            connection.begin()
            _make_tables(connection)
            connection.execute("DELETE FROM meta")
            rows = copy_rows(source, PostgresTransaction(connection), progress)
            tables.go_on_numbering(connection)
            connection.seal()
            connection.commit()
            return rows
    finally:
        connection.close()


def _make_tables(connection: PostgresConnection) -> None:
    locks.be_alone(connection)
    if tables.version_of(connection):
        raise AlreadyThereError(
            "the database has a server already", "use it: permille-server run"
        )
    tables.make_tables(connection)
