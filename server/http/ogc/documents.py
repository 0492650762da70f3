"""The documents of OGC API - Features around the features: links, collections. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from yarl import URL

from server.http.ogc.parameters import CRS84
from server.reading.collections import Collection
from server.reading.moments import instant
from server.reading.port import Extent

JSON: Final = "application/json"
GEOJSON: Final = "application/geo+json"
SCHEMA_JSON: Final = "application/schema+json"
OPENAPI_JSON: Final = "application/vnd.oai.openapi+json;version=3.0"
PROBLEM_JSON: Final = "application/problem+json"
#: What is done, all of it.
CONFORMS_TO: Final = (
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
)
_OGC_REL: Final = "http://www.opengis.net/def/rel/ogc/1.0"
_GREGORIAN: Final = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"


def link(rel: str, to: URL, kind: str, title: str) -> dict[str, str]:
    """Return one link."""
    return {"href": str(to), "rel": rel, "type": kind, "title": title}


def landing(ogc: URL) -> dict[str, Any]:
    """Return the page where everything begins."""
    return {
        "title": "Permille",
        "description": "Soil samples, results and carbon stocks of the projects that"
        " the token may read",
        "links": [
            link("self", ogc, JSON, "this page"),
            link("service-desc", ogc / "api", OPENAPI_JSON, "the API"),
            link("conformance", ogc / "conformance", JSON, "what is conformed to"),
            link("data", ogc / "collections", JSON, "the collections"),
        ],
    }


def collections(
    ogc: URL, known: Iterable[Collection], extents: Mapping[str, Extent]
) -> dict[str, Any]:
    """Return the page of all collections."""
    return {
        "links": [link("self", ogc / "collections", JSON, "the collections")],
        "crs": [CRS84],
        "collections": [collection(ogc, one, extents[one.name]) for one in known],
    }


def collection(ogc: URL, one: Collection, extent: Extent) -> dict[str, Any]:
    """Return the page of one collection."""
    own = ogc / "collections" / one.name
    schema, columns = own / "schema", own / "queryables"
    return {
        "id": one.name,
        "title": one.title,
        "itemType": "feature",
        "crs": [CRS84],
        "storageCrs": CRS84,
        **_extent(extent),
        "links": [
            link("self", own, JSON, "this collection"),
            link("items", own / "items", GEOJSON, one.title),
            link("describedby", schema, SCHEMA_JSON, "the properties"),
            link(f"{_OGC_REL}/schema", schema, SCHEMA_JSON, "the properties"),
            link(f"{_OGC_REL}/queryables", columns, SCHEMA_JSON, "what may be asked"),
        ],
    }


def _extent(found: Extent) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    if found.box is not None:
        parts["spatial"] = {"bbox": [list(found.box)], "crs": CRS84}
    if found.begin is not None:
        interval = [instant(found.begin), instant(found.end)]
        parts["temporal"] = {"interval": [interval], "trs": _GREGORIAN}
    return {"extent": parts} if parts else {}


def page_links(own: URL, here: URL, next_after: str | None) -> list[dict[str, str]]:
    """Return the links of a page of features."""
    found = [
        link("self", here, GEOJSON, "this page"),
        link("alternate", here.update_query(f="json"), JSON, "this page as JSON"),
        link("collection", own, JSON, "the collection"),
    ]
    if next_after is not None:
        on = here.without_query_params("offset").update_query(after=next_after)
        found.append(link("next", on, GEOJSON, "the next page"))
    return found
