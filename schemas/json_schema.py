"""Fields of records as JSON Schema, from what they take. Pure."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from schemas import limits
from schemas import vocabulary as v
from schemas.attachments import Attachments
from schemas.explained import Explanations
from schemas.fields import (
    Choice,
    Code,
    Country,
    Day,
    Flag,
    Geometry,
    Id,
    Instant,
    Integer,
    Number,
    PlainField,
    Text,
)
from schemas.lists import Depths, NameSet, StratumAreas
from schemas.questions.field import Questions

JsonSchema = dict[str, Any]

_TEXT: Final = {"type": "string", "minLength": 1}


def json_schema(field: PlainField) -> JsonSchema:
    """Return what a field takes, null where it may be empty.

    Examples
    --------
    >>> json_schema(Number(0, 100, low_open=True, required=True))
    {'type': 'number', 'exclusiveMinimum': 0, 'maximum': 100}
    """
    found = _shape_of(field)
    if field.allow_none:
        found["type"] = [found["type"], "null"]
        if "enum" in found:
            found["enum"] = [*found["enum"], None]
    return {**found, "description": field.help} if field.help else found


def _shape_of(field: PlainField) -> JsonSchema:
    kind = next(each for each in type(field).__mro__ if each in _SHAPES)
    return _SHAPES[kind](field)


def _number(field: PlainField) -> JsonSchema:
    bounds = field.bounds()
    low = "exclusiveMinimum" if bounds.get("low_open") else "minimum"
    high = "exclusiveMaximum" if bounds.get("high_open") else "maximum"
    kind = "integer" if isinstance(field, Integer) else "number"
    return {"type": kind, low: bounds["low"], high: bounds["high"]}


def _choice(field: PlainField) -> JsonSchema:
    assert isinstance(field, Choice)
    return {"type": "string", "enum": list(field.codes.codes)}


def _text(field: PlainField) -> JsonSchema:
    return {**_TEXT, "maxLength": field.bounds()["most"]}


def _areas(_: PlainField) -> JsonSchema:
    area = _number(Number(0, limits.AREA_MAX_HA, low_open=True))
    return {
        "type": "object",
        "minProperties": 1,
        "maxProperties": limits.SET_ITEMS,
        "additionalProperties": area,
    }


def _depths(_: PlainField) -> JsonSchema:
    depth = _number(Number(0, limits.DEPTH_MAX_CM, low_open=True))
    return {
        "type": "array",
        "minItems": 1,
        "maxItems": limits.SET_ITEMS,
        "items": depth,
    }


def _files(field: PlainField) -> JsonSchema:
    file = {
        "type": "object",
        "required": ["sha256", "size", "mime", "name"],
        "properties": {
            "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "size": _number(Integer(1, limits.ATTACHMENT_BYTES)),
            "mime": _choice(Choice(v.ATTACHMENT_TYPE)),
            "name": _text(Text()),
            "taken_at": _instant(field),
            "lon": _number(Number(-180, 180)),
            "lat": _number(Number(-90, 90)),
        },
    }
    return {"type": "array", "maxItems": field.bounds()["items"], "items": file}


def _lines(field: PlainField) -> JsonSchema:
    bounds = field.bounds()
    line = {**_TEXT, "maxLength": bounds["most"]}
    return {"type": "array", "maxItems": bounds["items"], "items": line}


def _area(_: PlainField) -> JsonSchema:
    return {
        "type": "object",
        "required": ["type", "coordinates"],
        "properties": {
            "type": {"type": "string", "enum": ["Polygon", "MultiPolygon"]},
            "coordinates": {"type": "array"},
        },
    }


def _questions(field: PlainField) -> JsonSchema:
    bounds = field.bounds()
    question = {
        "type": "object",
        "required": ["name", "type"],
        "properties": {
            "name": _text(Code()),
            "type": {"type": "string", "enum": bounds["kinds"]},
        },
    }
    return {"type": "array", "maxItems": bounds["items"], "items": question}


def _instant(_: PlainField) -> JsonSchema:
    return {"type": "string", "format": "date-time"}


_SHAPES: Final[Mapping[type, Callable[[PlainField], JsonSchema]]] = {
    Text: _text,
    Code: _text,
    Number: _number,
    Integer: _number,
    Flag: lambda _: {"type": "boolean"},
    Choice: _choice,
    Country: lambda _: {"type": "string", "pattern": "^[A-Z]{2}$"},
    Day: lambda _: {"type": "string", "format": "date"},
    Instant: _instant,
    Id: lambda _: {"type": "string", "format": "uuid"},
    Geometry: _area,
    NameSet: _lines,
    StratumAreas: _areas,
    Depths: _depths,
    Questions: _questions,
    Attachments: _files,
    Explanations: _lines,
}
