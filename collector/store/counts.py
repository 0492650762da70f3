"""How much waits and how many rows are here, without reading each row.

The server's live records are counted as they are written, in the same transaction. What
the server has not acknowledged is how far the end of each log is from its last verdict.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from collector.store.driver import Connection

_ADD: Final = (
    "INSERT INTO live (project_id, records) VALUES (?, ?)"
    " ON CONFLICT (project_id) DO UPDATE SET records = records + excluded.records"
)
_UNACKNOWLEDGED: Final = (
    "SELECT coalesce(sum(coalesce("
    "(SELECT max(n) FROM change WHERE change.log = log.number), 0) - acked_n), 0)"
    " FROM log"
)
# Beneath what is acknowledged nothing waits; else it would not be sent.
_PASSED_OVER: Final = (
    "SELECT log.number, min(change.n) FROM change"
    " JOIN log ON log.number = change.log"
    " WHERE change.status = 'pending' AND change.n <= log.acked_n GROUP BY log.number"
)


def live_where(connection: Connection, which: str, *values: object) -> Counter[str]:
    """Count the server's live records here of which a condition holds, by project."""
    sql = (
        f"SELECT project_id, count(*) FROM base WHERE {which} AND deleted = 0"  # noqa: S608 - conditions are constants
        " GROUP BY project_id"
    )
    return Counter(dict(connection.execute(sql, values).fetchall()))


def add_live(connection: Connection, added: Mapping[str, int]) -> None:
    """Note that there are so many live records more, or less, of each project."""
    changed = [(project_id, count) for project_id, count in added.items() if count]
    if changed:
        connection.executemany(_ADD, changed)
        connection.execute("DELETE FROM live WHERE records = 0")


def count_live(connection: Connection) -> dict[str, int]:
    """Return how many live records of the server are here, by project."""
    return dict(connection.execute("SELECT project_id, records FROM live").fetchall())


def count_unacknowledged(connection: Connection) -> int:
    """Count the changes that the server has not acknowledged."""
    return int(connection.execute(_UNACKNOWLEDGED).fetchone()[0])


def are_counts_right(connection: Connection) -> bool:
    """Return whether counting everything again comes to what is kept."""
    return not _miscounted(connection) and not _passed_over(connection)


def mend_counts(connection: Connection) -> list[str]:
    """Mend what differs when everything is counted again; return it in words."""
    live, passed_over = _miscounted(connection), _passed_over(connection)
    add_live(connection, {p: found - kept for p, (kept, found) in live.items()})
    connection.executemany(
        "UPDATE log SET acked_n = ? WHERE number = ?",
        [(n - 1, number) for number, n in passed_over],
    )
    return [
        *(
            f"project {project_id}: {kept} records counted, {found} here"
            for project_id, (kept, found) in sorted(live.items())
        ),
        *(f"log {number}: change {n} was counted as sent" for number, n in passed_over),
    ]


def _miscounted(connection: Connection) -> dict[str, tuple[int, int]]:
    """Return the projects with another count than is kept: what is kept, what is here."""
    kept, found = Counter(count_live(connection)), live_where(connection, "TRUE")
    return {
        project_id: (kept[project_id], found[project_id])
        for project_id in kept.keys() | found.keys()
        if kept[project_id] != found[project_id]
    }


def _passed_over(connection: Connection) -> list[tuple[int, int]]:
    """Return the first change of each log that waits beneath what is acknowledged."""
    rows: list[tuple[int, int]] = connection.execute(_PASSED_OVER).fetchall()
    return rows
