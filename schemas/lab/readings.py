"""The values of a laboratory's rows, one reading for each cell with a value."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Final, NamedTuple

from schemas.lab.headers import said_by
from schemas.lab.layout import LabHabits, LabLayout, ValueColumn, rows_of
from schemas.lab.words import CONTROL, is_summary, method_of
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

_DATES: Final = ("%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y")
#: A number with its unit: 1,52 %.
_WITH_UNIT: Final = re.compile(
    r"(?P<number><? ?[-+]?[0-9][0-9.,]*) ?(?P<unit>[^0-9.,\s].*)"
)

#: A column of its own may have the sign of a limit.
_SIGN: Final = re.compile("[<>\u2264\u2265]=?")
#: What to do about numbers of a table that nobody wrote a mapping for.
_HINTS: Final = {
    "decimal_comma": "write it as 12.5 or 1300, like the others of the table",
    "decimal_point": "write the cell as it is meant",
}


class Standing(StrEnum):
    """What becomes of a reading."""

    NEW = "new"
    EQUAL = "already here"
    DIFFERS = "differs"
    UNKNOWN = "unknown bag"
    AMBIGUOUS = "several bags"
    TWICE = "twice in the file"
    NO_VALUE = "no value yet"
    NO_UNIT = "unit?"
    NO_METHOD = "method?"
    NO_BATCH = "batch?"
    CONTROL = "quality control"
    SUMMARY = "mean or spread"
    OUT_OF_RANGE = "out of range"
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
    #: Of a control: its certified value, the detection limit, the bag of the same soil.
    certified: float | None = None
    lod: float | None = None
    duplicate_of: str | None = None
    #: Of a wide table: the row names the place, the column the layer.
    depths_cm: tuple[float, float] | None = None
    #: Decided by the row alone, with the reason.
    standing: Standing | None = None
    why: str = ""
    #: The header of its column, and its row as written: to know one that is sent twice.
    column: str = ""
    #: A day of analysis that could not be read.
    unread_day: str = ""
    row: tuple[str, ...] = ()


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
        found = list(self._of_columns() if self._layout.values else self._of_long())
        if self._cell("code") or self._cell("number") or any(map(_has_value, found)):
            yield from map(self._fitting, found)

    def _of_columns(self) -> Iterator[Reading]:
        signs = {at for at, text in enumerate(self._cells) if _SIGN.fullmatch(text)}
        for column in self._layout.values:
            text, before = self._cells[column.place], column.place - 1
            if not text:
                continue
            if before in signs:
                text = self._cells[before] + text
            found = self._reading(column, text)
            if signs - {one.place - 1 for one in self._layout.values}:
                why = "a sign stands alone: of which value? Write it before it, as in <0.1"
                found = found._replace(standing=Standing.REFUSED, why=why)
            yield found

    def _of_long(self) -> Iterator[Reading]:
        """Return the only reading of a row that says itself what was measured."""
        text, name = self._cell("value"), self._cell("analyte")
        said = said_by([name], self._habits.columns)
        is_control = CONTROL.fullmatch(self._cell("code")) is not None
        if not text or (name and said.analyte is None and not is_control):
            return  # told as not read, with the columns
        analyte = said.analyte or name
        unit = said.unit or self._habits.units.get(analyte)
        place = self._layout.roles["value"]
        column = ValueColumn(
            place, name, analyte, unit, said.depths_cm, said.method, said.replicate
        )
        found = self._reading(column, text)
        if not name:
            why = "the row does not say what was measured; write it into the row"
            found = found._replace(standing=Standing.REFUSED, why=why)
        yield found

    def _cell(self, role: str) -> str:
        place = self._layout.roles.get(role)
        return "" if place is None else self._cells[place]

    def _fitting(self, reading: Reading) -> Reading:
        """Refuse a reading of a row with more cells than the header: they may be shifted."""
        is_longer = len(self._cells) > len(self._layout.headers)
        if not (self._layout.sheet.is_delimited and is_longer):
            return reading
        why = (
            "the row has more cells than the header; is a decimal comma or a remark cut in"
            " two? Put quotation marks around it"
        )
        return reading._replace(standing=Standing.REFUSED, why=why)

    def _reading(self, column: ValueColumn, text: str) -> Reading:
        analyte = column.analyte
        method = (
            method_of(self._cell("method"))
            or column.method
            or self._habits.methods.get(analyte)
        )
        replicate = read_whole(self._cell("replicate"))
        day = self._day()
        found = Reading(
            self._layout.sheet.name,
            self._line,
            self._cell("code"),
            self._cell("number"),
            analyte,
            text,
            unit=column.unit,
            method=method,
            replicate=replicate if isinstance(replicate, int) else column.replicate,
            batch=self._cell("batch") or None,
            analysed_on=day,
            certified=self._number("certified_value"),
            lod=self._number("detection_limit"),
            duplicate_of=self._cell("duplicate_of") or None,
            depths_cm=column.depths_cm,
            column=column.header,
            unread_day="" if day else self._cell("analysed_on"),
            row=tuple(self._cells),
        )
        if analyte == "ph_water":
            found = found._replace(method=method or "electrode", unit="none")
        else:
            found = self._in_unit(found, column.unit_place)
        return self._judged(found if found.standing else self._valued(found))

    def _unit(self, place: int | None) -> str:
        """Return the unit of a row: of the column behind its value, or of its only value."""
        if place is not None:
            return self._cells[place]
        return self._cell("unit") if len(self._layout.values) <= 1 else ""

    def _in_unit(self, reading: Reading, place: int | None) -> Reading:
        """Return a reading in the unit that its cell or its row says, where one does."""
        told = self._unit(place)
        if told:
            reading = reading._replace(unit=unit_of(told))
            if reading.unit is None:
                return _no_unit(
                    reading, f"{told} is not known; such as g/kg, %, mg/kg, g/g"
                )
        found = _WITH_UNIT.fullmatch(reading.text)
        own = unit_of(found["unit"]) if found else None
        if found is None or own is None:
            return reading
        if reading.unit not in {own, None}:
            why = f"the cell says {found['unit']}, its column {reading.unit}: write which it is"
            return _no_unit(reading, why)
        return reading._replace(unit=own, text=found["number"].strip())

    def _number(self, role: str) -> float | None:
        """Return the positive number of a cell beside the only value; None without one."""
        if len(self._layout.values) > 1:
            return None  # of which of them?
        text = self._cell(role).removeprefix("<")
        found = read_number(text, self._notation) if text else 0.0
        return found if isinstance(found, float) and found > 0.0 else None

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
            hint = _HINTS.get(found.code, found.hint)
            return _refused(reading, replace(found, hint=hint))
        if is_limit:
            return reading._replace(limit=found)
        return reading._replace(value=found)

    def _judged(self, reading: Reading) -> Reading:
        label = reading.code or reading.number
        if CONTROL.fullmatch(label):
            return reading._replace(code=label, standing=Standing.CONTROL, why="")
        if is_summary(label):
            return reading._replace(code=label, standing=Standing.SUMMARY, why="")
        changed = refuse_code(reading.code) if reading.code else None
        if changed is not None:
            return _refused(reading, changed)
        return reading


def _has_value(reading: Reading) -> bool:
    return reading.value is not None or reading.limit is not None


def _no_unit(reading: Reading, why: str) -> Reading:
    return reading._replace(standing=Standing.NO_UNIT, why=why)


def _refused(reading: Reading, refusal: Refusal) -> Reading:
    is_out = refusal.code == "out_of_range"
    standing = Standing.OUT_OF_RANGE if is_out else Standing.REFUSED
    return reading._replace(standing=standing, why=f"{refusal.reason}; {refusal.hint}")
