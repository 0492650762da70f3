"""What stands above the rows of a table: `sep=;`, a letterhead, the header, a row of units."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Final, NamedTuple

from schemas.tables.refusal import Refusal, TableError

#: A line of a file: its number, and its cells as written.
Record = tuple[int, list[str]]

#: A letterhead is not longer.
_LETTERHEAD: Final = 50
_MINUS: Final = str.maketrans({"\u2212": "-", "\u2013": "-"})
_SEPARATOR: Final = re.compile(r'"?sep=(.?)"?', re.IGNORECASE)
_WRITTEN: Final = {
    "pct": "% pct percent wt% wt.% %wt %w/w %w %m/m masse-% m-% m.-% ma.-% ma% gew.-% gew-% g/100g"
    " dag/kg dagkg-1",
    "g_kg": "g/kg gkg-1 gkg^-1 g.kg-1 g\u00b7kg-1 g*kg-1 mg/g mgg-1 \u2030",
    "mg_kg": "mg/kg mgkg-1 mgkg^-1 mg.kg-1 mg\u00b7kg-1 ppm \u03bcg/g ug/g",
    "g_g": "g/g gg-1 kg/kg fraction",
    "g_cm3": "g/cm3 g/cm^3 gcm-3 gcm^-3 g.cm-3 g\u00b7cm-3 g/cc g/ccm g/ml kg/l kg/dm3 t/m3 tm-3"
    " t.m-3 mg/m3 mgm-3 mg.m-3",
    "kg_m3": "kg/m3 kg/m^3 kgm-3 kg.m-3",
}
#: What laboratories add to a unit: that it is of dry soil, and grams of what.
_ADDED: Final = re.compile(
    r"(?<=[0-9g%])(?:i\.|der)?(?:ts|tm|tr|ms|dm|dw|d\.[ms]\.|drymatter|dryweight|drywt|drysoil|dry"
    r"|solsec)$|(?<=g)(?:c|n)(?=/|kg)"
)
#: Units as laboratories write them, without blanks and brackets, by our own names.
UNITS: Final = {
    **{text: name for name, texts in _WRITTEN.items() for text in texts.split()},
    **{name: name for name in _WRITTEN},
    **{name: name for name in ("cm", "mm", "m", "inch", "g", "kg", "cm3", "ha")},
}
#: What stands in a row of units where there is none.
_NO_UNIT: Final = frozenset(
    {"-", "unit", "units", "einheit", "unit\u00e9", "unidad", "y/n", "yes/no", "j/n"}
    | {"o/n", "s/n", "0/1", "text", "code", "date", "yyyy-mm-dd"}
)


class Head(NamedTuple):
    """Where the header is, and what it and the row of units below it say."""

    line: int
    names: list[str]
    units: Mapping[str, str]
    units_row: Sequence[str] = ()


def read_head(
    records: Iterator[Record],
    delimiter: str,
    wanted: Sequence[str] = (),
    at: int | None = None,
) -> tuple[Head, Iterator[Record]]:
    """Return the head of a table and the rows below it.

    The header is the line that was named; else the first one with every column that is
    wanted, so that a letterhead is passed over; else the first line.

    Raises
    ------
    TableError
        If there is no line, or the file names another delimiter.
    """
    above = []
    header = None
    for record in records:
        above.append(record)
        if _is_header(record, wanted, at):
            header = record
            break
        if at is None and len(above) > _LETTERHEAD:
            break
    _check_separator(above, delimiter)
    if header is None:
        header, records = _best(above, records, at, wanted)
    names = [cell.strip() for cell in header[1]]
    below = next(records, None)
    if below is None:
        return Head(header[0], names, {}), iter(())
    units = _units(names, below[1])
    if units:
        return Head(header[0], names, units, below[1]), records
    return Head(header[0], names, {}), chain([below], records)


def unit_of(text: str) -> str | None:
    """Return our name of a unit; None for what is none.

    >>> unit_of("[g kg-1]"), unit_of("%"), unit_of("cm"), unit_of("P1")
    ('g_kg', 'pct', 'cm', None)
    >>> (
    ...     unit_of("g kg\u207b\u00b9"),
    ...     unit_of("g/cm\u00b3"),
    ...     unit_of("% TS"),
    ...     unit_of("g C/kg"),
    ... )
    ('g_kg', 'g_cm3', 'pct', 'g_kg')
    """
    # Small raised figures as figures, and whatever stands for a minus as one.
    raised = unicodedata.normalize("NFKC", text).translate(_MINUS)
    written = "".join(raised.lower().split()).strip("[]()")
    return UNITS.get(written) or UNITS.get(_ADDED.sub("", written))


def _is_header(record: Record, wanted: Sequence[str], at: int | None) -> bool:
    if at is not None:
        return record[0] == at
    return bool(wanted) and _names(record).issuperset(wanted)


def _names(record: Record) -> set[str]:
    return {cell.strip() for cell in record[1]}


def _best(
    above: list[Record],
    records: Iterator[Record],
    at: int | None,
    wanted: Sequence[str],
) -> tuple[Record, Iterator[Record]]:
    """Take the line with the most of what is wanted for the header, else the first."""
    if at is not None and above:
        reason = (
            f"line {at} is not a header: it is blank, or behind the end of the file"
        )
        hint = "say in [file] of the mapping where the header is: header = 5"
        raise TableError(Refusal("no_header", reason, hint, at))
    told = [each for each in above if _separator_in(each) is None]
    if not told:
        raise TableError(Refusal("empty_file", "the file is empty", "export it again"))
    best = max(told, key=lambda each: len(_names(each).intersection(wanted)))
    below = told[told.index(best) + 1 :]
    return best, chain(below, records)


def _separator_in(record: Record) -> str | None:
    """Return the delimiter that a first line for spreadsheets names.

    The line may have been cut at just this delimiter.
    """
    found = _SEPARATOR.fullmatch(record[1][0].strip())
    if record[0] != 1 or found is None or any(record[1][2:]):
        return None
    return found[1]


def _check_separator(above: Sequence[Record], delimiter: str) -> None:
    named = _separator_in(above[0]) if above else None
    # Cut at its own delimiter, the line no longer names it.
    if named and named != delimiter:
        raise TableError(
            Refusal(
                "other_delimiter",
                f"the first line says that {named!r} is between the columns, and"
                f" {delimiter!r} was expected",
                f'say in [file] of the mapping: delimiter = "{named}"',
                1,
            )
        )


def _units(names: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """Return the units of the columns if a row is one of units, else nothing."""
    texts = {
        name: cell.strip()
        for name, cell in zip(names, cells, strict=False)
        if cell.strip()
    }
    named = {name: unit for name, text in texts.items() if (unit := unit_of(text))}
    others = {text.lower() for name, text in texts.items() if name not in named}
    return named if others <= _NO_UNIT else {}


def other_units(units: Mapping[str, str], expected: Mapping[str, str]) -> list[Refusal]:
    """Return the columns whose row of units says another unit than is expected."""
    return [
        Refusal(
            "other_unit",
            f"the row of units says {unit} for {column}, and {expected[column]} was"
            " expected",
            "ask the laboratory which is right, and correct the mapping or the row",
            column=column,
            value=unit,
        )
        for column, unit in units.items()
        if expected.get(column, unit) != unit
    ]
