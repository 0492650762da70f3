"""Seals: for each table, how many rows it has and the sum of their 64-bit hashes.

Triggers keep them, in the transaction that changes a row, so that whatever alters a
row in another way is found: a flipped bit of a name, a time or a reason too, which no
chain and no digest covers. The sum does not depend on the order of rows, and a damaged
row that is written again or deleted leaves it wrong.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from server.store.driver import SEAL_FUNCTION, Connection, add_to_seal

#: The table of the seals themselves; a bit flipped in it does not fit its table.
_OWN: Final = "seal"
_TABLES: Final = """
    SELECT name FROM sqlite_master
    WHERE type = 'table' AND name <> ? AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
    ORDER BY name
"""
_TRIGGERS: Final = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"


class Broken(NamedTuple):
    """A table whose rows are not those that were written."""

    table: str
    rows: int
    sealed_rows: int


def install(connection: Connection) -> None:
    """Let triggers of the present shape of each table keep its seal."""
    wanted = _wanted(connection)
    present = dict(connection.execute(_TRIGGERS).fetchall())
    if present == {name: sql for found in wanted.values() for name, sql in found}:
        return
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS seal"
        " (name TEXT PRIMARY KEY, rows INTEGER NOT NULL, total INTEGER NOT NULL) STRICT"
    )
    for name in present:
        connection.execute(f"DROP TRIGGER {name}")
    for table, triggers in wanted.items():
        rows, total = _counted(connection, table)
        connection.execute(
            "INSERT INTO seal VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET rows = excluded.rows, total = excluded.total",
            (table, rows, total),
        )
        for _, sql in triggers:
            connection.execute(sql)
    connection.execute("COMMIT")


def broken(connection: Connection) -> Iterator[Broken]:
    """Give the tables whose rows do not fit their seals."""
    seals = {
        name: (rows, total)
        for name, rows, total in connection.execute("SELECT * FROM seal")
    }
    for table in _tables(connection):
        rows, total = _counted(connection, table)
        if seals.get(table) != (rows, total):
            yield Broken(table, rows, seals.get(table, (0, 0))[0])


def _wanted(connection: Connection) -> dict[str, list[tuple[str, str]]]:
    return {
        table: list(_triggers(table, _columns(connection, table)))
        for table in _tables(connection)
    }


def _tables(connection: Connection) -> list[str]:
    return [name for (name,) in connection.execute(_TABLES, (_OWN,)).fetchall()]


def _columns(connection: Connection, table: str) -> list[str]:
    rows = connection.execute("SELECT name FROM pragma_table_info(?)", (table,))
    return [name for (name,) in rows.fetchall()]


def _triggers(table: str, columns: list[str]) -> Iterator[tuple[str, str]]:
    new = ", ".join(f"new.{name}" for name in columns)
    old = ", ".join(f"old.{name}" for name in columns)
    plus = f"{SEAL_FUNCTION}(total, 1, {new})"
    minus = f"{SEAL_FUNCTION}(total, -1, {old})"
    both = f"{SEAL_FUNCTION}({minus}, 1, {new})"
    for event, change in (
        ("insert", f"rows = rows + 1, total = {plus}"),
        ("update", f"total = {both}"),
        ("delete", f"rows = rows - 1, total = {minus}"),
    ):
        name = f"seal_{table}_{event}"
        head = f"CREATE TRIGGER {name} AFTER {event.upper()} ON {table} BEGIN"
        update = f" UPDATE seal SET {change} WHERE name = '{table}'; END"  # noqa: S608
        yield name, head + update


def _counted(connection: Connection, table: str) -> tuple[int, int]:
    columns = ", ".join(_columns(connection, table))
    rows = total = 0
    for row in connection.execute(f"SELECT {columns} FROM {table}"):  # noqa: S608
        rows += 1
        total = add_to_seal(total, 1, *row)
    return rows, total
