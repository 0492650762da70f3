"""Seals: for each table, how many rows it has and the sum of their 64-bit hashes.

The connection that writes marks the last row of each table when a transaction begins, and
notes by temporary triggers which older rows it touches and what the first touch replaced.
Before it commits, it brings the seals up to these and to the rows after the marks. So whatever alters
a row in another way is found: a flipped bit of a name, a time or a reason too, which no
chain and no digest covers. The sum does not depend on the order of rows, and a damaged
row that is written again or deleted leaves it wrong (docs/decisions/0013).
"""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from server.store.driver import Connection

#: The table of the seals themselves; a bit flipped in it does not fit its table.
_OWN: Final = "seal"
#: Of one connection and in memory: the rows that the transaction under way has touched,
#: with what each said before it.
_NOTES: Final = """
    CREATE TEMP TABLE sealing
    (name TEXT, place INTEGER, before BLOB, PRIMARY KEY (name, place)) WITHOUT ROWID
"""
#: The last row of each table when the transaction began: what comes after it is new.
_MARKS: Final = "CREATE TEMP TABLE sealing_mark (name TEXT PRIMARY KEY, place INTEGER)"
_MARK: Final = "SELECT '{0}', (SELECT coalesce(max(rowid), 0) FROM main.{0})"
_IS_LONGER: Final = """
    SELECT name FROM sealing_mark
    WHERE name = '{0}' AND EXISTS (SELECT 1 FROM main.{0} WHERE rowid > place)
"""
_TABLES: Final = """
    SELECT name FROM main.sqlite_master
    WHERE type = 'table' AND name <> ? AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
    ORDER BY name
"""


class Broken(NamedTuple):
    """A table whose rows are not those that were written."""

    table: str
    rows: int
    sealed_rows: int


class _Sum(NamedTuple):
    """How many rows, and the sum of their hashes, which wraps at 64 bits."""

    rows: int = 0
    total: int = 0

    def plus(self, other: "_Sum") -> "_Sum":
        """Return the sum with more rows."""
        return _Sum(self.rows + other.rows, _wrapped(self.total + other.total))

    def minus(self, other: "_Sum") -> "_Sum":
        """Return the sum without some of its rows."""
        return _Sum(self.rows - other.rows, _wrapped(self.total - other.total))


def _sum_of(rows: Iterable[tuple[bytes | None]]) -> _Sum:
    """Return the sum of what rows say; None is no row."""
    count = total = 0
    for (said,) in rows:
        if said is not None:
            row = hashlib.blake2b(said, digest_size=8).digest()
            total += int.from_bytes(row, "big", signed=True)
            count += 1
    return _Sum(count, _wrapped(total))


def _wrapped(total: int) -> int:
    return (total + (1 << 63)) % (1 << 64) - (1 << 63)


def set_all(connection: Connection) -> None:
    """Seal every table as it stands, where there are no seals."""
    if connection.execute("SELECT 1 FROM seal").fetchone():
        return
    connection.execute("BEGIN IMMEDIATE")
    _put(connection, {name: _counted(connection, name) for name in _tables(connection)})
    connection.execute("COMMIT")


