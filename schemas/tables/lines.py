"""From the bytes of a table to header and rows; every fault is named with its line.

A row has as many cells as the header, also where those beyond it are empty: one
delimiter too many in the middle shifts every value behind it.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, NamedTuple

from schemas import limits
from schemas.tables.head import Head, read_head
from schemas.tables.refusal import Refusal, TableError
from schemas.typed import Notation

#: Cells that say nothing.
MISSING: Final = ("", "*", "NA")
_UTF_8_MARK: Final = b"\xef\xbb\xbf"
_UTF_16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_SAVE_AS_UTF_8: Final = "save it as CSV UTF-8"
#: Lines that tell how a table is written.
_LOOKED_AT: Final = 1_000
_WITH_POINT: Final = re.compile(r"[-+<]?[0-9]+\.[0-9]+")
_WITH_COMMA: Final = re.compile(r"[-+<]?[0-9]+,[0-9]+")
_QUOTED: Final = re.compile('"[^"]*"')
_BETWEEN_DIGITS: Final = re.compile(r"(?<=[0-9]),(?=[0-9])")
#: What Windows-1252 has letters for and Latin-1 has not.
_C1: Final = re.compile(b"[\x80-\x9f]")


@dataclass(frozen=True, slots=True)
class FileRule:
    """How a table is written."""

    encoding: str = "utf-8"
    delimiter: str = ","
    decimal: str = "."
    missing: frozenset[str] = frozenset(MISSING)
    header: int | None = None  # the line it is on, where it is not found by its columns

    @property
    def notation(self) -> Notation:
        """Return how its cells write numbers and lists."""
        return Notation(self.decimal, ";")


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: its cells without blanks around them, None where missing; and as written.

    A row that does not fit the header is refused, and lacks cells or has too many.
    """

    line: int
    cells: Mapping[str, str | None]
    raw: Sequence[str]
    refusal: Refusal | None = None


def check_size(size: int) -> None:
    """Raise `TableError` for a file that is too large to be read."""
    if size > limits.IMPORT_FILE_BYTES:
        megabytes = limits.IMPORT_FILE_BYTES // 1024**2
        reason = f"the file is larger than {megabytes} MiB"
        raise TableError(Refusal("file_too_large", reason, "split it by plot"))


def decode(data: bytes, encoding: str = "utf-8") -> str:
    """Return the text of a file; raise `TableError` for what is none."""
    for is_so, code, what, hint in (
        (not data.strip(), "empty_file", "empty", "export it again"),
        (data[:2] == b"PK", "not_csv", "a workbook, not a CSV", "save a sheet as CSV"),
        (data[:2] in _UTF_16_MARKS, "not_utf8", "UTF-16 text", _SAVE_AS_UTF_8),
        (b"\0" in data, "not_csv", "binary, not a table", _SAVE_AS_UTF_8),
    ):
        if is_so:
            raise TableError(Refusal(code, f"the file is {what}", hint))
    is_utf_8 = encoding == "utf-8" or data.startswith(_UTF_8_MARK)
    if not is_utf_8:
        _check_encoding(data, encoding)
    try:
        return data.decode("utf-8-sig" if is_utf_8 else encoding)
    except UnicodeDecodeError as error:
        reason = f"byte 0x{data[error.start]:02x} is not {error.encoding} text"
        hint = f"{_SAVE_AS_UTF_8}; older spreadsheets write Latin-1"
        line = data.count(b"\n", 0, error.start) + 1
        raise TableError(Refusal("not_utf8", reason, hint, line)) from None


def decode_as_usual(data: bytes) -> str:
    """Return the text of a CSV whose encoding nobody says: Unicode, or what Windows writes."""
    if data[:2] in _UTF_16_MARKS:
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError:
            return decode(data)  # refuses it in words
    try:
        return decode(data)
    except TableError as error:
        if error.refusal.code != "not_utf8":
            raise
    return decode(data, "cp1252")


def _check_encoding(data: bytes, encoding: str) -> None:
    """Raise `TableError` where the bytes are of another encoding than was declared."""
    if data.isascii():
        return
    place = next(at for at, byte in enumerate(data) if byte > 0x7F)
    try:
        # What is UTF-8 by chance has few letters beyond ASCII, and no word of any language.
        data.decode("utf-8")
        other = "utf-8"
    except UnicodeDecodeError:
        odd = _C1.search(data) if encoding == "latin-1" else None
        if odd is None:
            return
        other, place = "cp1252", odd.start()
    line = data.count(b"\n", 0, place) + 1
    reason = f"the file is {other}, and the mapping says {encoding}"
    hint = f'say in [file] of the mapping: encoding = "{other}"'
    raise TableError(Refusal("other_encoding", reason, hint, line))


