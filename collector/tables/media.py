"""Files that came with a table, attached to the records of its rows."""

from collections.abc import Iterator
from typing import NamedTuple

from collector.errors import RefusedError
from collector.files.attach import attach_contents
from collector.laptop.laptop import Laptop
from collector.tables.importing import CheckedFile
from collector.tables.layers import read_year
from collector.tables.values import evaluate
from schemas.operations import Operation
from schemas.tables.lines import TableRow
from schemas.tables.odk import media_of
from schemas.tables.refusal import TableError


class NotAttached(NamedTuple):
    """A file that a row names and that could not be attached, and why."""

    line: int
    name: str
    why: str


def attach_media(
    laptop: Laptop, checked: CheckedFile, done: Operation
) -> tuple[int, list[NotAttached]]:
    """Attach the files that the rows name; return how many, and those that failed.

    A file that is attached already is not doubled, so this can be run again.
    """
    if checked.archive is None:
        return 0, []
    count, failed = 0, list[NotAttached]()
    for line, record_id, name in _named(checked):
        try:
            count += _attach(laptop, checked.archive, record_id, name, done)
        except RefusedError as error:
            failed.append(NotAttached(line, name, error.text))
    return count, failed


def _attach(
    laptop: Laptop, archive: bytes, record_id: str, name: str, done: Operation
) -> bool:
    """Attach one file; return whether it was not attached before.

    Raises
    ------
    RefusedError
        If it is not in the archive, or cannot be attached.
    """
    view = laptop.store.record(record_id)
    assert view is not None, "the rows that are looked at were kept"
    try:
        data = media_of(archive, name)
    except TableError as error:
        raise RefusedError(error.refusal.reason) from None
    if data is None:
        raise RefusedError("it is not in the archive")
    attached = attach_contents(laptop, view, [(name, data)], done.reason)
    return any(file["sha256"] not in attached.before for file in attached.files)


def _named(checked: CheckedFile) -> Iterator[tuple[int, str, str]]:
    """Yield each record with each of its files once, and the first line that names it."""
    seen = set[tuple[str, str]]()
    for row in checked.table.rows:
        ids = checked.ids.get(row.line, {})
        for kind, name in _names(checked, row) if ids else ():
            if kind in ids and (ids[kind], name) not in seen:
                seen.add((ids[kind], name))
                yield row.line, ids[kind], name


def _names(checked: CheckedFile, row: TableRow) -> Iterator[tuple[str, str]]:
    """Yield the names of the files of a row, by the type of their record."""
    year = read_year(checked.mapping.year, row.cells)
    for kind, spec in checked.mapping.attach.items():
        name = evaluate(spec, row.cells, year)
        if name:
            yield kind, str(name)
