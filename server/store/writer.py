"""One writer thread with group commit: many jobs share one fsync.

Jobs that wait while a commit is on its way to the disk go into the next
transaction together. Each has a savepoint, so one that fails takes nothing with
it. A job is answered only after the commit that holds it is on disk.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from server.store.driver import Connection, DatabaseError

T = TypeVar("T")

#: Jobs in one transaction: bounds how long a reader's snapshot lags.
_GROUP: Final = 64


@dataclass(frozen=True, slots=True)
class _Job:
    run: Callable[[Connection], Any]
    answer: Future[Any]


class WriterThread:
    """Runs jobs in writing transactions, in the order they came."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
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
        self._connection.close()

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
            self._connection.execute("BEGIN IMMEDIATE")
            for job in group:
                self._run(job, answers)
            self._connection.execute("COMMIT")
        except DatabaseError as error:
            self._abandon(group, error)
            return
        for job, result in answers:
            job.answer.set_result(result)

    def _run(self, job: _Job, answers: list[tuple[_Job, Any]]) -> None:
        if not job.answer.set_running_or_notify_cancel():
            return
        self._connection.execute("SAVEPOINT job")
        try:
            result = job.run(self._connection)
        except Exception as error:  # noqa: BLE001 - handed to the one who asked
            self._connection.execute("ROLLBACK TO job")
            self._connection.execute("RELEASE job")
            job.answer.set_exception(error)
            return
        self._connection.execute("RELEASE job")
        answers.append((job, result))

    def _abandon(self, group: list[_Job], error: Exception) -> None:
        """Nothing of this transaction stands: say so to everyone who waits."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        for job in group:
            if not job.answer.done():
                job.answer.set_exception(error)
