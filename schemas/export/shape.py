"""The tables of an export: one for each record type, and views that join names. Pure.

Columns are those of the record types, in their order, and stay: a new schema version adds
columns behind the others. Every id has its name beside it in the view.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from schemas.export.cells import plain
from schemas.fields import Flag, Integer, Number
from schemas.records import TYPES, label
from schemas.vocabulary import ALL

#: A type of SQLite for each column.
Columns = Mapping[str, type]


class ExportRecord(NamedTuple):
    """One live record, derived ones too; of a deletion the type is `deleted`.

    `changed` is false for what stands beside the changes of an export `--since`.
    """

    project_id: str
    record_type: str
    record_id: str
    fields: Mapping[str, Any]
    changed: bool = True


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

    >>> plural("plot"), plural("practice"), plural("batch")
    ('plots', 'practices', 'batches')
    """
    return f"{record_type}{'es' if record_type.endswith('ch') else 's'}"


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
#: The record type of each table of records.
TYPE_OF: Final = {table.name: table.record_type for table in RECORDS}
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
#: The record that a derived row is of, and the campaigns it is about.
_OF: Final[Mapping[str, Columns]] = {
    "stock": {"record_id": str, "campaign_id": str},
    "change": {"record_id": str, "from_campaign_id": str, "to_campaign_id": str},
    "trend": {"record_id": str},
}
DERIVED: Final = tuple(
    ExportTable(
        name,
        kind,
        {**_OWN, **columns, "row": str, **_OF[kind]},
        {"project_id": "projects"},
    )
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
_ATTACHMENT: Final[Columns] = {
    "type": str,
    "record_id": str,
    "record": str,
    "sha256": str,
    "size": int,
    "mime": str,
    "name": str,
    "taken_at": str,
    "lon": float,
    "lat": float,
}
#: Besides records: their files, what was deleted, what codes mean.
BESIDE: Final = (
    ExportTable(
        "attachments",
        "attachment",
        {**_OWN, **_ATTACHMENT},
        {"project_id": "projects"},
    ),
    ExportTable(
        "reference_masses",
        "reference_mass",
        {**_OWN, "plot_id": str, "setting": str, "mass": str},
        {"project_id": "projects", "plot_id": "plots"},
    ),
    ExportTable("deleted", "deleted", {**_OWN, "type": str, "parent_id": str}, {}),
    ExportTable("codes", "code", {"id": str, "list": str, "code": str, "iri": str}, {}),
    # The campaign that equal mass is counted from; its id is that of the plot.
    ExportTable(
        "plot_baselines",
        "plot_baseline",
        {"id": str, "campaign_id": str},
        {"id": "plots", "campaign_id": "campaigns"},
    ),
)
TABLES: Final = (*RECORDS, *DERIVED, *WAITING, *BESIDE)
#: An interval becomes two columns.
_ENDS: Final = {
    "change_ci95_t_ha": ("change_ci95_low_t_ha", "change_ci95_high_t_ha"),
    "rate_ci95_permille_year": (
        "rate_ci95_low_permille_year",
        "rate_ci95_high_permille_year",
    ),
}


#: Columns of views that hold numbers, whatever view they are in.
_OF_VIEWS: Final[Columns] = {
    **dict.fromkeys(
        (
            *("top_cm", "bottom_cm", "soc_g_kg", "bd_fine_g_cm3", "bulk_density_g_cm3"),
            *("coarse_fragments_pct", "fine_dry_mass_g", "coarse_dry_mass_g"),
            *("volume_cm3", "inner_diameter_mm", "lon", "lat", "area_ha", "accuracy_m"),
            *("Upper_cm", "Lower_cm", "SOC_pct", "SOM_pct", "BD_g_cm3", "SOC_g_kg"),
            *("longitude", "latitude", "positional_uncertainty_m", "upper_depth"),
            *("lower_depth", "value", "detection_limit", "planned_lon", "planned_lat"),
            *("sampled_lon", "sampled_lat", "composite_radius_m", "depth_reached_cm"),
            *("fine_soil_mass_t_ha", "soc_stock_t_ha", "esm_stock_t_ha", "years"),
            *("depth_cm", "stock0_t_ha", "stock0_se_t_ha", "stock1_t_ha"),
            *("stock1_se_t_ha", "change_t_ha", "se_t_ha", "df", "change_t_co2e"),
            *("change_ci95_low_t_ha", "change_ci95_high_t_ha", "reference_mass_t_ha"),
            *("fine_mass_t_ha", "covered_to_cm"),
        ),
        float,
    ),
    **dict.fromkeys(
        (
            "soc_readings",
            "cores_composited",
            "replicate",
            "n0",
            "n1",
            "cores",
            "core_number",
        ),
        int,
    ),
}


def kinds_of(table: str) -> Columns:
    """Return the types of the columns of a table; those of names are texts.

    >>> kinds_of("plots")["area_ha"], kinds_of("layers")["top_cm"]
    (<class 'float'>, <class 'float'>)
    """
    found: Columns = next((one.columns for one in TABLES if one.name == table), {})
    return {**_OF_VIEWS, **found}


def record_row(
    table: ExportTable, project_id: str, record_id: str, fields: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the row of a record."""
    row = {"id": record_id, "project_id": project_id}
    return row | {
        name: plain(fields.get(name)) for name in table.columns if name not in row
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
            | {n: _said(parsed.get(n)) for n in table.columns if n not in own}
            | {"row": json.dumps(one, ensure_ascii=False, sort_keys=True)}
            | {n: fields.get(n) for n in _OF[table.record_type]}
            | {"record_id": record_id}
        )
    return rows


def _said(value: object) -> Any:  # noqa: ANN401 - what SQLite takes
    """Return a cell of a figure; a list of nothing says nothing."""
    return None if value == [] else plain(value)


def attachment_rows(record: ExportRecord) -> Iterator[dict[str, Any]]:
    """Return a row for each file that a record names."""
    for file in record.fields.get("attachments") or ():
        yield {
            "id": f"{record.record_id}/{file['sha256']}",
            "project_id": record.project_id,
            "type": record.record_type,
            "record_id": record.record_id,
            "record": label(record.record_type, record.fields),
            **{name: file.get(name) for name in list(_ATTACHMENT)[3:]},
        }


def code_rows() -> Iterator[dict[str, Any]]:
    """Return a row for each code of each closed list."""
    for vocabulary in ALL:
        for code, iri in vocabulary.codes.items():
            name = vocabulary.name
            yield {"id": f"{name}/{code}", "list": name, "code": code, "iri": iri}
