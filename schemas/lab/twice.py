"""What a laboratory sent twice: a row, a file, a value in two units. Once is kept."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from schemas.lab.readings import Reading, Standing
from schemas.rules import TO_G_KG

Named = tuple[str, Reading]
#: Values that differ by less are one value, printed otherwise.
_SAME_DIGITS: Final = 6


class _Place(NamedTuple):
    file: str
    sheet: str
    line: int


def told_twice(readings: Sequence[Named]) -> Iterator[Named]:
    """Yield readings; those that were sent before, in these files, say so.

    Within a table a row is sent twice where it is the same cell for cell; two values of a
    bag in rows that differ are replicates. From table to table a value is that of the
    same laboratory number, or of the same row.
    """
    once = _Once()
    for name, reading in readings:
        first = None
        if reading.standing is not Standing.SUMMARY:
            first = once.place_of(name, reading)
        if first is None:
            yield name, reading
        else:
            where = f"line {first.line}"
            if first.file != name:
                where += f" of {table_name(first.file, first.sheet)}"
            elif first.sheet != reading.sheet:
                where += f" of {first.sheet}"
            why = f"as in {where}"
            yield name, reading._replace(standing=Standing.TWICE, why=why)


def table_name(file: str, sheet: str) -> str:
    """Return what people call a table of several files.

    >>> table_name("in/a.csv", "a.csv"), table_name("in/a.xlsx", "Carbon")
    ('a.csv', 'a.xlsx Carbon')
    """
    own = re.split(r"[/\\]", file)[-1]
    return sheet if sheet.startswith(own) else f"{own} {sheet}"


class _Once:
    """What was read so far."""

    def __init__(self) -> None:
        self._rows: dict[object, _Place] = {}
        self._values: dict[object, tuple[_Place, str | None]] = {}
        self._sent: dict[object, list[_Place]] = {}
        self._met: Counter[object] = Counter()

    def place_of(self, file: str, reading: Reading) -> _Place | None:
        """Return where a reading was sent before; None for the first time."""
        here = _Place(file, reading.sheet, reading.line)
        return (
            self._row_before(here, reading)
            or self._in_other_unit(here, reading)
            or self._other_table(here, reading)
        )

    def _row_before(self, here: _Place, reading: Reading) -> _Place | None:
        """Return the place of the same row in this table; blanks and references may be alike."""
        if reading.standing is Standing.CONTROL:
            return None
        first = self._rows.setdefault((here.file, here.sheet, reading.row), here)
        return None if first.line == here.line else first

    def _in_other_unit(self, here: _Place, reading: Reading) -> _Place | None:
        """Return the place of the same value in this row, in another unit."""
        if reading.value is None:
            return None
        key = (
            here,
            reading.analyte,
            reading.depths_cm,
            reading.method,
            _value(reading),
        )
        first, unit = self._values.setdefault(key, (here, reading.unit))
        return None if unit == reading.unit else first

    def _other_table(self, here: _Place, reading: Reading) -> _Place | None:
        """Return the place in another table of as many such values as this one has so far."""
        if reading.standing is Standing.CONTROL and not reading.number:
            return None
        named = (reading.number, reading.code)
        own = named if reading.number else (reading.column, reading.row)
        key = (own, reading.analyte, reading.depths_cm, _value(reading))
        number = self._met[here.file, here.sheet, key]
        self._met[here.file, here.sheet, key] += 1
        sent = self._sent.setdefault((key, number), [])
        others = [at for at in sent if (at.file, at.sheet) != (here.file, here.sheet)]
        sent.append(here)
        return others[0] if others else None


def _value(reading: Reading) -> Iterable[object]:
    """Return a value or a limit in one unit, as far as it counts; else its text."""
    scale = TO_G_KG.get(reading.unit or "", 1.0)
    numbers = (reading.value, reading.limit)
    if numbers == (None, None):
        return (reading.text,)
    return tuple(
        None if one is None else f"{one * scale:.{_SAME_DIGITS}g}" for one in numbers
    )
