"""The one module of the server that names the PostgreSQL library."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any, Final, NamedTuple

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict

from server.errors import DiskFullError, StorageError
from server.store.postgres.dialect import in_postgres, values_of
from server.store.postgres.seals import Seals, sealing

Error: Final = psycopg.Error
#: What another transaction did at the same time: this one is run again.
MetOthersError: Final[tuple[type[Exception], ...]] = (
    errors.SerializationFailure,
    errors.DeadlockDetected,
)
#: The connection is gone, or the server refuses to go on.
LostError: Final = psycopg.OperationalError

#: The first that says what a statement wrote over, which seals are made of.
OLDEST: Final = 18
#: How long a connection is waited for, and how long a statement may wait for a lock.
_CONNECT_S: Final = 10
_LOCK_MS: Final = 30_000
#: Rows that are fetched at once where an answer may be long.
_AT_ONCE: Final = 2_000
_REWRITE: Final = b"VACUUM (FULL) contact, contact_key, contact_plot"


class Written(NamedTuple):
    """What a statement that writes gives back, as a cursor does."""

    rows: list[tuple[Any, ...]]
    rowcount: int

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the first row."""
        return self.rows[0] if self.rows else None

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return every row."""
        return self.rows

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)


class PostgresConnection:
    """A connection that takes the statements of the store and their values as they are."""

    def __init__(self, url: str) -> None:
        """Connect.

        Raises
        ------
        StorageError
            If no server answers there, or it refuses.
        """
        try:
            # Who runs the database may set other limits in its address.
            said: dict[str, Any] = {
                "connect_timeout": _CONNECT_S,
                "options": f"-clock_timeout={_LOCK_MS}",
                **conninfo_to_dict(url),
            }
            self.raw = psycopg.connect(**said, autocommit=True)
        except psycopg.Error as error:
            raise StorageError(
                f"the database cannot be reached: {_first_line(error)}",
                "start it, or correct the address after --database",
            ) from error
        self._seals = Seals()
        self._streams = count()
        version = self.raw.info.server_version // 10_000
        if version < OLDEST:
            self.raw.close()
            raise StorageError(
                f"the database is PostgreSQL {version}; {OLDEST} or newer is needed",
                "move it to a newer one: pg_upgrade",
            )

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Any:  # noqa: ANN401 - a cursor
        """Run a statement; return a cursor with what it found."""
        table, text = sealing(in_postgres(sql))
        found = self.raw.execute(text.encode(), values_of(text, values) or None)
        if not table:
            return found
        return Written(self._seals.note(table, found.fetchall()), found.rowcount)

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement with the values of each row."""
        table, text = sealing(in_postgres(sql))
        with self.raw.cursor() as cursor:
            values = [values_of(text, row) for row in rows]
            if values:
                cursor.executemany(text.encode(), values, returning=True)
                for done in cursor.results():
                    self._seals.note(table, done.fetchall())

    def begin(self, how: str = "") -> None:
        """Begin a transaction."""
        self._seals.begin()
        self.raw.execute(f"BEGIN {how}".encode())

    def seal(self) -> None:
        """Note what the transaction wrote in the seals; nothing is written after that."""
        for text, values in self._seals.statements():
            self.raw.execute(text.encode(), values)

    def commit(self) -> None:
        """End a transaction: what it wrote stands."""
        self.raw.execute(b"COMMIT")

    def roll_back(self) -> None:
        """End a transaction: nothing that it wrote stands."""
        self.raw.execute(b"ROLLBACK")

    def stream(self, sql: str, values: Sequence[Any] = ()) -> Iterator[Any]:
        """Run a query whose rows are fetched as they are read."""
        text = in_postgres(sql)
        # Another one may be read meanwhile: each has a name of its own.
        with self.raw.cursor(name=f"stream_{next(self._streams)}") as cursor:
            cursor.itersize = _AT_ONCE
            cursor.execute(text.encode(), values_of(text, values) or None)
            yield from cursor

    def rewrite(self) -> bool:
        """Write the tables of contacts anew, without the rows of before; return True."""
        with translated():
            self.raw.execute(_REWRITE)
        return True

    @property
    def is_lost(self) -> bool:
        """Return whether nothing can be asked any more."""
        return self.raw.closed

    def close(self) -> None:
        """Close the connection."""
        self.raw.close()


@contextmanager
def rolled_back(connection: PostgresConnection) -> Iterator[None]:
    """Leave nothing of a transaction that does not come to its end."""
    try:
        yield
    except BaseException:
        with suppress(psycopg.Error):
            connection.roll_back()
        raise


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the database did into a StorageError; a defect of ours stays what it is."""
    try:
        yield
    except errors.InsufficientPrivilege as error:
        raise StorageError(
            f"the database refuses: {_first_line(error)}",
            "use the address of the role that owns its tables",
        ) from error
    except errors.DiskFull as error:
        raise DiskFullError(
            f"the disk of the database is full: {_first_line(error)}",
            "make room on it; laptops come again by themselves",
        ) from error
    except psycopg.OperationalError as error:
        raise StorageError(
            f"the database gave up: {_first_line(error)}",
            "look at its log; laptops come again by themselves",
        ) from error


def _first_line(error: psycopg.Error) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
