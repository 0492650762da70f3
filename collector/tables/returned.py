"""Rows that were not taken, as a file that is corrected and imported again.

It is written as the table was: the lines above the header, the delimiter, the encoding;
with three columns behind that say which line it was, why, and what to do.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from collector.tables.intake import Difference
from collector.tables.table import Rejection
from schemas.durable_files import write_beside
from schemas.tables.harmless import harmless_again
from schemas.tables.head import Head
from schemas.tables.lines import FileRule, TableRow

_ADDED: Final = ("line", "reason", "what_to_do")
_DIFFERS: Final = (
    "add --differing replace to take the values of the file, or --differing replicate to"
    " keep both as replicates of the laboratory; else leave the row out"
)


class TableSource(NamedTuple):
    """How a table was written."""

    path: Path
    rule: FileRule
    above: str
    ends_with: str
    has_mark: bool


class ReturnedRow(NamedTuple):
    """A row that comes back, with the reasons and what to do."""

    row: TableRow
    reasons: Sequence[str]
    hints: Sequence[str]


def source_of(
    path: Path, rule: FileRule, text: str, head: Head, data: bytes
) -> TableSource:
    """Return how a table was written."""
    lines = text.splitlines(keepends=True)
    above = "".join(lines[: head.line - 1])
    has_mark = data.startswith(b"\xef\xbb\xbf")
    return TableSource(path, rule, above, "\r\n" if "\r\n" in text else "\n", has_mark)


def rejected(row: TableRow, rejections: Sequence[Rejection]) -> ReturnedRow:
    """Return a row that was refused."""
    reasons = [
        f"{one.column} = {one.value!r}: {one.reason}" if one.column else one.reason
        for one in rejections
    ]
    return ReturnedRow(row, reasons, [one.hint for one in rejections])


def differing(row: TableRow, differences: Sequence[Difference]) -> ReturnedRow:
    """Return a row of a record that is here with other values."""
    return ReturnedRow(row, [in_words(one) for one in differences], [_DIFFERS])


def in_words(one: Difference) -> str:
    """Return in words how a record differs from what the file says.

    >>> in_words(
    ...     Difference(
    ...         2, "result", "", "A-1/soc/1", {"value": 15.2}, {"value": 16.8}, {}
    ...     )
    ... )
    'result A-1/soc/1: value is 15.2 here and 16.8 in the file'
    """
    said = ", ".join(
        f"{name} is {_value(one.here, name)} here and {_value(one.in_file, name)} in the file"
        for name in one.in_file
    )
    return f"{one.type} {one.name}: {said}"


def write_returned(
    source: TableSource,
    head: Head,
    rows: Sequence[ReturnedRow],
    wanted: Path | None = None,
) -> Path:
    """Write rows that come back beside their table; return where.

    What is there already with other contents is never written over.
    """
    text = _text(source, head, rows)
    encoding = "utf-8-sig" if source.has_mark else source.rule.encoding
    data = text.encode(encoding, "backslashreplace")
    path = wanted or source.path.with_name(f"{source.path.stem}.rejected.csv")
    return write_beside(path, data)


def _text(source: TableSource, head: Head, rows: Sequence[ReturnedRow]) -> str:
    out = io.StringIO(newline="")
    out.write(source.above)
    writer = csv.writer(
        out, delimiter=source.rule.delimiter, lineterminator=source.ends_with
    )
    # A table that came back before has the three columns already.
    came_back = tuple(head.names[-len(_ADDED) :]) == _ADDED
    width = len(head.names) - (len(_ADDED) if came_back else 0)
    writer.writerow([*head.names[:width], *_ADDED])
    if head.units_row:
        writer.writerow(_cells(head.units_row, width))
    for row, reasons, hints in rows:
        why = "; ".join(reasons), "; ".join(dict.fromkeys(hints))
        cells = map(harmless_again, _cells(row.raw, width))
        writer.writerow([*cells, row.line, *why])
    return out.getvalue()


def _cells(raw: Sequence[str], width: int) -> list[str]:
    return [*raw, *[""] * width][:width]


def _value(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return "empty" if value is None else str(value)
