"""Whether the file is as SQLite and the program wrote it, whatever its rows mean."""

from collections.abc import Iterator

from server.store import seals
from server.store.driver import Connection
from server.store.kept_values import BrokenSeal, Misshapen, PageDamage
from server.store.tables import misshapen


def page_damage(connection: Connection) -> Iterator[PageDamage]:
    """Ask SQLite to check its pages, indexes and the types of values."""
    for (said,) in connection.execute("PRAGMA integrity_check"):
        if said != "ok":
            yield PageDamage(said)


def misshapen_tables(connection: Connection) -> Iterator[Misshapen]:
    """Compare the schema with that of a new database."""
    return map(Misshapen, misshapen(connection))


def broken_seals(connection: Connection) -> Iterator[BrokenSeal]:
    """Find rows that were altered past the program."""
    for found in seals.broken(connection):
        yield BrokenSeal(*found)
