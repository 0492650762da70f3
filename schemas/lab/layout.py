"""What the columns of a laboratory's tables mean: guessed, or said by a person."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from schemas.lab.headers import Depths, Said, said_by
from schemas.lab.heads import LabHead, Row, every_head
from schemas.lab.sheet import Sheet
from schemas.lab.words import ROLES, is_running_number

#: What a column may be said to be, besides an analyte.
COLUMN_ROLES: Final = ("code", "number", *ROLES, "ignore")
#: Rows whose labels are looked up to tell the column of the bag from others.
_LOOKED_AT: Final = 200


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
    depths_cm: Depths | None = None
    method: str | None = None
    replicate: int | None = None
    #: The column of its own unit, right behind it.
    unit_place: int | None = None


class LabLayout(NamedTuple):
    """What the columns of one table mean, and its rows.

    A long table has its analyte in each row: then `roles` has analyte and value, and
    `values` is empty. `unread` are the headers that mean nothing to us.
    """

    sheet: Sheet
    headers: Sequence[str]
    head: Sequence[Row]
    rows: Sequence[Row]
    roles: Mapping[str, int]
    values: Sequence[ValueColumn]
    unread: Sequence[str]

    @property
    def header_line(self) -> int:
        """Return the line of the header, the first one where there are several."""
        return self.head[0][0]

    def as_data(self) -> dict[str, Any]:
        """Return the guess as JSON, to be looked at first."""
        named = {role: self.headers[place] for role, place in self.roles.items()}
        values = [
            {
                "column": one.header,
                "analyte": one.analyte,
                "unit": one.unit,
                "unit_column": self._unit_column(one),
                "method": one.method,
                "depths_cm": one.depths_cm,
                "replicate": one.replicate,
            }
            for one in self.values
        ]
        return {
            "sheet": self.sheet.name,
            "header_line": self.header_line,
            "columns": named,
            "values": values,
            "not_read": list(self.unread),
        }

    def _unit_column(self, column: ValueColumn) -> str | None:
        """Return the header of the column that says the unit of each value, if one does."""
        place = column.unit_place
        if place is None and len(self.values) == 1:
            place = self.roles.get("unit")
        return None if place is None else self.headers[place]


#: Whether a text is the label of a bag, or of a place with bags, that is here.
Knows = Callable[[str], bool]


def layouts_of(sheet: Sheet, habits: LabHabits, knows: Knows) -> list[LabLayout]:
    """Return what the columns of the tables of a sheet seem to mean.

    There is none where no column names a bag. Tables stand below each other, each with a
    header of its own, or beside each other, each with its own column of labels.
    """
    found: list[LabLayout] = []
    for head, rows in every_head(sheet.rows, habits.columns):
        for layout in _beside_each_other(sheet, head, rows, habits, knows):
            more = len(found) + 1
            own = sheet._replace(name=f"{sheet.name} table {more}") if found else sheet
            found.append(layout._replace(sheet=own))
    return found


def _beside_each_other(
    sheet: Sheet, head: LabHead, rows: Sequence[Row], habits: LabHabits, knows: Knows
) -> Iterator[LabLayout]:
    starts, nameless = _starts(head), _without_name(head, rows)
    for start, end in zip(starts, [*starts[1:], len(head.headers)], strict=True):
        layout = _layout(sheet, head.between(start, end), rows, habits, knows)
        if layout is not None:
            yield layout._replace(unread=[*layout.unread, *nameless])
            nameless = []


def _starts(head: LabHead) -> list[int]:
    """Return where tables begin that stand beside each other: a label column comes again."""
    first: dict[str, int] = {}
    starts = [0]
    for place, said in enumerate(head.said):
        if said.meaning not in {"code", "number"}:
            continue
        name = head.headers[place].casefold()
        if name in first and any(
            one.analyte is not None for one in head.said[starts[-1] : place]
        ):
            starts.append(place)
            first = {}
        first[name] = place
    return starts


def _layout(
    sheet: Sheet, head: LabHead, rows: Sequence[Row], habits: LabHabits, knows: Knows
) -> LabLayout | None:
    roles = _roles(head, _code_column(head, rows, knows))
    values = [
        _value_column(head, at, habits)
        for at, said in enumerate(head.said)
        if said.analyte is not None and at not in roles.values()
    ]
    is_long = {"analyte", "value"} <= roles.keys()
    if not roles.keys() & {"code", "number"} or not (values or is_long):
        return None
    places = [at for one in values for at in (one.place, one.unit_place)]
    unread = _unread(head, {*roles.values(), *places})
    if not values:
        unread += _unread_analytes(rows, roles["analyte"], habits)
    return LabLayout(sheet, head.headers, head.rows, rows, roles, values, unread)


def _unread(head: LabHead, read: Collection[int | None]) -> list[str]:
    """Return the headers that mean nothing to us, and that nobody said to ignore."""
    return [
        name
        for at, name in enumerate(head.headers)
        if name and at not in read and head.said[at].meaning != "ignore"
    ]


def _without_name(head: LabHead, rows: Sequence[Row]) -> list[str]:
    """Return the columns with cells that no header stands above, by their number."""
    width = len(head.headers)
    named = {at for at, said in enumerate(head.said) if said != Said()}
    used = {
        at
        for _, cells in rows[:_LOOKED_AT]
        for at, cell in enumerate(cells)
        if cell and (at >= width or (at not in named and not head.headers[at]))
    }
    return [f"column {at + 1} without a name" for at in sorted(used)]


def _roles(head: LabHead, code: int | None) -> dict[str, int]:
    """Return the columns of roles, the first one of each."""
    roles = {} if code is None else {"code": code}
    for place, said in enumerate(head.said):
        if said.meaning in _GUESSED and place != code:
            roles.setdefault(str(said.meaning), place)
    return dict(sorted(roles.items(), key=lambda role: role[1]))


#: Roles whose column is known by its name alone.
_GUESSED: Final = frozenset(COLUMN_ROLES) - {"code", "ignore"}


def _unread_analytes(rows: Sequence[Row], place: int, habits: LabHabits) -> list[str]:
    """Return what the rows of a long table say was measured that means nothing to us."""
    named = dict.fromkeys(cells[place] for _, cells in rows if len(cells) > place)
    return [
        name
        for name in named
        if name and said_by([name], habits.columns).analyte is None
    ]


def _value_column(head: LabHead, place: int, habits: LabHabits) -> ValueColumn:
    said = head.said[place]
    analyte = str(said.analyte)
    # What the table says itself counts more than what was said of other tables.
    unit = "none" if analyte == "ph_water" else said.unit or habits.units.get(analyte)
    behind = head.said[place + 1 : place + 2]
    return ValueColumn(
        place,
        head.headers[place],
        analyte,
        unit,
        said.depths_cm,
        said.method,
        said.replicate,
        place + 1 if any(one.meaning == "unit" for one in behind) else None,
    )


def _code_column(head: LabHead, rows: Sequence[Row], knows: Knows) -> int | None:
    """Return the column of the bag: by its name; of several, or of none, by its cells."""
    named = [at for at, said in enumerate(head.said) if said.meaning == "code"]
    certain = [at for at in named if head.said[at].is_certain]
    if certain:
        return certain[0]
    if named:
        best = _most_known(named, rows, knows)
        return named[0] if best is None else best
    return _most_known(_not_understood(head), rows, knows, _MOSTLY)


def _not_understood(head: LabHead) -> list[int]:
    """Return the columns that have a name in this table, and no meaning.

    Bags may be called 1, 2, 3: a column that counts rows is not that of their labels.
    """
    names = zip(head.headers, head.said, strict=True)
    return [
        at
        for at, (name, said) in enumerate(names)
        if name and not said.meaning and not is_running_number(name)
    ]


#: More rows than this share have labels of bags in a column that is not called so.
_MOSTLY: Final = 0.4


def _most_known(
    places: Sequence[int], rows: Sequence[Row], knows: Knows, least: float = 0.0
) -> int | None:
    """Return the column with the most labels of bags; None where they are too few."""
    looked_at = [cells for _, cells in rows[:_LOOKED_AT]]
    known = {
        at: sum(len(cells) > at and knows(cells[at]) for cells in looked_at)
        for at in places
    }
    best = max(known, key=lambda at: known[at], default=None)
    is_enough = best is not None and known[best] > least * len(looked_at)
    return best if is_enough else None


def rows_of(layout: LabLayout) -> Iterator[Row]:
    """Return the rows below the header, at least as wide as it is."""
    width = len(layout.headers)
    for line, cells in layout.rows:
        yield line, [*cells, *[""] * (width - len(cells))]
