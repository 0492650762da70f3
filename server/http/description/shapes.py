"""The shapes of bodies: messages and records from their schemas, the rest by hand."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema
from marshmallow import fields as wire

from schemas import message_shapes
from schemas.json_schema import json_schema
from schemas.judging import RecordField, schema_of
from schemas.records import TYPES
from schemas.wire_values import shape_of
from server.http.ogc import api

_ID: Final = {"type": "string", "format": "uuid"}
_COUNT: Final = {"type": "integer", "minimum": 0}
_TEXT: Final = {"type": "string"}
#: Shapes that are not made of fields; those of OGC are the ones of its own description.
_BY_HAND: Final[Mapping[str, Mapping[str, Any]]] = {
    **api.SCHEMAS,
    "Text": _TEXT,
    "Health": {
        "type": "object",
        "required": ["status", "version", "protocol"],
        "properties": {"status": _TEXT, "version": _TEXT, "protocol": _COUNT},
    },
    "Buckets": {
        "type": "object",
        "required": ["buckets"],
        "properties": {
            "buckets": {
                "type": "object",
                "propertyNames": {"pattern": "^[0-9a-f]{2}$"},
                "additionalProperties": {
                    "type": "array",
                    "prefixItems": [_COUNT, {"type": "string"}],
                },
            }
        },
    },
    "RepairEnd": {
        "type": "object",
        "required": ["k", "epoch"],
        "properties": {"k": {"type": "string", "enum": ["end"]}, "epoch": _ID},
    },
    "Feature": {
        "type": "object",
        "required": ["type", "id", "geometry", "properties"],
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "id": _TEXT,
            "geometry": {"type": ["object", "null"]},
            "properties": {"type": "object"},
            "links": {"type": "array", "items": {"$ref": "#/components/schemas/link"}},
        },
    },
    "FeaturePage": {
        "type": "object",
        "required": ["type", "features", "links"],
        "properties": {
            "type": {"type": "string", "enum": ["FeatureCollection"]},
            "features": {
                "type": "array",
                "items": {"$ref": "#/components/schemas/Feature"},
            },
            "numberMatched": _COUNT,
            "numberReturned": _COUNT,
            "timeStamp": {"type": "string", "format": "date-time"},
            "links": {"type": "array", "items": {"$ref": "#/components/schemas/link"}},
        },
    },
    "RowPage": {
        "type": "object",
        "required": ["@odata.context", "value"],
        "properties": {
            "@odata.context": _TEXT,
            "@odata.count": _COUNT,
            "@odata.nextLink": _TEXT,
            "value": {"type": "array", "items": {"type": "object"}},
        },
    },
    "ODataError": {
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {"code": _TEXT, "message": _TEXT, "target": _TEXT},
            }
        },
    },
}


def message_classes() -> Iterator[type[Schema]]:
    """Return every message of the protocol."""
    for name, found in vars(message_shapes).items():
        if not isinstance(found, type) or not issubclass(found, Schema):
            continue
        if found.__module__ == message_shapes.__name__ and not name.startswith("_"):
            yield found


def add_shapes(spec: APISpec, plugin: MarshmallowPlugin) -> None:
    """Add every shape: a new field or message is there by itself."""
    assert plugin.converter is not None
    plugin.converter.add_attribute_function(_own_shape)  # type: ignore[no-untyped-call] # apispec has no type there
    for kind in (*message_classes(), *map(schema_of, TYPES)):
        if kind.__name__ not in spec.components.schemas:
            spec.components.schema(kind.__name__, schema=kind)
    for name, shape in _BY_HAND.items():
        spec.components.schema(name, dict(shape))


def _own_shape(
    _converter: object, field: wire.Field[Any], *, ret: dict[str, Any], **_: object
) -> dict[str, Any]:
    """Return what our own fields and checks take, which apispec cannot know."""
    if isinstance(field, RecordField):
        return json_schema(field.plain)
    if isinstance(field, wire.Dict):
        # It takes the number of keys for the length of a text.
        return {
            f"{end}Properties": ret.pop(f"{end}Length")
            for end in ("min", "max")
            if f"{end}Length" in ret
        }
    found = shape_of(field)
    if found and field.allow_none:
        return {"anyOf": [found, {"type": "null"}]}
    return found