class SealedWriter:
    """A connection whose writing transactions keep the seals."""

    def __init__(self, connection: Connection) -> None:
        """Begin to note what the connection writes."""
        self.connection = connection
        self._said = {
            name: _said(connection, name, "t.") for name in _tables(connection)
        }
        marks = (_MARK.format(name) for name in self._said)
        self._mark_all = f"INSERT INTO sealing_mark {' UNION ALL '.join(marks)}"
        new = (_IS_LONGER.format(name) for name in self._said)
        self._touched = " UNION ".join(["SELECT name FROM sealing", *new])
        connection.execute(_NOTES)
        connection.execute(_MARKS)
        for name in self._said:
            for trigger in _triggers(connection, name):
                connection.execute(trigger)

    def begin(self) -> None:
        """Begin a writing transaction."""
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.execute("DELETE FROM sealing_mark")
        self.connection.execute(self._mark_all)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Run a writing transaction, and commit it with its seals.

        What fails is left open: the caller closes the connection.
        """
        self.begin()
        yield
        touched = self.connection.execute(self._touched).fetchall()
        _put(self.connection, {name: self._renewed(name) for (name,) in touched})
        self.connection.execute("DELETE FROM sealing")
        self.connection.execute("COMMIT")

    def _renewed(self, table: str) -> _Sum:
        """Return the seal of a table after what the transaction did to it."""
        (mark,) = self.connection.execute(
            "SELECT place FROM sealing_mark WHERE name = ?", (table,)
        ).fetchone()
        now, seal = self._said[table], _seal_of(self.connection, table)
        new = f"SELECT {now} FROM main.{table} t WHERE t.rowid > ?"  # noqa: S608
        seal = seal.plus(_sum_of(self.connection.execute(new, (mark,))))
        # A row that moved behind the mark, or came from there, is noted under both places.
        noted = "WHERE s.name = ? AND s.place <= ?"
        before = f"SELECT s.before FROM sealing s {noted}"  # noqa: S608
        after = f"SELECT {now} FROM sealing s JOIN main.{table} t ON t.rowid = s.place {noted}"  # noqa: S608
        seal = seal.minus(_sum_of(self.connection.execute(before, (table, mark))))
        return seal.plus(_sum_of(self.connection.execute(after, (table, mark))))


def off_by(connection: Connection, table: str) -> tuple[int, int]:
    """Return by how much a table differs from its seal; (0, 0) where it is whole."""
    rows, total = _seal_of(connection, table).minus(_counted(connection, table))
    return rows, total


def seal(connection: Connection, table: str, off: tuple[int, int] = (0, 0)) -> None:
    """Seal a table as it stands, or as far from that as it was before it was moved."""
    _put(connection, {table: _counted(connection, table).plus(_Sum(*off))})


def broken(connection: Connection) -> Iterator[Broken]:
    """Return the tables whose rows do not fit their seals."""
    for table in _tables(connection):
        found, sealed = _counted(connection, table), _seal_of(connection, table)
        if found != sealed:
            yield Broken(table, found.rows, sealed.rows)


def _tables(connection: Connection) -> list[str]:
    return [name for (name,) in connection.execute(_TABLES, (_OWN,)).fetchall()]


def _triggers(connection: Connection, table: str) -> Iterator[str]:
    """Return the triggers that note what a transaction does to rows that were there before.

    What comes after the mark of the table is new, and needs no note. A row comes to no
    other place unless that is its key, or one that was noted when it was left.
    """
    mark = f"(SELECT place FROM sealing_mark WHERE name = '{table}')"  # noqa: S608
    old = _note(table, "old.rowid", _said(connection, table, "old."))
    new = _note(table, "new.rowid", "NULL")
    events = [
        ("UPDATE", f"WHEN min(old.rowid, new.rowid) <= {mark}", f"{old}; {new}"),
        ("DELETE", f"WHEN old.rowid <= {mark}", old),
    ]
    if _places_are_keys(connection, table):
        events.append(("INSERT", f"WHEN new.rowid <= {mark}", new))
    for event, when, notes in events:
        head = f"CREATE TEMP TRIGGER seal_{table}_{event} AFTER {event} ON main.{table}"
        yield f"{head} {when} BEGIN {notes}; END"


def _places_are_keys(connection: Connection, table: str) -> bool:
    """Return whether the place of a row is its key, so that who writes chooses it."""
    keys = connection.execute(
        "SELECT upper(type) FROM pragma_table_info(?) WHERE pk > 0", (table,)
    ).fetchall()
    return bool(keys == [("INTEGER",)])


def _note(table: str, place: str, before: str) -> str:
    """Return the statement that notes what a row said unless it was touched before."""
    known = f"SELECT 1 FROM sealing WHERE name = '{table}' AND place = {place}"  # noqa: S608
    return (
        f"INSERT INTO sealing SELECT '{table}', {place}, {before}"
        f" WHERE NOT EXISTS ({known})"
    )


def _said(connection: Connection, table: str, row: str) -> str:
    """Return the expression of all that a row says, each value in its type."""
    columns = connection.execute("SELECT name FROM pragma_table_info(?)", (table,))
    values = " || ',' || ".join(f"quote({row}{name})" for (name,) in columns)
    return f"CAST({values} AS BLOB)"


def _counted(connection: Connection, table: str) -> _Sum:
    said = _said(connection, table, "")
    return _sum_of(connection.execute(f"SELECT {said} FROM {table}"))  # noqa: S608


def _seal_of(connection: Connection, table: str) -> _Sum:
    row = connection.execute(
        "SELECT rows, total FROM seal WHERE name = ?", (table,)
    ).fetchone()
    return _Sum(*row) if row else _Sum()


def _put(connection: Connection, seals: dict[str, _Sum]) -> None:
    connection.executemany(
        "INSERT INTO seal VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET rows = excluded.rows, total = excluded.total",
        [(name, *sealed) for name, sealed in seals.items()],
    )
