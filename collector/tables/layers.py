"""From a row to a layer: the records it stands for, without their ids.

A cell that cannot be read rejects its row, with the column and what to do; what
values mean together is judged later, by the schemas.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final, NamedTuple

from collector.tables.cells import (
    DECIMALS,
    cell_error,
    column_names,
    depths,
    sampling_time,
    taken,
)
from collector.tables.mapping import CHAIN, RESULT_UNITS, TableMapping
from collector.tables.table import Rejection
from collector.tables.values import (
    CellError,
    Cells,
    Constant,
    Spec,
    columns,
    evaluate,
)
from schemas import limits
from schemas.evolve import reaction
from schemas.fields import Code, Integer, Number
from schemas.problems import Problem
from schemas.records import TYPES
from schemas.tables.cells import (
    is_below_detection,
    is_no_value,
    read_limit,
    read_number,
    refuse_code,
    refuse_number,
)
from schemas.tables.densities import to_g_cm3
from schemas.tables.lines import TableRow
from schemas.typed import Notation, read_flag, read_whole

#: What says nothing without a density, or without any mass.
_OF_DENSITY: Final = ("bulk_density_definition", "bulk_density_method")
_MASSES: Final = (
    "field_mass_g",
    "fine_dry_mass_g",
    "coarse_dry_mass_g",
    "bulk_density_g_cm3",
)


class TableLayer(NamedTuple):
    """One row as records that depend on each other, without ids.

    `left_out` tells the cells that say there is no value.
    """

    line: int
    day: date
    records: Mapping[str, Mapping[str, Any]]
    results: tuple[Mapping[str, Any], ...]
    left_out: tuple[Problem, ...] = ()


class LayerReader:
    """Reads the rows of one table; what rows say in the same cells is read once.

    Rows that are of the same plot, point, campaign or core share its fields.
    """

    def __init__(self, mapping: TableMapping) -> None:
        self._mapping = mapping
        dates = [rule.value for rule in mapping.dates]
        core = [*mapping.records["core"].values(), *dates]
        self._columns = {
            **{
                kind: _columns(specs.values())
                for kind, specs in mapping.records.items()
            },
            "core": _columns(core),
            "date": _columns(dates),
            "depth": _columns(mapping.depth.specs),
        }
        self._known: dict[tuple[object, ...], Any] = {}
        self._typed: dict[tuple[str, str, str], object] = {}

    def read(self, row: TableRow) -> TableLayer | Rejection:
        """Read one row; the first cell that cannot be read rejects it."""
        if row.refusal:
            refusal = row.refusal
            return Rejection(row.line, "", "", refusal.reason, refusal.hint)
        try:
            return self._layer(row)
        except CellError as error:
            said = error.column, error.value, error.reason, error.hint
            return Rejection(row.line, *said)

    def _layer(self, row: TableRow) -> TableLayer:
        mapping, cells = self._mapping, row.cells
        year = read_year(mapping.year, cells)
        when = self._once(
            "date", cells, year, lambda: sampling_time(mapping.dates, cells, year)
        )
        day: date = when[0]
        year = day.year if year is None else year
        reader = _RowReader(cells, year, mapping.file.notation, self._typed)
        records = {
            kind: reader.values(kind, mapping.records[kind])
            if kind == "sample"
            else self._shared(kind, reader, when)
            for kind in CHAIN
        }
        top, bottom = self._once(
            "depth",
            cells,
            year,
            lambda: depths(mapping.depth, cells, year, reader.notation),
        )
        records["sample"].update(depth_top_cm=top, depth_bottom_cm=bottom)
        _weigh(mapping, reader, records["sample"])
        found = [reader.result(specs) for specs in mapping.results]
        results = tuple(result for result in found if result is not None)
        return TableLayer(row.line, day, records, results, tuple(reader.left_out))

    def _shared(
        self, kind: str, reader: "_RowReader", when: tuple[date, str, str]
    ) -> dict[str, Any]:
        """Return the fields of what many rows are of; the time of a core is one of them."""

        def read() -> tuple[dict[str, Any], list[Problem]]:
            own = replace(reader, left_out=[])
            found = own.values(kind, self._mapping.records[kind])
            if kind == "core":
                _, sampled_at, precision = when
                found.update(sampled_at=sampled_at, sampled_precision=precision)
                found.setdefault("number", 1)
            return found, own.left_out

        fields: dict[str, Any]
        fields, left_out = self._once(kind, reader.cells, reader.year, read)
        reader.left_out.extend(left_out)
        return fields

    def _once(
        self,
        what: str,
        cells: Cells,
        year: int | None,
        read: Callable[[], Any],
    ) -> Any:  # noqa: ANN401 - whatever is read
        """Return what is read of some cells; what raises is read again each time."""
        key = (what, year, *map(cells.get, self._columns[what]))
        if key not in self._known:
            self._known[key] = read()
        return self._known[key]


def _columns(specs: Iterable[Spec | None]) -> list[str]:
    found = (name for spec in specs if spec is not None for name in columns(spec))
    return list(dict.fromkeys(found))


def columns_of(mapping: TableMapping) -> dict[tuple[str, str], str]:
    """Return (type, field) -> the column to look at when something is wrong."""
    found = {}
    named = [*mapping.records.items(), *(("result", r) for r in mapping.results)]
    for kind, specs in named:
        for name, spec in specs.items():
            found[kind, name] = column_names(spec)
    depth = column_names(*mapping.depth.specs)
    found["sample", "depth_top_cm"] = found["sample", "depth_bottom_cm"] = depth
    dates = column_names(*(rule.value for rule in mapping.dates))
    found["core", "sampled_at"] = dates
    if mapping.soil_weight is not None:
        weight = column_names(mapping.soil_weight)
        found["sample", "bulk_density_g_cm3"] = weight
    return found


def read_year(spec: Spec | None, cells: Cells) -> int | None:
    """Return the year of a row where the mapping has one; raises `CellError`."""
    text = None if spec is None else evaluate(spec, cells, None)
    if spec is None or text is None:
        return None
    year = read_whole(str(text))
    if isinstance(year, int):
        return year
    raise CellError(column_names(spec), str(text), "not a year", "write it as 1959")


@dataclass(frozen=True, slots=True)
class _RowReader:
    """Reads the cells of one row; what says that there is no value is left out."""

    cells: Cells
    year: int | None
    notation: Notation
    typed: dict[tuple[str, str, str], object]  # texts of the mapping, for all rows
    left_out: list[Problem] = field(default_factory=list)

    def values(self, kind: str, specs: Mapping[str, Spec]) -> dict[str, Any]:
        """Return the fields of one record."""
        found = {}
        for name, spec in specs.items():
            if isinstance(spec, Constant) and isinstance(spec.value, str):
                value = self._constant(kind, name, spec)
            else:
                value = self._value(kind, name, spec)
            if value is not None:
                found[name] = value
        return found

    def _constant(self, kind: str, name: str, spec: Constant) -> object:
        """Return a text that the mapping says itself, read once unless it is left out."""
        key = kind, name, spec.value
        if key in self.typed:
            return self.typed[key]
        value = self._value(kind, name, spec)
        if value is not None:
            self.typed[key] = value
        return value

    def _value(self, kind: str, name: str, spec: Spec) -> object:
        value = evaluate(spec, self.cells, self.year)
        if name == "carbonate_class" and value is not None:
            # Tables often only say whether the soil fizzes.
            value = reaction(read_flag(str(value)))
        return self._typed(kind, name, spec, value) if isinstance(value, str) else value

    def result(self, specs: Mapping[str, Spec]) -> dict[str, Any] | None:
        """Return one result, None where the cell has no value."""
        rest = {name: spec for name, spec in specs.items() if name != "value"}
        found = self.values("result", rest)
        spec = specs["value"]
        value = evaluate(spec, self.cells, self.year)
        if value is None:
            return None
        text = str(value)
        if is_below_detection(text):
            if found.get("detection_limit") is None:
                self._leave_out("below_unknown_limit", spec, text)
                return None
            found["censored"] = "<"
        elif text.startswith("<"):
            limit = taken(read_limit(text, self.notation), spec, text)
            found.update(censored="<", detection_limit=limit)
        elif text.startswith(">"):
            self._leave_out("above_limit", spec, text)
            return None
        elif is_no_value(text):
            self._leave_out("no_value_yet", spec, text)
            return None
        else:
            found["value"] = taken(read_number(text, self.notation), spec, text)
        found["unit"] = RESULT_UNITS.get(found.get("unit", ""), found.get("unit"))
        found.setdefault("replicate", 1)
        return found

    def _typed(self, kind: str, name: str, spec: Spec, text: str) -> object:
        of_type = TYPES[kind].fields[name]
        if isinstance(of_type, Code):
            self._check_code(kind, spec)
        value = of_type.read(text, self.notation)
        if not isinstance(value, str) or not isinstance(of_type, Number | Integer):
            return value
        if not of_type.required and is_no_value(text):
            self._leave_out("no_value_yet", spec, text)
            return None
        raise cell_error(refuse_number(text, self.notation), text, spec)

    def _check_code(self, kind: str, spec: Spec) -> None:
        for column in columns(spec):
            text = self.cells.get(column) or ""
            refused = refuse_code(text, may_be_month=kind == "campaign")
            if refused:
                raise CellError(column, text, refused.reason, refused.hint)

    def _leave_out(self, code: str, spec: Spec, text: str) -> None:
        self.left_out.append(Problem(code, column_names(spec), text))


def _weigh(mapping: TableMapping, reader: _RowReader, sample: dict[str, Any]) -> None:
    """Find the density in g/cm3, also from a soil weight; drop what needs one."""
    density = sample.get("bulk_density_g_cm3")
    if isinstance(density, int | float):
        given = mapping.records["sample"]["bulk_density_g_cm3"]
        limits_g_cm3 = limits.BULK_DENSITY_WHOLE_G_CM3
        found = to_g_cm3(density, mapping.density_unit, limits_g_cm3)
        sample["bulk_density_g_cm3"] = taken(found, given, f"{density:g}")
    spec = mapping.soil_weight
    text = None if spec is None else evaluate(spec, reader.cells, reader.year)
    thickness = sample["depth_bottom_cm"] - sample["depth_top_cm"]
    if spec is not None and text is not None and thickness > 0:
        weight = taken(read_number(str(text), reader.notation), spec, text)
        density = weight * mapping.weight_scale / thickness
        sample["bulk_density_g_cm3"] = round(density, DECIMALS)
    if "bulk_density_g_cm3" not in sample:
        for name in _OF_DENSITY:
            sample.pop(name, None)
    if not any(name in sample for name in _MASSES):
        sample.pop("mass_moisture", None)
