"""From a row to a layer: the records it stands for, without their ids.

A cell that cannot be read rejects its row, with the column and what to do; what
values mean together is judged later, by the schemas.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from collector.tables.cells import DECIMALS, depths, number, sampling_time
from collector.tables.mapping import CHAIN, RESULT_UNITS, TableMapping
from collector.tables.table import Rejection, TableRow
from collector.tables.values import CellError, Cells, Spec, columns, evaluate
from schemas import fields as kinds
from schemas.records import TYPES

#: What says nothing without a density, or without any mass.
_OF_DENSITY: Final = ("bulk_density_definition", "bulk_density_method")
_MASSES: Final = (
    "field_mass_g",
    "fine_dry_mass_g",
    "coarse_dry_mass_g",
    "bulk_density_g_cm3",
)
#: Tables often only say whether the soil fizzes.
_REACTION: Final = {"true": "present", "yes": "present", "false": "none", "no": "none"}


@dataclass(frozen=True, slots=True)
class TableLayer:
    """One row as records that depend on each other, without ids."""

    line: int
    day: date
    records: Mapping[str, Mapping[str, Any]]
    results: tuple[Mapping[str, Any], ...]


def read_layer(row: TableRow, mapping: TableMapping) -> TableLayer | Rejection:
    """Read one row; the first cell that cannot be read rejects it."""
    try:
        return _layer(row, mapping)
    except CellError as error:
        return Rejection(row.line, error.column, error.value, error.reason, error.hint)


def _layer(row: TableRow, mapping: TableMapping) -> TableLayer:
    cells = row.cells
    year = _year(mapping.year, cells)
    day, sampled_at, precision = sampling_time(mapping.dates, cells, year)
    year = day.year if year is None else year
    decimal = mapping.file.decimal
    records = {
        kind: _values(kind, mapping.records[kind], cells, year, decimal)
        for kind in CHAIN
    }
    records["core"].update(sampled_at=sampled_at, sampled_precision=precision)
    records["core"].setdefault("number", 1)
    top, bottom = depths(mapping.depth, cells, year, decimal)
    records["sample"].update(depth_top_cm=top, depth_bottom_cm=bottom)
    _weigh(mapping, cells, year, records["sample"])
    results = tuple(
        found
        for specs in mapping.results
        if (found := _result(specs, cells, year, decimal)) is not None
    )
    return TableLayer(row.line, day, records, results)


def columns_of(mapping: TableMapping) -> dict[tuple[str, str], str]:
    """Return (type, field) -> the column to look at when something is wrong."""
    found = {}
    named = [*mapping.records.items(), *(("result", r) for r in mapping.results)]
    for kind, specs in named:
        for name, spec in specs.items():
            found[kind, name] = ", ".join(dict.fromkeys(columns(spec)))
    depth = ", ".join(c for spec in mapping.depth.specs for c in columns(spec))
    found["sample", "depth_top_cm"] = found["sample", "depth_bottom_cm"] = depth
    dates = (c for rule in mapping.dates for c in columns(rule.value))
    found["core", "sampled_at"] = ", ".join(dict.fromkeys(dates))
    if mapping.soil_weight is not None:
        weight = ", ".join(columns(mapping.soil_weight))
        found["sample", "bulk_density_g_cm3"] = weight
    return found


def _year(spec: Spec | None, cells: Cells) -> int | None:
    text = None if spec is None else evaluate(spec, cells, None)
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        column = ", ".join(columns(spec)) if spec else ""
        raise CellError(column, str(text), "not a year", "write it as 1959") from None


def _values(
    kind: str,
    specs: Mapping[str, Spec],
    cells: Cells,
    year: int | None,
    decimal: str,
) -> dict[str, Any]:
    found = {}
    for name, spec in specs.items():
        value = evaluate(spec, cells, year)
        if name == "carbonate_class":
            value = _REACTION.get(str(value).lower(), value)
        if isinstance(value, str):
            value = _typed(TYPES[kind].fields[name], spec, value, decimal)
        if value is not None:
            found[name] = value
    return found


def _typed(field_: kinds.PlainField, spec: Spec, text: str, decimal: str) -> Any:  # noqa: ANN401 - JSON
    match field_:
        case kinds.Number():
            return number(text, decimal, spec)
        case kinds.Integer():
            value = number(text, decimal, spec)
            return int(value) if value == int(value) else value
        case kinds.Flag():
            return {"true": True, "yes": True, "false": False, "no": False}.get(
                text.lower(), text
            )
        case kinds.NameSet():
            return [name.strip() for name in text.split(";") if name.strip()]
        case _:
            return text


def _weigh(
    mapping: TableMapping, cells: Cells, year: int | None, sample: dict[str, Any]
) -> None:
    """Find the density from a soil weight; drop what needs a density without one."""
    spec = mapping.soil_weight
    text = None if spec is None else evaluate(spec, cells, year)
    thickness = sample["depth_bottom_cm"] - sample["depth_top_cm"]
    if spec is not None and text is not None and thickness > 0:
        weight = number(str(text), mapping.file.decimal, spec)
        density = weight * mapping.weight_scale / thickness
        sample["bulk_density_g_cm3"] = round(density, DECIMALS)
    if "bulk_density_g_cm3" not in sample:
        for name in _OF_DENSITY:
            sample.pop(name, None)
    if not any(name in sample for name in _MASSES):
        sample.pop("mass_moisture", None)


def _result(
    specs: Mapping[str, Spec], cells: Cells, year: int | None, decimal: str
) -> dict[str, Any] | None:
    rest = {name: spec for name, spec in specs.items() if name != "value"}
    found = _values("result", rest, cells, year, decimal)
    value = evaluate(specs["value"], cells, year)
    if value is None:
        return None
    text = str(value)
    if text.startswith("<"):
        limit = number(text[1:].strip(), decimal, specs["value"])
        found.update(censored="<", detection_limit=limit)
    else:
        found["value"] = number(text, decimal, specs["value"])
    found["unit"] = RESULT_UNITS.get(found.get("unit", ""), found.get("unit"))
    found.setdefault("replicate", 1)
    return found
