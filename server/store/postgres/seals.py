"""Seals on PostgreSQL: for each table, how many rows it has and the sum of their hashes.

Every statement that writes says what the rows were before and what they are then
(`RETURNING`, with old and new rows since PostgreSQL 18); their hashes are summed up, and
noted when the transaction commits. There are no triggers. Each connection adds to a part
of its own, so that no two transactions wait for each other's seals: a table is whole
where the sum of all parts is that of its rows (docs/decisions/0031).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

from server.store.kept_values import BrokenSeal
from server.store.shape import TABLES

#: Parts of a seal, by the process that a connection has on the other side.
PARTS: Final = 64
_WRITES: Final = re.compile(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM) (\w+)")
_RETURNING: Final = re.compile(r"\bRETURNING\b")
#: What a row says, each value in its type, as a number; NULL where there is none.
_OF: Final = "hashtextextended(CAST({} AS text), 0)"
_BOTH: Final = f"{_OF.format('old')}, {_OF.format('new')}"
_MODULUS: Final = 1 << 64
_SEALED: Final = (*(table.name for table in TABLES if table.name != "seal"), "history")
TABLE: Final = (
    'CREATE TABLE seal (name text COLLATE "C", part bigint, rows bigint NOT NULL,'
    " total numeric NOT NULL, PRIMARY KEY (name, part))"
)
_NOTE: Final = f"""
    INSERT INTO seal VALUES (%s, pg_backend_pid() %% {PARTS}, %s, %s)
    ON CONFLICT (name, part) DO UPDATE SET rows = seal.rows + excluded.rows,
        total = mod(seal.total + excluded.total, {_MODULUS})
"""  # noqa: S608 - constants


@lru_cache(maxsize=1_000)
def sealing(sql: str) -> tuple[str, str]:
    """Return the table that a statement writes to, and the statement that says what it did.

    The table is empty where nothing is written.

    Examples
    --------
    >>> sealing("DELETE FROM job WHERE asked = %s")[0]
    'job'
    >>> sealing("SELECT 1 FROM job")
    ('', 'SELECT 1 FROM job')
    """
    found = _WRITES.match(sql)
    if found is None:
        return "", sql
    word = "," if _RETURNING.search(sql) else " RETURNING"
    return found.group(1), f"{sql.rstrip()}{word} {_BOTH}"


class Seals:
    """What the transaction under way adds to the seals, table by table."""

    def __init__(self) -> None:
        self._gained: dict[str, list[int]] = {}

    def note(self, table: str, rows: Iterable[Sequence[Any]]) -> list[tuple[Any, ...]]:
        """Note what rows were and are, which stands at their ends; return the rest."""
        gained = self._gained.setdefault(table, [0, 0])
        rest = []
        for *said, before, after in rows:
            if before is not None:
                gained[0] -= 1
                gained[1] -= before
            if after is not None:
                gained[0] += 1
                gained[1] += after
            rest.append(tuple(said))
        return rest

    def begin(self) -> None:
        """Forget what another transaction did."""
        self._gained.clear()

    def statements(self) -> Iterator[tuple[str, tuple[str, int, int]]]:
        """Return the statements that note it all, in the order of the tables' names."""
        for table, (rows, total) in sorted(self._gained.items()):
            if rows or total:
                yield _NOTE, (table, rows, total % _MODULUS)


def broken(connection: Any) -> Iterator[BrokenSeal]:  # noqa: ANN401 - a connection of ours
    """Return the tables whose rows do not fit their seals."""
    sealed = {
        name: (int(rows), int(total) % _MODULUS)
        for name, rows, total in connection.execute(
            "SELECT name, sum(rows), sum(total) FROM seal GROUP BY name"
        )
    }
    for name in _SEALED:
        count, total = connection.execute(
            f"SELECT count(*), coalesce(sum({_OF.format('t')}), 0) FROM {name} t"  # noqa: S608 - constants
        ).fetchone()
        rows, noted = sealed.get(name, (0, 0))
        if (count, int(total) % _MODULUS) != (rows, noted):
            yield BrokenSeal(name, count, rows)
