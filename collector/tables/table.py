"""The rows of a table that a mapping takes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from collector.tables.mapping import Condition, TableMapping
from collector.tables.values import Cells
from schemas.tables.head import Head, other_units
from schemas.tables.lines import TableRow, check_header, read_lines
from schemas.tables.refusal import Refusal, TableError
from schemas.typed import Notation, read_number


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a row is not taken: where, what, and what to do."""

    line: int
    column: str
    value: str
    reason: str
    hint: str


class Table(NamedTuple):
    """The rows a mapping takes; `left_out` counts those it does not.

    `repeated` are rows that stand before, cell for cell, with the line of the first.
    """

    head: Head
    rows: list[TableRow]
    left_out: int
    repeated: Sequence[tuple[int, int]] = ()


def read_table(text: str, mapping: TableMapping) -> Table:
    """Read a table; raise `TableError` for one that is not what a mapping describes."""
    rule = mapping.file
    head, lines = read_lines(text, rule, mapping.columns)
    refused = check_header(head.names, mapping.columns, rule.delimiter, head.line)
    refused += other_units(head.units, mapping.units)
    if refused:
        reasons = "; ".join(refusal.reason for refusal in refused)
        raise TableError(replace(refused[0], reason=reasons))
    every = list(lines)
    rows = [row for row in every if _is_taken(row, mapping)]
    left_out = len(every) - len(rows)
    if not rows:
        found = f"; the mapping leaves out all {left_out} rows" if left_out else ""
        reason = f"the file has no rows to take{found}"
        hint = "check the file, [[where]] and [[skip]]"
        raise TableError(Refusal("no_layers", reason, hint))
    first: dict[tuple[str, ...], int] = {}
    for row in rows:
        first.setdefault(tuple(row.raw), row.line)
    once = [row for row in rows if first[tuple(row.raw)] == row.line]
    repeated = [
        (row.line, first[tuple(row.raw)])
        for row in rows
        if first[tuple(row.raw)] != row.line
    ]
    return Table(head, once, left_out, repeated)


def _is_taken(row: TableRow, mapping: TableMapping) -> bool:
    notation = mapping.file.notation
    if any(_holds(condition, row.cells, notation) for condition in mapping.skip):
        return False
    return row.refusal is not None or all(
        _holds(condition, row.cells, notation) for condition in mapping.where
    )


def _holds(condition: Condition, cells: Cells, notation: Notation) -> bool:
    cell = cells.get(condition.column)
    if condition.present is not None:
        return (cell is not None) == condition.present
    if cell is None:
        return False
    if condition.begins is not None and not cell.startswith(condition.begins):
        return False
    equals = () if condition.equals is None else (condition.equals,)
    for wanted in (equals, condition.one_of):
        if wanted and not any(_same(cell, one, notation) for one in wanted):
            return False
    return _within(condition, _number(cell, notation))


def _within(condition: Condition, number: float | str) -> bool:
    if condition.least is None and condition.most is None:
        return True
    if isinstance(number, str):
        return False
    above = condition.least is None or number >= condition.least
    return above and (condition.most is None or number <= condition.most)


def _same(cell: str, other: str, notation: Notation) -> bool:
    # A spreadsheet writes the block 1 as 1.000; the mapping is TOML, with points.
    return cell == other or _number(cell, notation) == read_number(other)


def _number(cell: str, notation: Notation) -> float | str:
    # A block 1.000 is none of thousands: rows are chosen by either decimal sign.
    found = read_number(cell, notation)
    return read_number(cell) if isinstance(found, str) else found
