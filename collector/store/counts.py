"""How much waits and how many rows are here, without reading each row.

Live records, the server's and those that are shown, are counted as they are written, in
the same transaction. What the server has not acknowledged is how far the end of each log
is from its last verdict.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from collector.store.driver import Connection


class _Kept(NamedTuple):
    """A table of numbers, what they are by, and whose live rows they count, grouped."""

    table: str
    by: str
    counted: str
    grouped: str


#: The server's records here, by project.
_LIVE: Final = _Kept("live", "project_id", "base", "project")
#: The records that are shown, by type.
_SHOWN: Final = _Kept("shown", "type", "record", "kind")

_UNACKNOWLEDGED: Final = (
    "SELECT coalesce(sum(coalesce("
    "(SELECT max(n) FROM change_row WHERE change_row.log = log.number), 0) - acked_n), 0)"
    " FROM log"
)
# Beneath what is acknowledged nothing waits; else it would not be sent.
_PASSED_OVER: Final = (
    "SELECT log.number, min(change_row.n) FROM change_row"
    " JOIN log ON log.number = change_row.log"
    " WHERE status <> 'accepted' AND status = 'pending' AND change_row.n <= log.acked_n"
    " GROUP BY log.number"
)


def live_where(connection: Connection, which: str, *values: object) -> Counter[str]:
    """Count the server's live records here of which a condition holds, by project."""
    return _counted(connection, _LIVE, which, values)


def add_live(connection: Connection, added: Mapping[str, int]) -> None:
    """Note that there are so many live records more, or less, of each project."""
    _add(connection, _LIVE, added)


def count_live(connection: Connection) -> dict[str, int]:
    """Return how many live records of the server are here, by project."""
    return _kept(connection, _LIVE)


def add_shown(connection: Connection, added: Mapping[str, int]) -> None:
    """Note that so many live records more, or less, are shown of each type."""
    _add(connection, _SHOWN, added)


def count_shown(connection: Connection) -> dict[str, int]:
    """Return how many live records are shown, by type."""
    return _kept(connection, _SHOWN)


def _counted(
    connection: Connection, of: _Kept, which: str, values: Sequence[object] = ()
) -> Counter[str]:
    sql = (
        f"SELECT {of.by}, count(*) FROM {of.counted} WHERE {which} AND deleted = 0"  # noqa: S608 - constants
        f" GROUP BY {of.grouped}"
    )
    return Counter(dict(connection.execute(sql, values).fetchall()))


def _add(connection: Connection, to: _Kept, added: Mapping[str, int]) -> None:
    changed = [(by, count) for by, count in added.items() if count]
    if changed:
        connection.executemany(
            f"INSERT INTO {to.table} ({to.by}, records) VALUES (?, ?) ON CONFLICT"  # noqa: S608 - constants
            f" ({to.by}) DO UPDATE SET records = records + excluded.records",
            changed,
        )
    if any(count < 0 for _, count in changed):
        connection.execute(f"DELETE FROM {to.table} WHERE records = 0")  # noqa: S608 - a constant


def _kept(connection: Connection, of: _Kept) -> dict[str, int]:
    sql = f"SELECT {of.by}, records FROM {of.table} ORDER BY 1"  # noqa: S608 - constants
    return dict(connection.execute(sql).fetchall())


def count_unacknowledged(connection: Connection) -> int:
    """Count the changes that the server has not acknowledged."""
    return int(connection.execute(_UNACKNOWLEDGED).fetchone()[0])


def are_counts_right(connection: Connection) -> bool:
    """Return whether counting everything again comes to what is kept."""
    return not (
        _miscounted(connection, _LIVE)
        or _miscounted(connection, _SHOWN)
        or _passed_over(connection)
    )


def mend_counts(connection: Connection) -> list[str]:
    """Mend what differs when everything is counted again; return it in words."""
    passed_over = _passed_over(connection)
    live, shown = _mended(connection, _LIVE), _mended(connection, _SHOWN)
    connection.executemany(
        "UPDATE log SET acked_n = ? WHERE number = ?",
        [(n - 1, number) for number, n in passed_over],
    )
    return [
        *(
            f"project {project_id}: {kept} records counted, {found} here"
            for project_id, (kept, found) in sorted(live.items())
        ),
        *(
            f"type {kind}: {kept} records counted, {found} here"
            for kind, (kept, found) in sorted(shown.items())
        ),
        *(f"log {number}: change {n} was counted as sent" for number, n in passed_over),
    ]


def _mended(connection: Connection, of: _Kept) -> dict[str, tuple[int, int]]:
    wrong = _miscounted(connection, of)
    _add(connection, of, {by: found - kept for by, (kept, found) in wrong.items()})
    return wrong


def _miscounted(connection: Connection, of: _Kept) -> dict[str, tuple[int, int]]:
    """Return where another number is kept than is found: what is kept, what is here."""
    kept, found = Counter(_kept(connection, of)), _counted(connection, of, "TRUE")
    return {
        by: (kept[by], found[by])
        for by in kept.keys() | found.keys()
        if kept[by] != found[by]
    }


def _passed_over(connection: Connection) -> list[tuple[int, int]]:
    """Return the first change of each log that waits beneath what is acknowledged."""
    rows: list[tuple[int, int]] = connection.execute(_PASSED_OVER).fetchall()
    return rows
