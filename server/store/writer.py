"""One writer thread with group commit: many jobs share one fsync.

Jobs that wait while a commit is on its way to the disk go into the next
transaction together. One that fails takes nothing with it: what came before it is
kept by a savepoint. A job is answered only after the commit that holds it is on disk.

A transaction that the disk broke, or that failed in any way we did not expect, is never
tried again on its connection: everyone who waits is told, the connection is closed, and
the next job begins on a new one (docs/decisions/0009 says why).
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from server.errors import StorageError
from server.store import seals
from server.store.driver import Connection, DatabaseError, checkpoint_wal, translated

T = TypeVar("T")

#: Jobs in one transaction: bounds how long a reader's snapshot lags.
_GROUP: Final = 64
_UNDO_ALL: Final = ("ROLLBACK", "BEGIN IMMEDIATE")
_UNDO_ONE: Final = ("ROLLBACK TO job", "RELEASE job")


@dataclass(frozen=True, slots=True)
class _Job:
    run: Callable[[Connection], Any]
    answer: Future[Any]


class WriterThread:
    """Runs jobs in writing transactions, in the order they came."""

    def __init__(
        self, connection: Connection, connect: Callable[[], Connection]
    ) -> None:
        seals.watch(connection)
        self._connection: Connection | None = connection
        self._connect = connect
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
                connection = self._connected()
                with seals.writing(connection):
                    for job in group:
                        _run(connection, job, answers)
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

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._connect()
            if not checkpoint_wal(self._connection):
                raise StorageError(
                    "the database was not brought to the disk as yet",
                    "wait until long reports have ended",
                )
            seals.watch(self._connection)
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(DatabaseError):
                connection.close()


def _run(connection: Connection, job: _Job, answers: list[tuple[_Job, Any]]) -> None:
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
        for undo in _UNDO_ALL if first else _UNDO_ONE:
            connection.execute(undo)
        job.answer.set_exception(error)
        return
    if not first:
        connection.execute("RELEASE job")
    answers.append((job, result))
