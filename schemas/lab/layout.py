"""What the columns of a laboratory's table mean: guessed, or said by a person."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from schemas.lab.sheet import Sheet
from schemas.lab.words import (
    CODE,
    NUMBER,
    ROLES,
    analyte_of,
    named_with_depths,
    named_with_unit,
)
from schemas.tables.head import unit_of

#: A letterhead is not longer.
_LETTERHEAD: Final = 50
#: What a column may be said to be, besides an analyte.
COLUMN_ROLES: Final = ("code", "number", *ROLES, "ignore")


@dataclass(frozen=True, slots=True)
class LabHabits:
    """What a person said of a laboratory's tables; kept for its next ones."""

    columns: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    methods: Mapping[str, str] = field(default_factory=dict)
    density_definition: str | None = None
    references: Mapping[str, float] = field(default_factory=dict)

    def with_more(self, other: "LabHabits") -> "LabHabits":
        """Return the habits with those that were said now."""
        return LabHabits(
            {**self.columns, **other.columns},
            {**self.units, **other.units},
            {**self.methods, **other.methods},
            other.density_definition or self.density_definition,
            {**self.references, **other.references},
        )


class ValueColumn(NamedTuple):
    """A column of one analyte."""

    place: int
    header: str
    analyte: str
    unit: str | None
    depths_cm: tuple[float, float] | None = None


class LabLayout(NamedTuple):
    """What the columns of one sheet mean; the rows begin below `first_row`.

    A long table has its analyte in each row: then `roles` has analyte and value, and
    `values` is empty. `unread` are the headers that mean nothing to us.
    """

    sheet: Sheet
    headers: Sequence[str]
    header_line: int
    first_row: int
    roles: Mapping[str, int]
    values: Sequence[ValueColumn]
    unread: Sequence[str]

    def as_data(self) -> dict[str, Any]:
        """Return the guess as JSON, to be looked at first."""
        named = {role: self.headers[place] for role, place in self.roles.items()}
        values = [
            {"column": one.header, "analyte": one.analyte, "unit": one.unit}
            for one in self.values
        ]
        return {
            "sheet": self.sheet.name,
            "header_line": self.header_line,
            "columns": named,
            "values": values,
            "not_read": list(self.unread),
        }


def layout_of(sheet: Sheet, habits: LabHabits) -> LabLayout | None:
    """Return what the columns of a sheet seem to mean; None where none names a bag."""
    for place, (line, cells) in enumerate(sheet.rows[:_LETTERHEAD]):
        found = _read_header(sheet, place, line, cells, habits)
        if found is not None:
            return found
    return None


def _read_header(
    sheet: Sheet, place: int, line: int, cells: Sequence[str], habits: LabHabits
) -> LabLayout | None:
    roles: dict[str, int] = {}
    values: list[ValueColumn] = []
    unread: list[str] = []
    units = _units_below(sheet, place, cells)
    for at, header in enumerate(cells):
        if not header:
            continue
        meaning = _meaning(header, habits)
        if meaning in COLUMN_ROLES:
            roles.setdefault(meaning, at)
        elif meaning is not None:
            unit = _unit(header, meaning, units.get(at), habits)
            _, depths = named_with_depths(named_with_unit(header)[0])
            values.append(ValueColumn(at, header, meaning, unit, depths))
        else:
            unread.append(header)
    roles.pop("ignore", None)
    is_long = {"analyte", "value"} <= roles.keys()
    if not roles.keys() & {"code", "number"} or not (values or is_long):
        return None
    first_row = place + (2 if units else 1)
    return LabLayout(sheet, cells, line, first_row, roles, values, unread)


def _meaning(header: str, habits: LabHabits) -> str | None:
    """Return the role or the analyte of a column."""
    if header in habits.columns:
        return habits.columns[header]
    name, _ = named_with_unit(header)
    analyte = analyte_of(name) or analyte_of(named_with_depths(name)[0])
    if analyte is not None:
        return analyte
    for role, word in (("number", NUMBER), ("code", CODE), *ROLES.items()):
        if word.fullmatch(name):
            return role
    return None


def _unit(
    header: str, analyte: str, below: str | None, habits: LabHabits
) -> str | None:
    if analyte in habits.units:
        return habits.units[analyte]
    if analyte == "ph_water":
        return "none"
    _, said = named_with_unit(header)
    return unit_of(said) or below


def _units_below(sheet: Sheet, place: int, headers: Sequence[str]) -> dict[int, str]:
    """Return the units of a row below the header, by the place of their column."""
    if place + 1 >= len(sheet.rows):
        return {}
    cells = {at: text for at, text in enumerate(sheet.rows[place + 1][1]) if text}
    found = {at: unit for at, text in cells.items() if (unit := unit_of(text))}
    return found if found and len(found) == len(cells) and len(headers) > 1 else {}


def rows_of(layout: LabLayout) -> Iterator[tuple[int, list[str]]]:
    """Return the rows below the header, as wide as it is."""
    width = len(layout.headers)
    for line, cells in layout.sheet.rows[layout.first_row :]:
        yield line, [*cells, *[""] * width][:width]
