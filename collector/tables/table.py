"""From the bytes of a table to its rows; every fault is named with its line."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from collector.tables.mapping import Condition, FileRule
from collector.tables.values import Cells


class TableError(ValueError):
    """A file cannot be read as the table the mapping describes."""

    def __init__(self, text: str, hint: str) -> None:
        super().__init__(text)
        self.text, self.hint = text, hint


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a row is not taken: where, what, and what to do."""

    line: int
    column: str
    value: str
    reason: str
    hint: str


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of the file."""

    line: int
    cells: Cells
    raw: Sequence[str]


@dataclass(frozen=True, slots=True)
class Table:
    """The rows a mapping takes; `left_out` counts those it does not."""

    header: Sequence[str]
    rows: list[TableRow] = field(default_factory=list)
    left_out: int = 0
    rejected: list[tuple[TableRow, Rejection]] = field(default_factory=list)


def read_table(
    data: bytes, rule: FileRule, wanted: Sequence[str], where: Sequence[Condition]
) -> Table:
    """Read a table.

    Raises
    ------
    TableError
        If the file as a whole is not what the mapping describes.
    """
    records = _records(_text(data, rule.encoding), rule.delimiter)
    header = [name.strip() for name in next(records, (0, []))[1]]
    _check_header(header, wanted, rule.delimiter)
    table, left_out = Table(header), 0
    for line, raw in records:
        row = TableRow(line, _cells(header, raw, rule), raw)
        if _is_ragged(header, raw):
            table.rejected.append((row, _ragged(header, row)))
        elif all(_holds(condition, row.cells) for condition in where):
            table.rows.append(row)
        else:
            left_out += 1
    if not table.rows and not table.rejected:
        found = f"the mapping leaves out all {left_out} rows" if left_out else ""
        raise TableError(
            f"the file has no rows to take; {found}".rstrip("; "),
            "check the file and [[where]]",
        )
    return Table(header, table.rows, left_out, table.rejected)


def _text(data: bytes, encoding: str) -> str:
    if not data.strip():
        raise TableError("the file is empty", "check the file")
    if data[:2] == b"PK":
        raise TableError("the file is a workbook, not a CSV", "save the sheet as CSV")
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise TableError("the file is UTF-16", "save it as CSV UTF-8")
    if b"\0" in data:
        raise TableError("the file is binary, not a table", "save it as CSV UTF-8")
    try:
        return data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise TableError(
            f"line {line}: byte 0x{data[error.start]:02x} is not {encoding}",
            'if the file is Latin-1, say so in the mapping: encoding = "latin-1"',
        ) from None


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for raw in reader:
            if any(cell.strip() for cell in raw):
                yield line, raw
            line = reader.line_num + 1
    except csv.Error as error:
        raise TableError(
            f"line {line}: the table breaks off: {error}",
            "look for a quote that is not closed",
        ) from None


def _check_header(header: Sequence[str], wanted: Sequence[str], delimiter: str) -> None:
    named = [name for name in header if name]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise TableError(
            f"the header names twice: {', '.join(twice)}", "rename one of the columns"
        )
    lacking = [name for name in wanted if name not in named]
    if lacking:
        raise TableError(
            f"the file has no column {', '.join(lacking)}; it has: {', '.join(named)}",
            f"check the mapping; the delimiter is {delimiter!r}",
        )


def _cells(header: Sequence[str], raw: Sequence[str], rule: FileRule) -> Cells:
    found: dict[str, str | None] = {}
    for name, text in zip(header, raw, strict=False):
        cell = text.strip()
        found[name] = None if cell in rule.missing else cell
    return found


def _is_ragged(header: Sequence[str], raw: Sequence[str]) -> bool:
    surplus = any(cell.strip() for cell in raw[len(header) :])
    return len(raw) < len(header) or surplus


def _ragged(header: Sequence[str], row: TableRow) -> Rejection:
    return Rejection(
        row.line,
        "",
        "",
        f"the row has {len(row.raw)} cells, the header {len(header)}",
        "look for a missing or surplus delimiter, or an unquoted comma",
    )


def _holds(condition: Condition, cells: Cells) -> bool:
    cell = cells.get(condition.column)
    if condition.present is not None:
        return (cell is not None) == condition.present
    if cell is None:
        return False
    if condition.equals is not None and not _same(cell, condition.equals):
        return False
    if condition.one_of and not any(_same(cell, one) for one in condition.one_of):
        return False
    return _within(condition, cell)


def _within(condition: Condition, cell: str) -> bool:
    if condition.least is None and condition.most is None:
        return True
    number = _number(cell)
    if number is None:
        return False
    above = condition.least is None or number >= condition.least
    return above and (condition.most is None or number <= condition.most)


def _same(cell: str, other: str) -> bool:
    # A spreadsheet writes the block 1 as 1.000.
    first, second = _number(cell), _number(other)
    return cell == other or (first is not None and first == second)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
