"""The database itself: its pages, its tables, and rows that no other check knows."""

from collections.abc import Iterator

from server.operations.audit.findings import Kept
from server.store.kept_values import BrokenSeal, Misshapen, PageDamage
from server.store.values import Fault, Progress


def check_pages(kept: Kept, progress: Progress) -> Iterator[Fault]:
    """Tell what the database says of its own pages."""
    progress("pages of the database", 0, 1)
    for found in kept.kept(PageDamage):
        yield Fault("pages", "database", found.said)
    progress("pages of the database", 1, 1)


def check_tables(kept: Kept, progress: Progress) -> Iterator[Fault]:
    """Find what no other check knows: rows that were altered past the triggers."""
    for shape in kept.kept(Misshapen):
        yield Fault("tables", shape.name, "it is not as Permille makes it")
    progress("tables", 0, 1)
    for seal in kept.kept(BrokenSeal):
        text = (
            f"{seal.rows} rows do not fit its seal of {seal.sealed_rows} rows:"
            " some were altered"
        )
        yield Fault("tables", seal.table, text)
    progress("tables", 1, 1)
