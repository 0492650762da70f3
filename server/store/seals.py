"""Seals: for each table, how many rows it has and the sum of their 64-bit hashes.

The connection that writes notes by temporary triggers which rows a transaction touches and
what the first touch replaced, and brings the seals up to them before it commits. So whatever alters
a row in another way is found: a flipped bit of a name, a time or a reason too, which no
chain and no digest covers. The sum does not depend on the order of rows, and a damaged
row that is written again or deleted leaves it wrong (docs/decisions/0013).
"""

import hashlib
from collections.abc import Iterator
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
    rows: int = 0
    total: int = 0

    def add(self, sign: int, said: bytes) -> "_Sum":
        """Add a row, or take it away; the total wraps at 64 bits."""
        row = hashlib.blake2b(said, digest_size=8).digest()
        total = self.total + sign * int.from_bytes(row, "big", signed=True)
        return _Sum(self.rows + sign, (total + (1 << 63)) % (1 << 64) - (1 << 63))


def set_all(connection: Connection) -> None:
    """Seal every table as it stands, where there are no seals."""
    if connection.execute("SELECT 1 FROM seal").fetchone():
        return
    connection.execute("BEGIN IMMEDIATE")
    _put(connection, {name: _counted(connection, name) for name in _tables(connection)})
    connection.execute("COMMIT")


def watch(connection: Connection) -> None:
    """Make a connection note the rows that it writes."""
    connection.execute(_NOTES)
    for table in _tables(connection):
        new = _note(table, "new.rowid", "NULL")
        old = _note(table, "old.rowid", _said(connection, table, "old."))
        for event, notes in (
            ("INSERT", new),
            ("UPDATE", f"{old}; {new}"),
            ("DELETE", old),
        ):
            head = f"CREATE TEMP TRIGGER seal_{table}_{event} AFTER {event} ON main.{table}"
            connection.execute(f"{head} BEGIN {notes}; END")


@contextmanager
def writing(connection: Connection) -> Iterator[None]:
    """Run a writing transaction of a watched connection, and commit it with its seals.

    What fails is left open: the caller closes the connection.
    """
    connection.execute("BEGIN IMMEDIATE")
    yield
    _add_notes(connection)
    connection.execute("COMMIT")


def _add_notes(connection: Connection) -> None:
    names = connection.execute("SELECT DISTINCT name FROM sealing").fetchall()
    if names:
        _put(connection, {name: _renewed(connection, name) for (name,) in names})
        connection.execute("DELETE FROM sealing")


def _renewed(connection: Connection, table: str) -> _Sum:
    """Return the seal of a table after the rows that were touched."""
    now = _said(connection, table, "t.")
    touched = connection.execute(
        f"SELECT s.before, CASE WHEN t.rowid IS NOT NULL THEN {now} END"  # noqa: S608
        f" FROM sealing s LEFT JOIN main.{table} t ON t.rowid = s.place"
        " WHERE s.name = ?",
        (table,),
    )
    seal = _seal_of(connection, table)
    for before, after in touched:
        if before is not None:
            seal = seal.add(-1, before)
        if after is not None:
            seal = seal.add(1, after)
    return seal


def broken(connection: Connection) -> Iterator[Broken]:
    """Return the tables whose rows do not fit their seals."""
    for table in _tables(connection):
        found, sealed = _counted(connection, table), _seal_of(connection, table)
        if found != sealed:
            yield Broken(table, found.rows, sealed.rows)


def _tables(connection: Connection) -> list[str]:
    return [name for (name,) in connection.execute(_TABLES, (_OWN,)).fetchall()]


def _note(table: str, place: str, before: str) -> str:
    """Return the statement that notes a row unless it was touched before."""
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
    found = _Sum()
    for (row,) in connection.execute(f"SELECT {said} FROM {table}"):  # noqa: S608
        found = found.add(1, row)
    return found


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
