"""The read copy in one SQLite file, which may be removed at any time.

What cannot be used, because it is damaged, of another program or of another shape, is
removed and made anew; nothing is in it that is not in the store.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from server.errors import StorageError
from server.reading.collections import COLLECTIONS
from server.reading.port import (
    Extent,
    FeaturePage,
    FeedPiece,
    Match,
    RowPage,
    RowSelection,
    Standing,
)
from server.reading.query import Counts, Reader
from server.reading.search import search
from server.reading.tables import make_tables, signature
from server.reading.write import ProjectWriter
from server.store.driver import (
    Connection,
    DatabaseError,
    connect,
    is_damage,
    translated,
)

T = TypeVar("T")

_READERS: Final = 2
_STATE: Final = """
    INSERT INTO state (key, value) VALUES (?, ?)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value
"""
_NEXT_GENERATION: Final = """
    UPDATE state SET value = CAST(value AS INTEGER) + 1 WHERE key = 'generation'
"""


class SqliteReadCopy:
    """The port's `ReadCopy` on one SQLite file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="copy-writer")
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="copy-reader")
        # It reads a large file for minutes: not in the way of those who read pages.
        self._checker = ThreadPoolExecutor(1, thread_name_prefix="copy-checker")
        self._checked: Connection | None = None
        self._connection: Connection | None = None
        self._place: int | None = None
        self._local = threading.local()
        self._opened: list[Connection] = []
        #: How often the file was made anew: connections of before see the one of before.
        self._files = 0
        self._counts = Counts()

    async def standing(self) -> Standing:
        """Return up to where the copy follows."""
        return await self._write(_standing)

    async def begin(self, epoch: str) -> None:
        """Empty the copy, to be filled with a timeline."""

        def job() -> None:
            self._remove()
            with _writing(self._writing_connection()) as connection:
                connection.execute(_STATE, ("epoch", epoch))

        await self._submit(job)

    async def fill(self, piece: FeedPiece) -> None:
        """Write records of a copy that is not whole yet; their features come at the end."""

        def job(connection: Connection) -> None:
            with _writing(connection):
                ProjectWriter(connection, piece.project_id).take(piece)

        await self._write(job)

    async def finish(self) -> None:
        """Make every feature: the copy is whole from now on."""
        at = await self.standing()
        for project_id in at.cursors:
            for name in COLLECTIONS:
                await self._write(partial(_make_all, project_id=project_id, name=name))
        await self._write(_note_whole)

    async def follow(self, piece: FeedPiece) -> None:
        """Write what changed, and the features that show it."""

        def job(connection: Connection) -> None:
            with _writing(connection):
                at = _standing(connection)
                if not at.is_whole:
                    raise _damaged()
                if at.cursors.get(piece.project_id, -1) < piece.up_to:
                    ProjectWriter(connection, piece.project_id).follow(piece)

        await self._write(job)

    async def features(self, asked: RowSelection) -> FeaturePage:
        """Return a page of features."""
        return await self._read(lambda c: Reader(c, self._counts).features(asked))

    async def rows(self, asked: RowSelection) -> RowPage:
        """Return a page of rows."""
        return await self._read(lambda c: Reader(c, self._counts).rows(asked))

    async def extents(
        self, projects: Sequence[str], *, is_coarse: bool = False
    ) -> Mapping[str, Extent]:
        """Return the extent of each collection, of some projects; or that of its squares."""
        return await self._read(
            lambda c: Reader(c, self._counts).extents(projects, is_coarse=is_coarse)
        )

    async def search(
        self,
        words: str,
        projects: Sequence[str],
        most: int,
        record_type: str | None = None,
    ) -> list[Match]:
        """Return the records of some projects that have all words."""
        return await self._read(lambda c: search(c, words, projects, most, record_type))

    async def check(self) -> None:
        """Look through all of it, beside those who read: what is damaged is removed."""
        loop = asyncio.get_running_loop()
        if not await loop.run_in_executor(self._checker, self._is_whole):
            await self._submit(self._remove)

    def close(self) -> None:
        """Finish what was begun and let go."""
        if (checked := self._checked) is not None:
            # The check may end, and close it, at this very moment.
            with suppress(DatabaseError):
                checked.interrupt()
        self._checker.shutdown()
        self._readers.shutdown()
        self._writer.submit(self._disconnect)
        self._writer.shutdown()
        for connection in self._opened:
            connection.close()

    async def _submit(self, job: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer, job)

    async def _write(self, job: Callable[[Connection], T]) -> T:
        return await self._submit(lambda: self._with_writer(job))

    async def _read(self, job: Callable[[Connection], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._readers, self._with_reader, job)
        except DatabaseError as error:
            if not is_damage(error):
                raise
            await self._submit(self._remove)
            raise _damaged() from error

    def _is_whole(self) -> bool:
        try:
            with closing(_connected(self._path)) as self._checked:
                found = self._checked.execute("PRAGMA quick_check(1)").fetchone()[0]
        except StorageError:
            return False
        except DatabaseError as error:
            # Whoever closes it ends it.
            return not is_damage(error)
        finally:
            self._checked = None
        return bool(found == "ok")

    def _with_writer(self, job: Callable[[Connection], T]) -> T:
        try:
            return job(self._writing_connection())
        except DatabaseError as error:
            with translated():
                if not is_damage(error):
                    raise
            self._remove()
            raise _damaged() from error

    def _with_reader(self, job: Callable[[Connection], T]) -> T:
        connection = self._reading_connection()
        connection.execute("BEGIN")
        try:
            return job(connection)
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    def _writing_connection(self) -> Connection:
        if self._connection is not None and _place_of(self._path) != self._place:
            # Somebody removed it, as they may.
            self._remove()
            raise _damaged()
        if self._connection is None:
            if not _is_usable(self._path):
                self._remove()
                _make(self._path)
            self._connection = _connected(self._path)
            self._place = _place_of(self._path)
        return self._connection

    def _reading_connection(self) -> Connection:
        if getattr(self._local, "files", None) != self._files:
            self._local.connection = _connected(self._path)
            self._local.connection.execute("PRAGMA query_only=ON")
            self._local.files = self._files
            self._opened.append(self._local.connection)
        connection: Connection = self._local.connection
        return connection

    def _remove(self) -> None:
        self._disconnect()
        self._files += 1
        # The generations of the next file begin anew.
        self._counts = Counts()
        try:
            for ending in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + ending).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(
                f"{self._path} cannot be removed: {error.strerror}",
                "check the rights of the data directory; nothing else is touched",
            ) from error

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(DatabaseError):
                connection.close()


