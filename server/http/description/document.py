"""The document: every address of the server, with the shapes of what it takes and answers."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

import orjson
from aiohttp import web
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from schemas.version import __version__
from server.http.description.operations import OPERATIONS, Content, Operation
from server.http.description.shapes import add_shapes
from server.http.ogc.documents import JSON, PROBLEM_JSON
from server.http.phones import XML, is_of_phone

_PARTS: Final = re.compile(r"\{(\w+)\}")
_SECURITY: Final[Mapping[str, list[dict[str, list[str]]]]] = {
    "": [],
    "device": [{"bearer": []}],
    "reader": [{"bearer": []}, {"basic": []}],
}


async def get_openapi(request: web.Request) -> web.Response:  # noqa: ARG001 - a route
    """Return the whole API as OpenAPI 3.1."""
    return web.Response(body=orjson.dumps(openapi()), content_type=JSON)


@cache
def openapi() -> dict[str, Any]:
    """Return the document."""
    plugin = MarshmallowPlugin()
    spec = APISpec(
        title="Permille",
        version=__version__,
        openapi_version="3.1.0",
        plugins=[plugin],
        info={
            "description": "Soil samples from laptops in the field, and the carbon"
            " stocks derived from them. docs/protocol.md, docs/connect.md",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        servers=[{"url": "/"}],
    )
    add_shapes(spec, plugin)
    for scheme in ("bearer", "basic"):
        found = {"type": "http", "scheme": scheme}
        spec.components.security_scheme(scheme, found)
    for path, methods in OPERATIONS.items():
        told = dict(_with_head(methods))
        described = {m: _described(path, m, each) for m, each in told.items()}
        spec.path(path, operations=described)
    return spec.to_dict()


def _with_head(methods: Mapping[str, Operation]) -> Iterator[tuple[str, Operation]]:
    yield from methods.items()
    if "get" in methods and "head" not in methods:
        yield "head", methods["get"]._replace(answers=None)


def _described(path: str, method: str, of: Operation) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", f"{method}{path}"),
        "summary": of.says,
        "tags": [path.split("/")[1]],
        "parameters": [
            *(_parameter(name, "path") for name in _PARTS.findall(path)),
            *(_parameter(name, "query") for name in of.query),
            *(_parameter(name, "header") for name in of.headers),
        ],
        "security": _SECURITY[of.token],
        "responses": {
            str(of.status): {"description": of.says, **_content(of.answers)},
            "default": {
                "description": "a refusal, which says what to do",
                **_content(_refusal(path) if method != "head" else None),
            },
        },
    }
    if of.takes is not None:
        found["requestBody"] = {"required": True, **_content(of.takes)}
    return found


def _refusal(path: str) -> Content:
    if is_of_phone(path):
        return Content(XML, ("Text",))
    is_odata = path.startswith("/odata")
    return (
        Content(JSON, ("ODataError",))
        if is_odata
        else Content(PROBLEM_JSON, ("problem",))
    )


def _content(found: Content | None) -> dict[str, Any]:
    if found is None:
        return {}
    if found.kind == "application/octet-stream":
        return {"content": {found.kind: {}}}
    refs = [{"$ref": f"#/components/schemas/{name}"} for name in found.shapes]
    shape = (
        refs[0] if len(refs) == 1 else {"anyOf": refs} if refs else {"type": "object"}
    )
    return {"content": {found.kind: {"schema": shape}}}


def _parameter(name: str, place: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": place,
        "required": place != "query",
        "schema": {"type": "string"},
    }
