"""The description of OGC API - Features as OpenAPI 3.0, one path for each address. Pure."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from yarl import URL

from schemas.version import __version__
from server.http.ogc import documents, schema
from server.http.ogc.parameters import (
    CRS84,
    DEFAULT_LIMIT,
    FORMATS,
    GEO_FORMATS,
    MOST_ITEMS,
)
from server.reading.collections import COLLECTIONS, Collection, Shape

Described = dict[str, Any]

_REFUSALS: Final = {
    "400": "a parameter is unknown or has a value that it cannot take",
    "401": "no token, or one that is not known, expired or revoked",
    "404": "there is no such thing that the token may read",
    "429": "too many requests at once, or too many wrong tokens",
    "503": "the tables for readers are being made: try again",
}
_FORMAT: Final = {
    "name": "f",
    "in": "query",
    "description": "the format: JSON",
    "schema": {"type": "string", "enum": [*FORMATS]},
}
_GEO_FORMAT: Final = {
    **_FORMAT,
    "schema": {"type": "string", "enum": [*GEO_FORMATS]},
}


def _crs(name: str) -> Described:
    return {
        "name": name,
        "in": "query",
        "description": "the system of coordinates",
        "schema": {"type": "string", "enum": [CRS84], "default": CRS84},
    }


_PARAMETERS: Final[Mapping[str, Described]] = {
    "limit": {
        "name": "limit",
        "in": "query",
        "description": "features of one page; more are cut to the most",
        "schema": {
            "type": "integer",
            "minimum": 1,
            "maximum": MOST_ITEMS,
            "default": DEFAULT_LIMIT,
        },
        "style": "form",
        "explode": False,
    },
    "bbox": {
        "name": "bbox",
        "in": "query",
        "description": "west, south, east, north in degrees; heights are let pass",
        "schema": {
            "type": "array",
            "minItems": 4,
            "maxItems": 6,
            "items": {"type": "number"},
        },
        "style": "form",
        "explode": False,
    },
    "datetime": {
        "name": "datetime",
        "in": "query",
        "description": "a time, a day, or an interval: A/B, A/.., ../B",
        "schema": {"type": "string"},
        "style": "form",
        "explode": False,
    },
    "offset": {
        "name": "offset",
        "in": "query",
        "description": "features that are passed over; the link next is stable, too,"
        " while records arrive",
        "schema": {"type": "integer", "minimum": 0, "default": 0},
        "style": "form",
        "explode": False,
    },
    "after": {
        "name": "after",
        "in": "query",
        "description": "the id after which the page begins, from the link next",
        "schema": {"type": "string"},
    },
    "crs": _crs("crs"),
    "bbox-crs": _crs("bbox-crs"),
}
_LINKS: Final = {"type": "array", "items": {"$ref": "#/components/schemas/link"}}
_GEOMETRY: Final = {
    "type": "object",
    "nullable": True,
    "required": ["type", "coordinates"],
    "properties": {
        "type": {"type": "string"},
        "coordinates": {"type": "array", "items": {}},
    },
}
#: The shapes of documents, by what they are.
SCHEMAS: Final[Mapping[str, Described]] = {
    "link": {
        "type": "object",
        "required": ["href", "rel"],
        "properties": {
            name: {"type": "string"} for name in ("href", "rel", "type", "title")
        },
    },
    "landing": {
        "type": "object",
        "required": ["links"],
        "properties": {
            "title": {"type": "string"},
            "description": {"type": "string"},
            "links": _LINKS,
        },
    },
    "conformance": {
        "type": "object",
        "required": ["conformsTo"],
        "properties": {"conformsTo": {"type": "array", "items": {"type": "string"}}},
    },
    "collection": {
        "type": "object",
        "required": ["id", "links"],
        "properties": {
            "id": {"type": "string"},
            "title": {"type": "string"},
            "itemType": {"type": "string"},
            "crs": {"type": "array", "items": {"type": "string"}},
            "storageCrs": {"type": "string"},
            "extent": {"type": "object"},
            "links": _LINKS,
        },
    },
    "collections": {
        "type": "object",
        "required": ["links", "collections"],
        "properties": {
            "links": _LINKS,
            "crs": {"type": "array", "items": {"type": "string"}},
            "collections": {
                "type": "array",
                "items": {"$ref": "#/components/schemas/collection"},
            },
        },
    },
    "columns": {"type": "object", "description": "a JSON Schema"},
    "problem": {
        "type": "object",
        "description": "RFC 9457, with the field, its value, the reason and what to do",
        "required": ["type", "title", "status"],
        "properties": {
            **{
                name: {"type": "string"}
                for name in ("type", "title", "code", "detail", "hint", "request_id")
            },
            "status": {"type": "integer"},
            "field": {"type": "string"},
            "value": {},
            "reason": {"type": "string"},
        },
    },
}


def api_document(
    ogc: URL, unasked: Callable[[str], frozenset[str]] = lambda _: frozenset()
) -> Described:
    """Return the description of the service at an address.

    `unasked` says by which columns of a collection somebody may not look.
    """
    paths = {
        "/": _page("landing", "The page where everything begins", "landing"),
        "/api": _page("api", "This description", None, documents.OPENAPI_JSON),
        "/conformance": _page("conformance", "What is conformed to", "conformance"),
        "/collections": _page("collections", "Every collection", "collections"),
    }
    for one in COLLECTIONS.values():
        paths |= _paths(one, unasked(one.name))
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Permille: OGC API - Features",
            "version": __version__,
            "description": "Soil samples, results and carbon stocks; docs/connect.md",
        },
        "servers": [{"url": str(ogc)}],
        "security": [{"bearer": []}, {"basic": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic"},
            },
            "parameters": dict(_PARAMETERS),
            "schemas": {
                **SCHEMAS,
                **{f"{one.name}Feature": _feature(one) for one in COLLECTIONS.values()},
                **{f"{one.name}Page": _features(one) for one in COLLECTIONS.values()},
            },
        },
    }


def _paths(one: Collection, unasked: frozenset[str]) -> dict[str, Described]:
    own = f"/collections/{one.name}"
    name = one.name.capitalize()
    columns = documents.SCHEMA_JSON
    item = _page(
        f"get{name}Item", f"{one.title}: one", f"{one.name}Feature", documents.GEOJSON
    )
    item["get"]["parameters"] = [
        {
            "name": "featureId",
            "in": "path",
            "required": True,
            "schema": {"type": "string"},
        },
        {"$ref": "#/components/parameters/crs"},
        _GEO_FORMAT,
    ]
    items = _page(f"get{name}", one.title, f"{one.name}Page", documents.GEOJSON)
    items["get"]["parameters"] = [
        *({"$ref": f"#/components/parameters/{each}"} for each in _PARAMETERS),
        _GEO_FORMAT,
        *(
            _column(name, schema.column_schema(c))
            for name, c in one.filters.items()
            if name not in unasked
        ),
    ]
    return {
        own: _page(f"describe{name}", f"{one.title}: the collection", "collection"),
        f"{own}/items": items,
        f"{own}/items/{{featureId}}": item,
        f"{own}/queryables": _page(
            f"get{name}Queryables", "What may be asked for", "columns", columns
        ),
        f"{own}/schema": _page(
            f"get{name}Schema", "The properties", "columns", columns
        ),
    }


def _page(
    operation: str, summary: str, shape: str | None, kind: str = documents.JSON
) -> Described:
    of = {"$ref": f"#/components/schemas/{shape}"} if shape else {"type": "object"}
    problem = {"schema": {"$ref": "#/components/schemas/problem"}}
    return {
        "get": {
            "operationId": operation,
            "summary": summary,
            "parameters": [_FORMAT],
            "responses": {
                "200": {"description": summary, "content": {kind: {"schema": of}}},
                **{
                    status: {
                        "description": says,
                        "content": {documents.PROBLEM_JSON: problem},
                    }
                    for status, says in _REFUSALS.items()
                },
            },
        }
    }


def _column(name: str, found: Described) -> Described:
    says = found.pop("description", f"only those whose {name} is this")
    return {"name": name, "in": "query", "description": says, "schema": found}


def _feature(one: Collection) -> Described:
    values = {
        name: {**found, "nullable": True}
        for name, found in schema.properties(one).items()
    }
    return {
        "type": "object",
        "required": ["type", "id", "geometry", "properties"],
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "id": {"type": "string"},
            "geometry": {
                **_GEOMETRY,
                **({"enum": [None]} if one.shape is Shape.NONE else {}),
            },
            "properties": {"type": "object", "properties": values},
            "links": _LINKS,
        },
    }


def _features(one: Collection) -> Described:
    return {
        "type": "object",
        "required": ["type", "features"],
        "properties": {
            "type": {"type": "string", "enum": ["FeatureCollection"]},
            "features": {
                "type": "array",
                "items": {"$ref": f"#/components/schemas/{one.name}Feature"},
            },
            "numberMatched": {"type": "integer", "minimum": 0},
            "numberReturned": {"type": "integer", "minimum": 0},
            "timeStamp": {"type": "string", "format": "date-time"},
            "links": _LINKS,
        },
    }
