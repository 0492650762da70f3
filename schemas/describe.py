"""The record types as data: what the generated reference and the golden file say."""

from typing import Any

from schemas import limits, rules
from schemas import vocabulary as v
from schemas.countries import COUNTRIES
from schemas.records import TYPES, RecordType


def contract() -> dict[str, Any]:
    """Return what a schema version promises: a laptop of that version builds on it.

    Words and concept IRIs are not part of it; they may be bettered any time.
    """
    return {
        "types": {name: _type(kind) for name, kind in TYPES.items()},
        "vocabularies": {codes.name: list(codes.codes) for codes in v.ALL},
        "countries": sorted(COUNTRIES),
        "units": {
            analyte: {unit: list(bounds) for unit, bounds in units.items()}
            for analyte, units in rules.UNITS.items()
        },
        "year": list(limits.YEAR_RANGE),
    }


def _type(kind: RecordType) -> dict[str, Any]:
    return {
        "key": list(kind.key),
        "parent": kind.parent or None,
        "fields": {name: _field(name, kind) for name in kind.fields},
    }


def _field(name: str, kind: RecordType) -> dict[str, Any]:
    field = kind.fields[name]
    return {
        "kind": type(field).__name__,
        "required": field.required,
        "class": str(field.field_class),
        "group": kind.groups[name],
        **field.bounds(),
    }
