"""All tables of an export as one workbook, a sheet each; no cell is a formula."""

from pathlib import Path
from typing import Any

from schemas.export.csv_files import Progress, Query
from schemas.export.views import FILES

#: Rows that a sheet has, with its head.
_MOST_ROWS = 1_048_576
#: Characters that a cell has; longer ones would be left out without a word.
_MOST_CHARS = 32_767
#: Sheets by the names that SimpleESM wants them to have.
_NAMED_BY_OTHERS = {"Concentrations": "layers_simpleesm", "BD": "layers_simpleesm"}
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


class _EveryDigit(float):
    """A number that comes back only with all of its digits; a workbook gets 16 else."""

    def __format__(self, _spec: str) -> str:
        return repr(self)


class SheetFullError(ValueError):
    """A table has more rows than a sheet."""


def write_workbook(path: Path, query: Query, progress: Progress) -> dict[str, int]:
    """Write every table; return the rows of each.

    Raises
    ------
    SheetFullError
        If a table does not fit a sheet.
    """
    from xlsxwriter import Workbook  # noqa: PLC0415 - 80 ms, for workbooks only

    counts = {}
    with Workbook(str(path), _OPTIONS) as book:
        bold = book.add_format({"bold": True})
        for table in FILES:
            counts[table] = _write(book.add_worksheet(table), bold, query, table)
            progress(table, counts[table])
        for sheet, table in _NAMED_BY_OTHERS.items():
            _write(book.add_worksheet(sheet), bold, query, table)
    return counts


def _write(sheet: Any, bold: Any, query: Query, table: str) -> int:  # noqa: ANN401 - of xlsxwriter
    names, rows, _, _ = query(table)
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, names, bold)
    number = 0
    for number, row in enumerate(rows, start=1):
        if number >= _MOST_ROWS:
            raise SheetFullError(table)
        for column, value in enumerate(row):
            if value is not None:
                sheet.write(number, column, _fitting(value))
    return number


def _fitting(value: object) -> object:
    """Return a value; of a text that no cell holds, how long it is."""
    if isinstance(value, str) and len(value) > _MOST_CHARS:
        return f"({len(value)} characters do not fit a cell: export csv or sqlite)"
    if isinstance(value, float) and float(f"{value:.16G}") != value:
        return _EveryDigit(value)
    return value
