"""The tables in a laboratory's files, and the question where their columns mean nothing."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from schemas.lab.headers import said_by
from schemas.lab.heads import likely_head
from schemas.lab.layout import Knows, LabHabits, LabLayout, layouts_of
from schemas.lab.sheet import Sheet, read_sheets
from schemas.lab.words import ANALYTES
from schemas.tables.refusal import Refusal, TableError, in_file


class Tables(NamedTuple):
    """What the sheets of files mean: tables, keys of numbers and bags, or nothing."""

    layouts: dict[str, list[LabLayout]]
    keys: dict[str, str]
    key_names: list[str]
    not_read: list[str]


def layouts_in(files: Mapping[str, bytes], habits: LabHabits, knows: Knows) -> Tables:
    """Return what the sheets of each file mean.

    Raises
    ------
    TableError
        If a file is no table, or none of its sheets names a bag.
    """
    found, read = Tables({}, {}, [], []), {}
    for name, data in files.items():
        with in_file(name):
            read[name] = read_sheets(name, data)
            means_something = [_read(found, name, s, habits, knows) for s in read[name]]
        if not any(means_something):
            raise TableError(_no_bags(name, read[name], habits))
    if not any(found.layouts.values()):
        name, sheets = next(iter(read.items()))
        raise TableError(_no_bags(name, sheets, habits))
    return found


def _read(
    found: Tables, name: str, sheet: Sheet, habits: LabHabits, knows: Knows
) -> bool:
    """Note what a sheet means, a hidden one nothing; return whether it means something."""
    own = found.layouts.setdefault(name, [])
    layouts = [] if sheet.is_hidden else layouts_of(sheet, habits, knows)
    own += layouts
    if layouts:
        return True
    may_be_key = not sheet.is_hidden and not _has_measurements(sheet)
    keys = two_columns([sheet], "number", "code") if may_be_key else None
    if keys:
        found.keys.update(keys)
        found.key_names.append(f"{name}: {sheet.name}")
        return True
    hidden = " (hidden)" if sheet.is_hidden else ""
    found.not_read.append(f"{name}: {sheet.name}{hidden}")
    return False


def _has_measurements(sheet: Sheet) -> bool:
    """Return whether a sheet has values whose columns may not have been understood."""
    cells = (cell for _, row in sheet.rows for cell in row)
    return any(map(_MEASURED.fullmatch, cells))


#: A value, and no number of a row or of a bag.
_MEASURED: Final = re.compile(r"<? ?[0-9]+[.,][0-9]+ ?%?")


def two_columns(
    sheets: Iterable[Sheet], first: str, second: str
) -> dict[str, str] | None:
    """Return the second of two columns by the first; None where no sheet has both.

    Raises
    ------
    TableError
        If one of the first has two of the second.
    """
    for sheet in sheets:
        for place, (_, cells) in enumerate(sheet.rows):
            means = [said_by([cell], {}).meaning for cell in cells]
            if first in means and second in means:
                rows = sheet.rows[place + 1 :]
                return _paired(rows, means.index(first), means.index(second))
    return None


def _paired(
    rows: Iterable[tuple[int, Sequence[str]]], one: int, two: int
) -> dict[str, str]:
    found: dict[str, str] = {}
    for line, row in rows:
        if len(row) > max(one, two) and row[one] and row[two]:
            before = found.setdefault(row[one], row[two])
            if before != row[two]:
                reason = f"{row[one]} is {before} and {row[two]}"
                raise TableError(Refusal("repeated_key", reason, "correct one", line))
    return found


#: Columns that are named where none is understood, and rows in which they are looked for.
_NAMED: Final = 8
_LOOKED_AT: Final = 60


def _no_bags(name: str, sheets: Sequence[Sheet], habits: LabHabits) -> Refusal:
    """Return the question which columns are which, with those that look most like a header."""
    shown = [sheet for sheet in sheets if not sheet.is_hidden]
    if not shown:
        reason = f"{name}: every sheet of it is hidden"
        return Refusal("no_bags", reason, "show the right one and save it")
    line, said = _most_likely(shown, habits)
    names = list(said)
    listed = ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
    hidden = ", ".join(sheet.name for sheet in sheets if sheet.is_hidden)
    return Refusal(
        "no_bags",
        f"{name}: no sheet of it has a column with the code of the bag and one with values;"
        f" line {line} has: {listed or 'no words'}",
        f"{_to_type(said)}. A table that names plot, point and depth in place of a bag is"
        " for: permille import layers"
        + (f". Hidden sheets are not read: {hidden}" if hidden else ""),
    )


def _to_type(said: Mapping[str, str | None]) -> str:
    """Return what to type of columns that are not understood, with one as an example."""
    label = next((n for n in said if said[n] == "code"), None)
    others = [n for n in said if said[n] not in {"code", "number"}]
    example = []
    if label is None:
        label, *others = others or ["Probe"]
        example.append(f"--column '{label}=code'")
    if not any(meaning in ANALYTES for meaning in said.values()):
        example.append(f"--column '{(others or ['C %'])[-1]}=soc'")
    return f"say which they are, such as {' '.join(example)}"


def _most_likely(
    sheets: Sequence[Sheet], habits: LabHabits
) -> tuple[int, dict[str, str | None]]:
    """Return the line of what is most like a header, and what its columns are taken for."""
    for sheet in sheets:
        head = likely_head(sheet.rows, habits.columns)
        if head is not None:
            columns = zip(head.headers, head.said, strict=True)
            return head.rows[0][0], {n: said.meaning for n, said in columns if n}
    rows = [row for sheet in sheets for row in sheet.rows[:_LOOKED_AT]]
    line, cells = max(rows, key=lambda row: sum(map(_is_word, row[1])))
    words = filter(_is_word, cells)
    return line, {cell: said_by([cell], habits.columns).meaning for cell in words}


def _is_word(cell: str) -> bool:
    return cell[:1].isalpha() or cell[:1] in {"%", "\N{NUMERO SIGN}"}
