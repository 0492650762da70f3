"""Tables for a screen of any width: pure.

A number, a verdict, a reason code and a name stay whole. What does not fit beside each
other is broken between words, where a column says that it may be; where that is not
enough, each row becomes a block of lines, name and value. Without a width nothing is
broken: a file or a pipe gets whole lines.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from schemas.screen import safe
from schemas.told import told

_BREAKS: Final = re.compile(r"[\r\n\t]+")
_GAP: Final = "  "
#: A narrower column of prose is a column of single words.
_LEAST_PROSE_CHARS: Final = 16


class Column(NamedTuple):
    """One column; prose and lists of words may be broken between words."""

    name: str
    wraps: bool = False


class TableForm:
    """The columns of one table that a command prints."""

    def __init__(self, title: str, *columns: str | Column) -> None:
        self.title = title
        self.columns = tuple(
            column if isinstance(column, Column) else Column(column)
            for column in columns
        )


def prose(name: str) -> Column:
    """Return a column whose cells may be broken between words."""
    return Column(name, wraps=True)


def first_lines(
    form: TableForm, rows: Sequence[Sequence[object]], width: int | None, most: int
) -> list[str]:
    r"""Return the first rows of a table as lines, and how many there are in all.

    Examples
    --------
    >>> form = TableForm("fields", "plot", "line")
    >>> print(*first_lines(form, [("HF", 2), ("HG", 3)], None, 1), sep="\n")
    plot  line
    HF    2
    1 of 2; --json lists them all
    >>> first_lines(form, [], None, 1)
    []
    """
    if not rows:
        return []
    lines = lines_of(form, rows[:most], width)
    if len(rows) > most:
        lines += wrapped(f"{most} of {len(rows)}; --json lists them all", width)
    return lines


def lines_of(
    form: TableForm, rows: Iterable[Sequence[object]], width: int | None
) -> list[str]:
    r"""Return a table as lines, none longer than a width unless one word of it is.

    Examples
    --------
    >>> form = TableForm("fields", "plot", "change", prose("reasons"))
    >>> rows = [("HF", "0.92 (-2.20 to 4.03)", "BD_ESTIMATED METHOD_CHANGED")]
    >>> print(*lines_of(form, rows, None), sep="\n")
    plot  change                reasons
    HF    0.92 (-2.20 to 4.03)  BD_ESTIMATED METHOD_CHANGED
    >>> print(*lines_of(form, rows, 46), sep="\n")
    plot  change                reasons
    HF    0.92 (-2.20 to 4.03)  BD_ESTIMATED
                                METHOD_CHANGED
    >>> print(*lines_of(form, rows, 38), sep="\n")
    plot:    HF
    change:  0.92 (-2.20 to 4.03)
    reasons: BD_ESTIMATED METHOD_CHANGED
    """
    cells = [[_cell(value) for value in row] for row in rows]
    assert {len(row) for row in cells} <= {len(form.columns)}, form.title
    widths = _widths(form, cells, width)
    if widths is None:
        assert width is not None, "without a width everything fits"
        return _blocks(form, cells, width)
    heads = [column.name for column in form.columns]
    return [line for row in (heads, *cells) for line in _row(row, widths)]


def facts(pairs: Iterable[tuple[str, object]], width: int | None) -> list[str]:
    """Return names with their values, one below the other; empty ones are left out."""
    said = [(name, _cell(value)) for name, value in pairs]
    shown = [(f"{name}:", text) for name, text in said if name and text]
    room = max((_chars(name) for name, _ in shown), default=0) + 1
    return [line for name, text in shown for line in _fact(name, text, room, width)]


def wrapped(text: str, width: int | None, indent: str = "") -> list[str]:
    """Return a text broken between words; its further lines are indented."""
    text = safe(text)
    if width is None or len(text) <= width:
        return [text]
    import textwrap  # noqa: PLC0415 - files and pipes get whole lines

    start = text[: len(text) - len(text.lstrip())]
    return textwrap.wrap(
        text.strip(),
        max(width, 1),
        initial_indent=start,
        subsequent_indent=start + indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _cell(value: object) -> str:
    """Write a value in one line, as wide as it will be seen."""
    return safe(_BREAKS.sub(" ", told(value)))


def _chars(text: str) -> int:
    """Count the places that a text takes on a screen: some letters take two, or none."""
    if text.isascii():
        return len(text)
    return sum(
        2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
        if not unicodedata.combining(char)
    )


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _chars(text))


def _fact(name: str, text: str, room: int, width: int | None) -> list[str]:
    lines = wrapped(text, None if width is None else max(width - room, 1))
    return [
        _pad(name if first else "", room) + line
        for first, line in zip([True, *[False] * len(lines)], lines, strict=False)
    ]


def _widths(
    form: TableForm, cells: Sequence[Sequence[str]], width: int | None
) -> list[int] | None:
    """Return how wide each column is; None where no table fits."""
    columns = [
        (column, [row[i] for row in cells]) for i, column in enumerate(form.columns)
    ]
    full = [max(map(_chars, (column.name, *own))) for column, own in columns]
    gaps = len(_GAP) * (len(full) - 1)
    if width is None or sum(full) + gaps <= width:
        return full
    least = [_least(column, own) for column, own in columns]
    room = width - gaps - sum(least)
    if room < 0:
        return None
    # Prose first: its lines are read, heads are only looked at.
    for i in sorted(range(len(least)), key=lambda i: not form.columns[i].wraps):
        taken = min(room, full[i] - least[i])
        least[i], room = least[i] + taken, room - taken
    return least


def _least(column: Column, cells: Sequence[str]) -> int:
    head = _longest_word(column.name)
    if not column.wraps:
        return max([head, *map(_chars, cells)])
    prose_chars = min(_LEAST_PROSE_CHARS, max(map(_chars, cells), default=0))
    return max([head, prose_chars, *map(_longest_word, cells)])


def _longest_word(text: str) -> int:
    return max(map(_chars, text.split()), default=0)


def _row(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    broken = [wrapped(text, width) for text, width in zip(cells, widths, strict=True)]
    height = max(map(len, broken), default=0)
    return [
        _GAP.join(
            _pad(lines[i] if i < len(lines) else "", width)
            for lines, width in zip(broken, widths, strict=True)
        ).rstrip()
        for i in range(height)
    ]


def _blocks(form: TableForm, cells: Sequence[Sequence[str]], width: int) -> list[str]:
    found: list[str] = []
    for row in cells:
        pairs = [(c.name, text) for c, text in zip(form.columns, row, strict=True)]
        found += [*([""] if found else []), *facts(pairs, width)]
    return found
