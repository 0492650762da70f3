"""What the properties of a collection are, as JSON Schema. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from server.reading.collections import Collection, ColumnKind, ReadColumn, Shape

_TYPES: Final[Mapping[ColumnKind, Mapping[str, str]]] = {
    ColumnKind.TEXT: {"type": "string"},
    ColumnKind.NUMBER: {"type": "number"},
    ColumnKind.WHOLE: {"type": "integer"},
    ColumnKind.FLAG: {"type": "boolean"},
    ColumnKind.DAY: {"type": "string", "format": "date"},
    ColumnKind.INSTANT: {"type": "string", "format": "date-time"},
}
_SHAPES: Final = {
    Shape.POINT: "geometry-point",
    Shape.AREA: "geometry-multipolygon",
}
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
#: What is no property of a feature: its id, and what became its place.
_APART: Final = frozenset({"id", "geometry"})


def column_schema(column: ReadColumn) -> dict[str, Any]:
    """Return the schema of the values of a column, but for null."""
    said = {"description": column.says} if column.says else {}
    return {**_TYPES[column.kind], **said}


def properties(collection: Collection) -> dict[str, Any]:
    """Return the schemas of the properties of a feature."""
    return {
        column.name: column_schema(column)
        for column in collection.columns
        if column.name not in _APART
    }


def queryables(
    collection: Collection, address: str, without: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Return the document of the columns that a request may ask for by their value."""
    found = {
        name: column_schema(column)
        for name, column in collection.filters.items()
        if name not in without
    }
    return {
        **_document(collection, address, found),
        "additionalProperties": False,
    }


def feature_schema(collection: Collection, address: str) -> dict[str, Any]:
    """Return the document of all properties of a feature, with its id and its place."""
    key = {"id": {"type": "string", "x-ogc-role": "id"}}
    return _document(collection, address, key | properties(collection))


def _document(
    collection: Collection, address: str, found: dict[str, Any]
) -> dict[str, Any]:
    place = {}
    if collection.shape in _SHAPES:
        place["geometry"] = {
            "format": _SHAPES[collection.shape],
            "x-ogc-role": "primary-geometry",
        }
    return {
        "$schema": _DIALECT,
        "$id": address,
        "type": "object",
        "title": collection.title,
        "properties": found | place,
    }
