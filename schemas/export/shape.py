"""The tables of an export: one for each record type, and views that join names. Pure.

Columns are those of the record types, in their order, and stay: a new schema version adds
columns behind the others. Every id has its name beside it in the view.
"""

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from schemas.fields import Flag, Integer, Number
from schemas.records import TYPES

#: A type of SQLite for each column.
Columns = Mapping[str, type]


class ExportTable(NamedTuple):
    """One table: where its rows come from, its columns, what they refer to."""

    name: str
    record_type: str
    columns: Columns
    refers: Mapping[str, str]  # column -> table


def _kind(field: object) -> type:
    if isinstance(field, Number):
        return float
    return int if isinstance(field, Integer | Flag) else str


def plural(record_type: str) -> str:
    """Return the name of the table of a type.

    >>> plural("plot"), plural("practice")
    ('plots', 'practices')
    """
    return f"{record_type}s"


def _table(record_type: str) -> ExportTable:
    fields = TYPES[record_type].fields
    columns: dict[str, type] = {"id": str, "project_id": str}
    columns |= {name: _kind(field) for name, field in fields.items()}
    refers = {
        name: plural(target) for name, target in TYPES[record_type].references.items()
    }
    if record_type not in {"project", "organisation"}:
        refers["project_id"] = "projects"
    return ExportTable(plural(record_type), record_type, columns, refers)


RECORDS: Final = tuple(_table(record_type) for record_type in TYPES)
#: What derived rows tell besides the whole row as JSON.
_STOCK: Final[Columns] = {
    "plot": str,
    "campaign": str,
    "point": str,
    "depth_cm": float,
    "soc_stock_t_ha": float,
    "esm_stock_t_ha": float,
    "reference_mass_t_ha": float,
    "fine_mass_t_ha": float,
    "covered_to_cm": float,
    "reasons": str,
}
_CHANGE: Final[Columns] = {
    "plot": str,
    "from_campaign": str,
    "to_campaign": str,
    "from_date": str,
    "to_date": str,
    "depth_cm": float,
    "design": str,
    "points_sampled": int,
    "n0": int,
    "n1": int,
    "stock0_t_ha": float,
    "stock1_t_ha": float,
    "change_t_ha": float,
    "se_t_ha": float,
    "change_ci95_low_t_ha": float,
    "change_ci95_high_t_ha": float,
    "years": float,
    "rate_permille_year": float,
    "rate_ci95_low_permille_year": float,
    "rate_ci95_high_permille_year": float,
    "verdict_zero": str,
    "verdict_4permille": str,
    "reasons": str,
}
_TREND: Final[Columns] = {
    "plot": str,
    "from_campaign": str,
    "to_campaign": str,
    "campaigns": int,
    "depth_cm": float,
    "n": int,
    "slope_t_ha_year": float,
    "reasons": str,
}
_OWN: Final[Columns] = {"id": str, "project_id": str}
DERIVED: Final = tuple(
    ExportTable(name, kind, {**_OWN, **columns, "row": str}, {"project_id": "projects"})
    for name, kind, columns in (
        ("stocks", "stock", _STOCK),
        ("changes", "change", _CHANGE),
        ("trends", "trend", _TREND),
    )
)
#: What waits for a person, and who said what: whole values are JSON.
_CONFLICT: Final[Columns] = {
    "type": str,
    "record_id": str,
    "field_group": str,
    "status": str,
    "first_value": str,
    "other_value": str,
    "person": str,
    "device": str,
    "at": str,
    "settled_by": str,
    "settled_at": str,
    "reason": str,
    "chosen": str,
}
_QUARANTINED: Final[Columns] = {
    "type": str,
    "record_id": str,
    "status": str,
    "codes": str,
    "problems": str,
    "fields": str,
    "person": str,
    "device": str,
    "at": str,
    "reason": str,
}
WAITING: Final = tuple(
    ExportTable(name, kind, {**_OWN, **columns}, {"project_id": "projects"})
    for name, kind, columns in (
        ("conflicts", "conflict", _CONFLICT),
        ("quarantine", "quarantined", _QUARANTINED),
    )
)
TABLES: Final = (*RECORDS, *DERIVED, *WAITING)
#: The flat table of layers, which is a view: its numbers.
_LAYERS: Final[Columns] = {
    "core_number": int,
    "top_cm": float,
    "bottom_cm": float,
    "soc_g_kg": float,
    "soc_readings": int,
    "bulk_density_g_cm3": float,
    "coarse_fragments_pct": float,
    "fine_dry_mass_g": float,
    "coarse_dry_mass_g": float,
    "volume_cm3": float,
    "inner_diameter_mm": float,
    "lon": float,
    "lat": float,
}
#: An interval becomes two columns.
_ENDS: Final = {
    "change_ci95_t_ha": ("change_ci95_low_t_ha", "change_ci95_high_t_ha"),
    "rate_ci95_permille_year": (
        "rate_ci95_low_permille_year",
        "rate_ci95_high_permille_year",
    ),
}


def kinds_of(table: str) -> Columns:
    """Return the types of the columns of a table; those of names are texts.

    >>> kinds_of("plots")["area_ha"], kinds_of("layers")["top_cm"]
    (<class 'float'>, <class 'float'>)
    """
    found: Columns = next((one.columns for one in TABLES if one.name == table), _LAYERS)
    return {"core_number": int, **found}


def record_row(
    table: ExportTable, project_id: str, record_id: str, fields: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the row of a record."""
    row = {"id": record_id, "project_id": project_id}
    return row | {
        name: _plain(fields.get(name)) for name in table.columns if name not in row
    }


def derived_rows(
    table: ExportTable, project_id: str, record_id: str, fields: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return the rows of a derived record: stocks have one for each point."""
    found = fields.get("points") or [fields.get(table.record_type)]
    rows = []
    for number, one in enumerate(filter(None, found), start=1):
        parsed: dict[str, Any] = json.loads(one) if isinstance(one, str) else dict(one)
        for name, (low, high) in _ENDS.items():
            ends = parsed.get(name) or (None, None)
            parsed |= {low: ends[0], high: ends[1]}
        own = {"id": f"{record_id}-{number}", "project_id": project_id}
        rows.append(
            own
            | {n: _plain(parsed.get(n)) for n in table.columns if n not in own}
            | {"row": json.dumps(one, ensure_ascii=False, sort_keys=True)}
        )
    return rows


def _plain(value: object) -> object:
    """Return a value that SQLite takes: reasons as words, other lists as JSON."""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        words = all(" " not in each for each in value)
        return " ".join(value) if words else json.dumps(value, ensure_ascii=False)
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return int(value) if isinstance(value, bool) else value
