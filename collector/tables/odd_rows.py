"""What is odd about the rows of a table, in themselves and beside what is here."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from collector.laptop.laptop import Laptop
from collector.record.neighbours import records_of
from collector.tables.intake import CheckedRow, WantedRecord
from schemas.plausibility.every import warnings_between
from schemas.plausibility.records import Records, Warned
from schemas.plausibility.tenfold import odd_columns
from schemas.problems import Problem


class OddRow(NamedTuple):
    """A warning, with the line and the record that it is about; 0 for a whole column."""

    line: int
    name: str
    warning: Problem


def odd_rows(
    laptop: Laptop, project_id: str, new: Sequence[CheckedRow]
) -> list[OddRow]:
    """Return every warning that follows from the rows that are to be added, by line."""
    lines = {wanted.id: row.line for row in new for wanted in row.wanted}
    return sorted(
        _found(laptop, project_id, new, lines),
        key=lambda odd: (odd.line, odd.warning.code, odd.name),
    )


def _found(
    laptop: Laptop, project_id: str, new: Sequence[CheckedRow], lines: dict[str, int]
) -> Iterator[OddRow]:
    added = [one for row in new for one in row.wanted]
    if not added:
        return
    new_ones = ((one.type, one.id, one.fields) for one in added)
    every = records_of(laptop, project_id, new_ones)
    for problem in odd_columns(every, lines):
        yield OddRow(0, problem.path, problem)
    for one in _warnings(every, added, laptop.clock.now()):
        line = min((lines[name] for name in one.ids if name in lines), default=None)
        # Whole columns were looked at above, against the rest of the project.
        if line is not None and one.explained is None and one.warning.code != "tenfold":
            name = f"{one.record_type} {every.name(one.record_type, one.record_id)}"
            yield OddRow(line, name, one.warning)


def _warnings(
    every: Records, added: Sequence[WantedRecord], now: datetime
) -> Iterator[Warned]:
    within = (
        Warned(one.type, one.id, found) for one in added for found in one.warnings
    )
    yield from every.with_reasons(within)
    yield from warnings_between(every, now)
