"""The description of the whole API is valid, and follows routes and fields."""

import pytest
from aiohttp import web
from marshmallow import Schema
from openapi_spec_validator import validate

from schemas import message_shapes
from schemas.json_schema import json_schema
from schemas.records import TYPES
from server.http.description.document import openapi
from server.http.routes import add_routes


def routes():
    app = web.Application()
    add_routes(app)
    return {
        (route.method.lower(), route.resource.canonical)
        for route in app.router.routes()
    }


def test_the_document_is_valid_openapi_3_1():
    document = openapi()
    assert document["openapi"] == "3.1.0"
    validate(document)


def test_every_route_is_described_and_nothing_else():
    told = {
        (method, path)
        for path, methods in openapi()["paths"].items()
        for method in methods
    }
    assert told == routes()


def test_every_message_is_described_with_all_its_fields():
    shapes = openapi()["components"]["schemas"]
    found = {
        name: kind
        for name, kind in vars(message_shapes).items()
        if isinstance(kind, type)
        and issubclass(kind, Schema)
        and kind.__module__ == message_shapes.__name__
        and not name.startswith("_")
    }
    assert "RequestHello" in found
    for name, kind in found.items():
        declared = kind().fields
        assert set(shapes[name]["properties"]) == set(declared), name
        needed = {key for key, field in declared.items() if field.required}
        assert set(shapes[name].get("required", [])) == needed, name
        for key, shape in shapes[name]["properties"].items():
            assert shape or declared[key].__class__.__name__ == "Raw", (name, key)


@pytest.mark.parametrize("kind", TYPES.values(), ids=lambda kind: kind.name)
def test_every_record_type_is_described_with_what_each_field_takes(kind):
    shape = openapi()["components"]["schemas"][kind.schema.__name__]
    assert set(shape["properties"]) == set(kind.fields)
    for name, field in kind.fields.items():
        assert shape["properties"][name].items() >= json_schema(field).items()


def test_who_may_speak_is_said_for_every_address():
    for path, methods in openapi()["paths"].items():
        for method, told in methods.items():
            schemes = [name for each in told["security"] for name in each]
            if path.startswith(("/ogc", "/odata")):
                assert schemes == ["bearer", "basic"], (method, path)
