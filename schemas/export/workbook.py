"""All tables of an export as one workbook, a sheet each; no cell is a formula."""

from pathlib import Path

from schemas.export.csv_files import Progress, Query
from schemas.export.views import FILES

#: Rows that a sheet has, with its head.
_MOST_ROWS = 1_048_576
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


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
            names, rows = query(table)
            sheet = book.add_worksheet(table)
            sheet.freeze_panes(1, 0)
            sheet.write_row(0, 0, names, bold)
            number = 0
            for number, row in enumerate(rows, start=1):
                if number >= _MOST_ROWS:
                    raise SheetFullError(table)
                for column, value in enumerate(row):
                    if value is not None:
                        sheet.write(number, column, value)
            counts[table] = number
            progress(table, number)
    return counts
