"""The values of a laboratory's rows, one reading for each cell with a value."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from schemas.lab.layout import LabHabits, LabLayout, rows_of
from schemas.lab.words import CONTROL, analyte_of, method_of
from schemas.tables.cells import (
    is_below_detection,
    is_no_value,
    read_limit,
    read_number,
    refuse_code,
)
from schemas.tables.dates import read_date
from schemas.tables.head import unit_of
from schemas.tables.refusal import Refusal
from schemas.typed import Notation, read_whole

_DATES = ("%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y")


class Standing(StrEnum):
    """What becomes of a reading."""

    NEW = "new"
    EQUAL = "already here"
    DIFFERS = "differs"
    UNKNOWN = "unknown bag"
    AMBIGUOUS = "several bags"
    NO_VALUE = "no value yet"
    NO_UNIT = "unit?"
    NO_METHOD = "method?"
    CONTROL = "quality control"
    REFUSED = "refused"


class Reading(NamedTuple):
    """One cell with a value, and what its row says besides."""

    sheet: str
    line: int
    code: str
    number: str
    analyte: str
    text: str
    value: float | None = None
    limit: float | None = None
    unit: str | None = None
    method: str | None = None
    replicate: int | None = None
    batch: str | None = None
    analysed_on: str | None = None
    #: Of a wide table: the row names the place, the column the layer.
    depths_cm: tuple[float, float] | None = None
    #: Decided by the row alone, with the reason.
    standing: Standing | None = None
    why: str = ""


def readings_of(layout: LabLayout, habits: LabHabits) -> Iterator[Reading]:
    """Return every reading of a sheet, in the order of its lines."""
    for line, cells in rows_of(layout):
        row = _Row(layout, habits, line, cells)
        if not any(cells):
            continue
        yield from row.readings()


class _Row:
    """One row, and what all its readings share."""

    def __init__(
        self, layout: LabLayout, habits: LabHabits, line: int, cells: Sequence[str]
    ) -> None:
        self._layout, self._habits = layout, habits
        self._line, self._cells = line, cells
        self._notation: Notation = layout.sheet.notation

    def readings(self) -> Iterator[Reading]:
        """Return the readings of the row; a bag without any value has none."""
        if self._layout.values:
            for column in self._layout.values:
                text = self._cells[column.place]
                if text:
                    found = self._reading(column.analyte, text, column.unit)
                    yield found._replace(depths_cm=column.depths_cm)
            return
        text = self._cell("value")
        if text:
            said = self._cell("analyte")
            analyte = self._habits.columns.get(said) or analyte_of(said)
            unit = unit_of(self._cell("unit")) or self._habits.units.get(analyte or "")
            yield self._reading(analyte or said, text, unit)

    def _cell(self, role: str) -> str:
        place = self._layout.roles.get(role)
        return "" if place is None else self._cells[place]

    def _reading(self, analyte: str, text: str, unit: str | None) -> Reading:
        said = method_of(self._cell("method")) if self._cell("method") else None
        method = said or self._habits.methods.get(analyte)
        if analyte == "ph_water":
            method, unit = method or "electrode", "none"
        replicate = read_whole(self._cell("replicate"))
        found = Reading(
            self._layout.sheet.name,
            self._line,
            self._cell("code"),
            self._cell("number"),
            analyte,
            text,
            unit=unit,
            method=method,
            replicate=replicate if isinstance(replicate, int) else None,
            batch=self._cell("batch") or None,
            analysed_on=self._day(),
        )
        return self._judged(self._valued(found))

    def _day(self) -> str | None:
        text = self._cell("analysed_on")
        found = read_date(text, _DATES) if text else None
        return (
            None if found is None or isinstance(found, Refusal) else str(found.date())
        )

    def _valued(self, reading: Reading) -> Reading:
        text = reading.text
        if is_below_detection(text):
            why = "the limit is not said; write it as <0.5"
            return reading._replace(standing=Standing.NO_VALUE, why=why)
        if is_no_value(text):
            return reading._replace(standing=Standing.NO_VALUE, why=text)
        is_limit = text.startswith("<")
        found = (read_limit if is_limit else read_number)(text, self._notation)
        if isinstance(found, Refusal):
            return _refused(reading, found)
        if is_limit:
            return reading._replace(limit=found)
        return reading._replace(value=found)

    def _judged(self, reading: Reading) -> Reading:
        if reading.code and CONTROL.fullmatch(reading.code):
            return reading._replace(standing=Standing.CONTROL, why="")
        changed = refuse_code(reading.code) if reading.code else None
        if changed is not None:
            return _refused(reading, changed)
        return reading


def _refused(reading: Reading, refusal: Refusal) -> Reading:
    why = f"{refusal.reason}; {refusal.hint}"
    return reading._replace(standing=Standing.REFUSED, why=why)
