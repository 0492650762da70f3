"""The sheets of a laboratory's file, as texts: a CSV has one, a workbook several."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from schemas.tables.lines import decode_as_usual, rule_of
from schemas.tables.refusal import Refusal, TableError
from schemas.typed import Notation, may_be_thousands

#: Rows and columns of a workbook; more is no table of a laboratory.
_MOST_ROWS, _MOST_COLUMNS = 200_000, 200
_ZIP = b"PK\x03\x04"
#: What a number format prints as it is: 0.00" %" shows 1.52 %, and has 1.52.
_LITERAL: Final = re.compile(r'"[^"]*"|\\.')
#: Files of other programs, by their first bytes: what they are, and what to do.
_OTHERS: Final = (
    (b"\xd0\xcf\x11\xe0", "an old workbook (.xls)", "save it as .xlsx or CSV"),
    (b"%PDF", "a PDF", "ask the laboratory for it as .xlsx or CSV"),
    (b"<", "a web page, whatever it is called", "open it, and save it as .xlsx or CSV"),
)
#: A formula whose value nobody worked out: programs write these, spreadsheets do not.
_NOT_WORKED_OUT: Final = re.compile(
    rb'<c r="([A-Z]+[0-9]+)"[^>]*><f(?:/>|[^>]*>[^<]*</f>)(?:<v ?/>|<v></v>)?</c>'
)
_WITH_POINT: Final = re.compile(r"[-+<]? ?[0-9]+\.[0-9]+ ?%?")
_WITH_COMMA: Final = re.compile(r"[-+<]? ?([0-9]+,[0-9]+) ?%?")


class Sheet(NamedTuple):
    """One table: its name, its rows with their numbers, how it writes numbers.

    The cells of a CSV are those between delimiters: one too many shifts what is behind it.
    """

    name: str
    rows: Sequence[tuple[int, list[str]]]
    notation: Notation
    is_delimited: bool = False
    is_hidden: bool = False


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
    for begins, what, hint in _OTHERS:
        if data.lstrip(b"\xef\xbb\xbf \r\n").startswith(begins):
            raise TableError(Refusal("not_csv", f"the file is {what}", hint))
    text = decode_as_usual(data)
    rule = rule_of(text)
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=rule.delimiter, strict=True
    )
    try:
        rows = [
            (reader.line_num, [cell.strip() for cell in cells])
            for cells in reader
            if any(cell.strip() for cell in cells)
        ]
    except csv.Error as error:
        reason = f"the table breaks off: {error}"
        hint = "look for a quotation mark that is not closed or not alone in its cell"
        raise TableError(Refusal("not_csv", reason, hint, reader.line_num)) from None
    notation = rule.notation
    if rule.delimiter == ",":
        notation = _notation(cell for _, cells in rows for cell in cells)
    own = name.replace("\\", "/").rpartition("/")[2]
    return Sheet(own, rows, notation, is_delimited=True)


def _notation(texts: Iterable[str]) -> Notation:
    """Return how numbers that stand as texts are written: with points, unless all have commas.

    A comma that may stand between thousands is none of these.
    """
    decimal = "."
    for text in texts:
        if _WITH_POINT.fullmatch(text):
            return Notation()
        found = _WITH_COMMA.fullmatch(text)
        if found and not may_be_thousands(found[1]):
            decimal = ","
    return Notation(decimal, ";")


def _workbook(data: bytes) -> list[Sheet]:
    from openpyxl import load_workbook  # noqa: PLC0415 - 150 ms, for workbooks only

    try:
        _check_formulas(data)
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        return [_sheet(each) for each in book.worksheets]
    except TableError:
        raise
    except Exception as error:  # noqa: BLE001 - a library meets a stranger's bytes
        reason = f"the workbook cannot be read ({type(error).__name__})"
        raise TableError(
            Refusal("not_xlsx", reason, "save it again, or as CSV")
        ) from None


def _check_formulas(data: bytes) -> None:
    """Raise `TableError` where a formula has no value: its cell would read as empty."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                found = _NOT_WORKED_OUT.search(archive.read(name))
                if found:
                    reason = f"the formula in cell {found[1].decode()} has no value"
                    hint = "open the workbook in a spreadsheet and save it"
                    raise TableError(Refusal("no_formula_value", reason, hint))


def _sheet(sheet: Any) -> Sheet:  # noqa: ANN401 - openpyxl has two kinds
    rows = list(_rows(sheet))
    texts = (one for _, cells in rows for one in cells if isinstance(one, str))
    notation = _notation(texts)
    written = [
        (number, [_written(one, notation) for one in cells]) for number, cells in rows
    ]
    is_hidden = sheet.sheet_state != "visible"
    return Sheet(sheet.title, written, notation, is_hidden=is_hidden)


def _rows(sheet: Any) -> Iterator[tuple[int, list[object]]]:  # noqa: ANN401
    """Yield the rows that are not empty, as texts and numbers."""
    rows = sheet.iter_rows(max_col=_MOST_COLUMNS)
    for number, row in enumerate(rows, start=1):
        if number > _MOST_ROWS:
            reason = f"the sheet has more than {_MOST_ROWS} rows"
            raise TableError(Refusal("file_too_large", reason, "split it"))
        cells = [_cell(cell) for cell in row]
        while cells and cells[-1] == "":
            cells.pop()
        if cells:
            yield number, cells


def _cell(cell: Any) -> object:  # noqa: ANN401 - an empty cell is of another kind
    """Return a number, or the text of anything else; a share of one shown as percent is a text."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return str(value).removesuffix(" 00:00:00")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value).strip()
    if "%" in _LITERAL.sub("", cell.number_format or ""):
        return f"{round(value * 100.0, 10):g}%"
    return float(value)


def _written(value: object, notation: Notation) -> str:
    """Return a cell as it is written in its sheet, numbers as its texts have them."""
    if not isinstance(value, float):
        return str(value)
    whole = value.is_integer() and abs(value) < 1e15
    plain = str(int(value)) if whole else repr(round(value, 12))
    return plain.replace(".", notation.decimal)