def rule_of(text: str) -> FileRule:
    r"""Return how a table seems to be written.

    Semicolons and tabs bring a decimal comma, unless all its numbers have points.

    >>> rule_of("plot;soc_pct").decimal, rule_of("plot,soc_pct").delimiter
    (',', ',')
    >>> rule_of("plot;soc_pct\nP1;1.52").decimal, rule_of("plot\tsoc").delimiter
    ('.', '\t')
    """
    lines = [line for line in text.splitlines()[:_LOOKED_AT] if line.strip()]
    below = lines[1:] if lines[:1] and lines[0].lower().startswith("sep=") else lines
    delimiter = _delimiter_of(below)
    if delimiter == ",":
        return FileRule()
    return FileRule(delimiter=delimiter, decimal=_decimal_of(below, delimiter))


def _delimiter_of(lines: Sequence[str]) -> str:
    """Return what stands between columns: what cuts most lines on end alike.

    A letterhead has commas; those within numbers are decimal where anything else cuts.
    """
    bare = [_QUOTED.sub("", line) for line in lines]
    for one in ";\t,":
        # A header above rows that have all its columns; other signs are within cells.
        if bare and 0 < bare[0].count(one) <= min(line.count(one) for line in bare):
            return one
    others = [_BETWEEN_DIGITS.sub("", line) for line in bare]
    alike = {one: _alike(others, one) for one in ";\t,"}
    best = max(";\t", key=lambda one: alike[one])
    return best if alike[best] and alike[best] >= alike[","] else ","


def _alike(lines: Sequence[str], delimiter: str) -> int:
    """Return how many lines on end have the same number of cells, more than one."""
    widths = (line.count(delimiter) for line in lines)
    runs = (len(list(same)) for width, same in groupby(widths) if width)
    return max(runs, default=0)


def _decimal_of(lines: Sequence[str], delimiter: str) -> str:
    cells = [cell.strip() for line in lines for cell in line.split(delimiter)]
    has_points = any(_WITH_POINT.fullmatch(cell) for cell in cells)
    has_commas = any(_WITH_COMMA.fullmatch(cell) for cell in cells)
    return "." if has_points and not has_commas else ","


class Lines(NamedTuple):
    """A table as it is written: its head, and its rows one by one."""

    head: Head
    rows: Iterator[TableRow]


def read_lines(text: str, rule: FileRule, wanted: Sequence[str] = ()) -> Lines:
    r"""Return head and rows; raise `TableError` for no table, or where it breaks off.

    >>> head, (good, short) = read_lines("plot,soc\n\nA, 1.5\nB\n", FileRule())
    >>> good.line, good.cells, short.refusal.code
    (3, {'plot': 'A', 'soc': '1.5'}, 'wrong_length')
    """
    records = _records(text, rule.delimiter)
    head, rest = read_head(records, rule.delimiter, wanted, rule.header)
    return Lines(head, (_row(head.names, *each, rule.missing) for each in rest))


def check_header(
    header: Sequence[str], wanted: Sequence[str], delimiter: str, line: int = 1
) -> list[Refusal]:
    """Return what is wrong with the names of the columns."""
    named = list(dict.fromkeys(name for name in header if name))
    found = {
        name: ("repeated_column", f"the header names {name} twice", "rename one")
        for name in named
        if header.count(name) > 1
    }
    hint = f"add or rename it; the file has, between {delimiter!r}: {', '.join(named)}"
    for name in wanted:
        if name not in named:
            found[name] = ("missing_column", f"the file has no column {name}", hint)
    return [Refusal(*said, line, name) for name, said in found.items()]


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for raw in reader:
            if any(cell.strip() for cell in raw):
                yield line, raw
            line = reader.line_num + 1
    except csv.Error as error:
        reason = f"the table breaks off: {error}"
        hint = "look for a quotation mark that is not closed or not alone in its cell"
        raise TableError(Refusal("not_csv", reason, hint, line)) from None


def _row(
    header: Sequence[str], line: int, raw: Sequence[str], missing: frozenset[str]
) -> TableRow:
    cells = {
        name: None if (text := cell.strip()) in missing else text
        for name, cell in zip(header, raw, strict=False)
    }
    refusal = None
    if len(raw) != len(header):
        reason = f"the row has {len(raw)} cells, the header {len(header)}"
        hint = "look for a missing or surplus delimiter, or one inside a cell"
        refusal = Refusal("wrong_length", reason, hint, line)
    return TableRow(line, cells, raw, refusal)
