"""Texts in tables that spreadsheets open: none is run as a formula, and each comes back.

A text that a spreadsheet might take for a formula gets an apostrophe before it; so does
one that looks like such a text with an apostrophe already. Who takes one apostrophe away
again, by the same rule, has what it was.
"""

import re
from typing import Final

#: How a formula begins, in half and full width, also behind blanks.
_FORMULA: Final = re.compile("'*\\s*[=+@\t\r\uff1d\uff0b\uff0d\uff20-]")
#: A number, or a sign alone, is none.
_NUMBER: Final = re.compile(
    r"[+-]?([0-9][0-9.,]*|[.,][0-9]+)([eE][+-]?[0-9]+)?|[+-]\.?"
)


def harmless(cell: str) -> str:
    """Keep a cell from being run as a formula when a spreadsheet opens it.

    >>> harmless("=1+1"), harmless("-HYPERLINK()"), harmless("-1.5"), harmless("-")
    ("'=1+1", "'-HYPERLINK()", '-1.5', '-')
    >>> harmless("-2+3+cmd|' /C calc'!A0"), harmless("'=1"), harmless("'t Hof")
    ("'-2+3+cmd|' /C calc'!A0", "''=1", "'t Hof")
    """
    if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def as_meant(cell: str) -> str:
    """Return the text that `harmless` made a cell of.

    >>> as_meant("'=1+1"), as_meant("''=1"), as_meant("'t Hof"), as_meant("-1.5")
    ('=1+1', "'=1", "'t Hof", '-1.5')
    """
    if cell.startswith("'") and _FORMULA.match(cell):
        return cell[1:]
    return cell


def harmless_again(cell: str) -> str:
    """Keep a cell from being run that may have come back to us with its apostrophe.

    >>> harmless_again("=1+1"), harmless_again("'=1+1")
    ("'=1+1", "'=1+1")
    """
    return harmless(as_meant(cell))
