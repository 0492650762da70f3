"""All that a database holds, row by row, as another one takes it."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from server.store.shape import HISTORY, TABLES
from server.store.transaction import SqlTransaction

#: Rows that are written together.
_AT_ONCE: Final = 5_000
#: Each database seals its own rows.
_ITS_OWN: Final = "seal"
#: The tables with their columns and what their rows are ordered by.
TABLES_IN_ORDER: Final = (
    *(
        (table.name, tuple(table.columns), table.key)
        for table in TABLES
        if table.name != _ITS_OWN
    ),
    (
        "history",
        tuple(HISTORY),
        ("project_id", "record_id", "group_name", "replaced_seq"),
    ),
)
#: Told how many rows of how many are copied.
Progress = Callable[[int, int], None]


def copy_rows(
    source: SqlTransaction, target: SqlTransaction, progress: Progress
) -> int:
    """Copy all rows to an empty database; return how many there are."""
    counts = {name: _count(source, name) for name, _, _ in TABLES_IN_ORDER}
    done, total = 0, sum(counts.values())
    for name, columns, key in TABLES_IN_ORDER:
        rows = source.stream(
            f"SELECT {', '.join(columns)} FROM {name} ORDER BY {', '.join(key)}"  # noqa: S608 - constants
        )
        marks = ", ".join("?" for _ in columns)
        put = f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - constants
        for some in _together(rows):
            target.connection.executemany(put, some)
            done += len(some)
            progress(done, total)
    return total


def _count(tx: SqlTransaction, name: str) -> int:
    (count,) = tx.connection.execute(f"SELECT count(*) FROM {name}").fetchone()  # noqa: S608 - a constant
    return int(count)


def _together(rows: Iterator[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    some: list[tuple[Any, ...]] = []
    for row in rows:
        some.append(row)
        if len(some) == _AT_ONCE:
            yield some
            some = []
    if some:
        yield some
