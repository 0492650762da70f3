"""The routes of OGC API - Features; rights are those of the token's owner."""

from collections.abc import Collection as Many
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

import orjson
from aiohttp import web
from yarl import URL

from server.access.read_tokens import Who
from server.errors import refuse
from server.http.guards import CLOCK
from server.http.ogc import documents, parameters, schema
from server.http.ogc.api import api_document
from server.http.parameters import said_once
from server.http.readers import base_of, read, reader_of, unasked
from server.reading.collections import COLLECTIONS, Collection
from server.reading.port import Extent, RowSelection

_PLAIN: Final = ("f",)
_ITEM: Final = ("f", "crs")
#: Part 2 asks for it where coordinates are.
_CRS: Final = {"Content-Crs": f"<{parameters.CRS84}>"}


class _Asked(NamedTuple):
    """A request of somebody who may read: the address of the service, and of this page."""

    who: Who
    ogc: URL
    here: URL


async def get_landing(request: web.Request) -> web.Response:
    """Return the page where everything begins."""
    asked = await _asked(request)
    return _answer(documents.landing(asked.ogc))


async def get_conformance(request: web.Request) -> web.Response:
    """Return what is conformed to."""
    await _asked(request)
    return _answer({"conformsTo": list(documents.CONFORMS_TO)})


async def get_api(request: web.Request) -> web.Response:
    """Return the description of this service as OpenAPI 3.0."""
    asked = await _asked(request)
    document = api_document(asked.ogc, lambda name: unasked(asked.who, name))
    return _answer(document, documents.OPENAPI_JSON)


async def get_collections(request: web.Request) -> web.Response:
    """Return every collection with its extent."""
    asked = await _asked(request)
    extents = await _extents(request, asked.who)
    found = documents.collections(asked.ogc, COLLECTIONS.values(), extents)
    return _answer(found)


async def get_collection(request: web.Request) -> web.Response:
    """Return one collection with its extent."""
    asked, one = await _asked(request), _collection(request)
    extents = await _extents(request, asked.who)
    return _answer(documents.collection(asked.ogc, one, extents[one.name]))


async def get_queryables(request: web.Request) -> web.Response:
    """Return the columns of a collection that may be asked for by their value."""
    asked, one = await _asked(request), _collection(request)
    own = asked.ogc / "collections" / one.name / "queryables"
    found = schema.queryables(one, str(own), unasked(asked.who, one.name))
    return _answer(found, documents.SCHEMA_JSON)


async def get_schema(request: web.Request) -> web.Response:
    """Return the properties of the features of a collection."""
    asked, one = await _asked(request), _collection(request)
    own = asked.ogc / "collections" / one.name / "schema"
    return _answer(schema.feature_schema(one, str(own)), documents.SCHEMA_JSON)


async def get_items(request: web.Request) -> web.Response:
    """Return a page of the features of a collection, with a link to the next one."""
    who, one = await reader_of(request), _collection(request)
    said = said_once(request.query, {*parameters.known(one)} - unasked(who, one.name))
    asked = replace(parameters.selection_of(one, who.projects, said), veil=who.veil)
    page = await read(request, who, lambda copy: copy.features(asked))
    ogc = base_of(request) / "ogc"
    own = ogc / "collections" / one.name
    here = (own / "items").with_query(said)
    around = orjson.dumps(
        {
            "numberMatched": page.matched,
            "numberReturned": len(page.texts),
            "timeStamp": request.app[CLOCK].stamp(),
            "links": documents.page_links(own, here, page.next_after),
        }
    )
    # The features are ready: only what is around them is made now.
    body = b"".join(
        (
            b'{"type":"FeatureCollection","features":[',
            b",".join(page.texts),
            b"],",
            around[1:],
        )
    )
    return web.Response(body=body, content_type=documents.GEOJSON, headers=_CRS)


async def get_item(request: web.Request) -> web.Response:
    """Return one feature; what the token may not read is not there."""
    asked, one = await _asked(request, _ITEM), _collection(request)
    name = request.match_info["feature"]
    selected = RowSelection(
        collection=one.name,
        projects=asked.who.projects,
        equal={"id": name},
        most=1,
        veil=asked.who.veil,
    )
    page = await read(request, asked.who, lambda copy: copy.features(selected))
    if not page.texts:
        raise refuse("not_found", f"no feature {name[:100]} in {one.name}")
    own = asked.ogc / "collections" / one.name
    links = [
        documents.link("self", own / "items" / name, documents.GEOJSON, "this feature"),
        documents.link("collection", own, documents.JSON, "the collection"),
    ]
    body = page.texts[0][:-1] + b',"links":' + orjson.dumps(links) + b"}"
    return web.Response(body=body, content_type=documents.GEOJSON, headers=_CRS)


async def _asked(request: web.Request, known: Many[str] = _PLAIN) -> _Asked:
    who = await reader_of(request)
    said = said_once(request.query, known)
    has_features = "crs" in known
    parameters.check_format(
        said, parameters.GEO_FORMATS if has_features else parameters.FORMATS
    )
    parameters.check_crs(said)
    base = base_of(request)
    return _Asked(who, base / "ogc", base.with_path(request.path))


async def _extents(request: web.Request, who: Who) -> Mapping[str, Extent]:
    is_coarse = who.veil is not None and who.veil.is_coarse
    return await read(
        request, who, lambda copy: copy.extents(who.projects, is_coarse=is_coarse)
    )


def _collection(request: web.Request) -> Collection:
    one = COLLECTIONS.get(request.match_info["collection"])
    if one is None:
        raise refuse("not_found", f"collections are {', '.join(COLLECTIONS)}")
    return one


def _answer(document: dict[str, Any], kind: str = documents.JSON) -> web.Response:
    return web.Response(body=orjson.dumps(document), headers={"Content-Type": kind})
