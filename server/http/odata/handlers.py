"""The routes of OData 4.0; rights are those of the token's owner."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any, Final

import orjson
from aiohttp import web
from yarl import URL

from schemas.problem_kinds import KINDS
from server.errors import RequestError, refuse
from server.http.guards import CODE, Handler
from server.http.odata.metadata import metadata
from server.http.odata.options import (
    check_format,
    columns_of,
    options_of,
    said_options,
)
from server.http.parameters import bad_value, said_once
from server.http.readers import base_of, read, reader_of
from server.reading.collections import COLLECTIONS, Collection
from server.reading.port import RowSelection

_JSON: Final = "application/json;odata.metadata=minimal"
_VERSION: Final = {"OData-Version": "4.0"}
#: The key of a row as it is written in an address: 'ID' or id='ID'.
_KEY: Final = re.compile(r"(?:id=)?'([^']{1,100})'")


def odata(handler: Callable[[web.Request], Awaitable[web.Response]]) -> Handler:
    """Answer with the version of the protocol, and refusals in its form."""

    @wraps(handler)
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            response = await handler(request)
        except RequestError as error:
            request[CODE] = error.problem.code
            response = _refusal(error)
        response.headers.update(_VERSION)
        return response

    return answer


@odata
async def get_service(request: web.Request) -> web.Response:
    """Return the names of all tables."""
    await reader_of(request)
    check_format(said_once(request.query, ("$format",)))
    sets = [
        {"name": name, "kind": "EntitySet", "url": name, "title": one.title}
        for name, one in COLLECTIONS.items()
    ]
    return _answer({"@odata.context": _context(request), "value": sets})


@odata
async def get_metadata(request: web.Request) -> web.Response:
    """Return the model of the tables."""
    await reader_of(request)
    said = said_once(request.query, ("$format",))
    if said.get("$format", "xml") not in {"xml", "application/xml"}:
        bad_value("$format", said["$format"], "xml", "not_supported")
    return web.Response(text=metadata(), content_type="application/xml")


@odata
async def get_rows(request: web.Request) -> web.Response:
    """Return a page of a table, with a link to the next one."""
    who, one = await reader_of(request), _table(request)
    said = said_options(request.query)
    prefer = ",".join(request.headers.getall("Prefer", []))
    options = options_of(one, said, prefer)
    selected = replace(options.selection(one, who.projects), veil=who.veil)
    page = await read(request, who, lambda copy: copy.rows(selected))
    answer: dict[str, Any] = {
        "@odata.context": _context(request, one.name, options.columns)
    }
    if options.is_counted:
        answer["@odata.count"] = page.matched
    answer["value"] = [_chosen(row, options.columns) for row in page.rows]
    on = options.next_page(said, page.next_after, len(page.rows))
    if on is not None:
        here = _service(request) / one.name
        answer["@odata.nextLink"] = str(here.with_query(on))
    response = _answer(answer)
    if "maxpagesize" in prefer:
        response.headers["Preference-Applied"] = f"odata.maxpagesize={options.page}"
    return response


@odata
async def get_count(request: web.Request) -> web.Response:
    """Return how many rows a table has."""
    who, one = await reader_of(request), _table(request)
    said_options(request.query)
    said_once(request.query, ())
    selected = RowSelection(collection=one.name, projects=who.projects, most=0)
    page = await read(request, who, lambda copy: copy.rows(selected))
    return web.Response(text=str(page.matched), content_type="text/plain")


@odata
async def get_row(request: web.Request) -> web.Response:
    """Return one row by its key; what the token may not read is not there."""
    who, one = await reader_of(request), _table(request)
    said_options(request.query)
    said = said_once(request.query, ("$select", "$format"))
    check_format(said)
    columns = columns_of(one, said)
    key = _KEY.fullmatch(request.match_info["key"])
    if key is None:
        raise refuse("not_found", f"write the key as {one.name}('ID')")
    selected = RowSelection(
        collection=one.name,
        projects=who.projects,
        equal={"id": key[1]},
        most=1,
        veil=who.veil,
    )
    page = await read(request, who, lambda copy: copy.rows(selected))
    if not page.rows:
        raise refuse("not_found", f"no row {key[1]} in {one.name}")
    context = _context(request, one.name, columns) + "/$entity"
    return _answer({"@odata.context": context, **_chosen(page.rows[0], columns)})


def _table(request: web.Request) -> Collection:
    one = COLLECTIONS.get(request.match_info["table"])
    if one is None:
        raise refuse("not_found", f"tables are {', '.join(COLLECTIONS)}")
    return one


def _chosen(row: Mapping[str, Any], columns: Sequence[str]) -> Mapping[str, Any]:
    return {name: row[name] for name in columns} if columns else row


def _service(request: web.Request) -> URL:
    return base_of(request) / "odata"


def _context(request: web.Request, table: str = "", columns: Sequence[str] = ()) -> str:
    chosen = f"({','.join(columns)})" if columns else ""
    return f"{_service(request)}/$metadata" + (f"#{table}{chosen}" if table else "")


def _answer(document: Mapping[str, Any]) -> web.Response:
    return web.Response(body=orjson.dumps(document), headers={"Content-Type": _JSON})


def _refusal(error: RequestError) -> web.Response:
    problem = error.problem
    kind = KINDS[problem.code]
    said = {
        "code": problem.code,
        "message": f"{problem.text}; {kind.hint}",
        **({"target": problem.path} if problem.path else {}),
    }
    return web.Response(
        body=orjson.dumps({"error": said}),
        status=kind.status,
        headers={"Content-Type": _JSON, **error.headers},
    )
