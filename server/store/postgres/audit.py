"""What an audit asks PostgreSQL itself, and a transaction on it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from server.store import kept, kept_values
from server.store.merge_values import Effects
from server.store.postgres import seals, tables
from server.store.postgres.connection import Error, PostgresConnection
from server.store.postgres.tables import version_of
from server.store.transaction import SqlTransaction

_CHECKSUMS: Final = "SELECT current_setting('data_checksums') = 'on'"


_COLUMNS: Final = """
    SELECT table_name, column_name, data_type, is_nullable
    FROM information_schema.columns c JOIN information_schema.tables t
        USING (table_schema, table_name)
    WHERE table_schema = current_schema() AND t.table_type = 'BASE TABLE'
        AND table_name <> 'seal'
"""
_INDEXES: Final = """
    SELECT tablename, indexname FROM pg_indexes
    WHERE schemaname = current_schema() AND tablename <> 'seal'
"""
_LOCK_LATE: Final = "SELECT pg_advisory_xact_lock(4001001)"
# The checkpoint that the cluster began with may be of the timeline before.
_HOME: Final = """
    SELECT system_identifier || '/' || CAST(CAST('x' || substr(
        pg_walfile_name(pg_current_wal_lsn()), 1, 8) AS bit(32)) AS int)
    FROM pg_control_system()
"""


def _page_damage(
    connection: PostgresConnection,
) -> Iterator[kept_values.PageDamage]:
    """Check that the pages have checksums, which are compared as they are read."""
    (has_checksums,) = connection.execute(_CHECKSUMS).fetchone()
    if not has_checksums:
        yield kept_values.PageDamage("the database was made without data checksums")


def _misshapen(connection: PostgresConnection) -> Iterator[kept_values.Misshapen]:
    """Compare the columns and indexes that are there with those of the shape."""
    columns = connection.execute(_COLUMNS).fetchall()
    indexes = connection.execute(_INDEXES).fetchall()
    found = {*map(tuple, columns), *map(tuple, indexes)}
    meant = {*tables.columns_meant(), *tables.indexes_meant()}
    return map(
        kept_values.Misshapen, sorted({".".join(each[:2]) for each in found ^ meant})
    )


class PostgresTransaction(SqlTransaction):
    """One transaction on one connection of PostgreSQL."""

    unreadable = Error

    def _save_late_verdicts(self, effects: Effects) -> None:
        """Save verdicts that authors are to hear, numbered in the order of their commits."""
        if any(is_told for _, is_told in effects.late):
            self.connection.execute(_LOCK_LATE)
        super()._save_late_verdicts(effects)

    def stream(self, sql: str, values: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """Run a query whose rows are fetched as they are read."""
        rows: Iterator[tuple[Any, ...]] = self.connection.stream(sql, values)
        return rows

    def home(self) -> str | None:
        """Return which cluster keeps the database, and in which timeline."""
        return str(self.connection.execute(_HOME).fetchone()[0])

    def table_version(self) -> int:
        """Return the version of the tables."""
        return version_of(self.connection)

    readers: Mapping[type[NamedTuple], Callable[..., Iterator[Any]]] = MappingProxyType(
        {
            **kept.READERS,
            kept_values.PageDamage: _page_damage,
            kept_values.Misshapen: _misshapen,
            kept_values.BrokenSeal: seals.broken,
        }
    )
