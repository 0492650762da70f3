"""The sheets of a laboratory's file, as texts: a CSV has one, a workbook several."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple

from schemas.tables.lines import decode_as_usual, rule_of
from schemas.tables.refusal import Refusal, TableError
from schemas.typed import Notation

#: Rows and columns of a workbook; more is no table of a laboratory.
_MOST_ROWS, _MOST_COLUMNS = 200_000, 200
_ZIP = b"PK\x03\x04"


class Sheet(NamedTuple):
    """One table: its name, its rows with their numbers, how it writes numbers."""

    name: str
    rows: Sequence[tuple[int, list[str]]]
    notation: Notation


def read_sheets(name: str, data: bytes) -> list[Sheet]:
    """Return the sheets of a file that have rows.

    Raises
    ------
    TableError
        If the file is neither a CSV nor a workbook.
    """
    sheets = _workbook(data) if is_workbook(data) else [_csv(name, data)]
    found = [sheet for sheet in sheets if sheet.rows]
    if not found:
        raise TableError(
            Refusal("empty_file", "the file has no rows", "export it again")
        )
    return found


def is_workbook(data: bytes) -> bool:
    """Return whether a file is a workbook, by its first bytes."""
    return data.startswith(_ZIP)


def as_csv(sheet: Sheet) -> str:
    """Return a sheet as the text of a CSV with commas, its rows in their lines."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    before, width = 0, max(len(cells) for _, cells in sheet.rows)
    for number, cells in sheet.rows:
        out.write("\n" * (number - before - 1))
        row = [cell.replace("\n", " ") for cell in cells]
        writer.writerow([*row, *[""] * (width - len(row))])
        before = number
    return out.getvalue()


def _csv(name: str, data: bytes) -> Sheet:
    text = decode_as_usual(data)
    rule = rule_of(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=rule.delimiter)
    try:
        rows = [
            (reader.line_num, [cell.strip() for cell in cells])
            for cells in reader
            if any(cell.strip() for cell in cells)
        ]
    except csv.Error as error:
        reason = f"the table breaks off: {error}"
        hint = "look for a quotation mark that is not closed"
        raise TableError(Refusal("not_csv", reason, hint, reader.line_num)) from None
    return Sheet(name.replace("\\", "/").rpartition("/")[2], rows, rule.notation)


def _workbook(data: bytes) -> list[Sheet]:
    from openpyxl import load_workbook  # noqa: PLC0415 - 150 ms, for workbooks only

    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        return [Sheet(each.title, list(_cells(each)), Notation()) for each in book]
    except TableError:
        raise
    except Exception as error:  # noqa: BLE001 - a library meets a stranger's bytes
        reason = f"the workbook cannot be read ({type(error).__name__})"
        raise TableError(
            Refusal("not_xlsx", reason, "save it again, or as CSV")
        ) from None


def _cells(sheet: object) -> Iterator[tuple[int, list[str]]]:
    rows = sheet.iter_rows(values_only=True, max_col=_MOST_COLUMNS)  # type: ignore[attr-defined]
    for number, values in enumerate(rows, start=1):
        if number > _MOST_ROWS:
            reason = f"the sheet has more than {_MOST_ROWS} rows"
            raise TableError(Refusal("file_too_large", reason, "split it"))
        cells = [_cell(value) for value in values]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            yield number, cells


def _cell(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < 1e15
        return str(int(value)) if whole else repr(round(value, 12))
    return "" if value is None else str(value).strip()