def _damaged() -> StorageError:
    return StorageError("the read copy was damaged", "it is made anew; try again")


def _place_of(path: Path) -> int | None:
    """Return which file is at a path now."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None


def _connected(path: Path) -> Connection:
    connection = connect(path)
    # A commit that a loss of power takes away is followed once more.
    connection.execute("PRAGMA synchronous=NORMAL")
    return connection


def _make(path: Path) -> None:
    with closing(connect(path, create=True)) as connection:
        make_tables(connection)
        connection.executemany(
            _STATE, [("signature", signature()), ("epoch", ""), ("generation", "0")]
        )


def _is_usable(path: Path) -> bool:
    """Return whether a file is a copy of this program's; `check` looks through all of it."""
    if not path.exists():
        return False
    try:
        with closing(_connected(path)) as connection:
            said = dict(connection.execute("SELECT key, value FROM state"))
    except (DatabaseError, StorageError):
        return False
    return said.get("signature") == signature()


@contextmanager
def _writing(connection: Connection) -> Iterator[Connection]:
    """Write all of it, or nothing; what was counted before counts no more."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute(_NEXT_GENERATION)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _standing(connection: Connection) -> Standing:
    said = dict(connection.execute("SELECT key, value FROM state").fetchall())
    cursors = dict(connection.execute("SELECT project_id, seq FROM cursor").fetchall())
    return Standing(said["epoch"], cursors, "whole" in said)


def _make_all(connection: Connection, project_id: str, name: str) -> None:
    with _writing(connection):
        ProjectWriter(connection, project_id).make_all_features(name)


def _note_whole(connection: Connection) -> None:
    with _writing(connection):
        connection.execute(_STATE, ("whole", "yes"))
