"""What is asked of a server: by its document, and what no document says.

Requests are plain values, so that one that finds something is shown as it is.
"""

import json
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import quote

from hypothesis import strategies as st

from schemas.messages import NDJSON
from server.http.description.document import openapi
from server.http.ogc.parameters import CRS84
from server.phones.names import FORMS, LISTS
from server.phones.scan_code import KEYED
from server.reading.collections import COLLECTIONS
from tests.fuzz.marked import OPEN, SECRET
from tests.fuzz.shapes import ODD, VALUES, of_shape, twisted

#: Of an address: what is not in the document, and is asked for all the same.
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")
#: What a header may hold, beside what belongs there.
HEADERS = {
    "Accept": ["text/html", "*/*;q=0.1,x", "x" * 300],
    "Accept-Language": ["fr", "es-419,es;q=0.9", ";q=,,", "x" * 300, "*"],
    "Range": ["bytes=0-1", "bytes=9-1", "bytes=-5", "x", f"bytes=0-{'9' * 30}"],
    "If-None-Match": ["*", '"x"', "x"],
    "If-Modified-Since": ["yesterday", "Mon, 04 May 2026 08:15:00 GMT"],
    "Content-Encoding": ["gzip", "zstd", "br", "identity", "zstd, gzip"],
    "Content-Type": ["text/x", "application/json;charset=nonsense", "x", "multipart/"],
    "X-Forwarded-Proto": ["https", "gopher", ","],
    "X-Forwarded-Host": ["evil.example.org", "[::1", "a b", "x:99999999", ":"],
    "X-Forwarded-For": ["x", "192.0.2.7, 10.0.0.2", "::ffff:192.0.2.7%1", ",,"],
    "Prefer": ["maxpagesize=1", "odata.maxpagesize=0", "maxpagesize=99999999999"],
    "Upload-Offset": ["0", "-1", "9" * 30, "x", "٣", ""],
    "Upload-Length": ["0", "4", "9" * 30, "x"],
    "Authorization": [
        "Basic eA==",
        "Basic /w==",
        "Bearer",
        "Bearer read-x",
        "Digest x",
    ],
    "Cookie": [
        "permille-desk=x",
        "permille-language=../x",
        "permille-said=zz",
        "=;;",
        "x",
    ],
}


@dataclass(frozen=True)
class Request:
    """One request: an address with its query as it is sent, headers and a body.

    `family` says what it is about, `route` the address of the document.
    """

    family: str
    caller: str
    method: str
    path: str
    headers: dict = field(default_factory=dict)
    body: bytes | None = None
    route: str | None = None


@cache
def known_values(world):
    """Return texts that mean something, by the name of what they stand for."""
    ids = [*world.projects.values(), *world.records]
    marks = [OPEN.project, SECRET.project]
    places = ["2.3,48.8,2.4,48.9", "12,41,13,42", "170,-90,-170,90", "1,2,3", "0,9,1,8"]
    return {
        "stream": ids[:2],
        "sha256": ["0" * 64, "f" * 64],
        "form": [*FORMS],
        "name": [*{name for names in LISTS.values() for name in names}],
        "collection": [*COLLECTIONS],
        "table": [*COLLECTIONS],
        "feature": ids,
        "key": [f"'{one}'" for one in ids],
        "in": ["00", "00,01,ff", "zz", ",".join(f"{n:02x}" for n in range(256))],
        "f": ["json", "html", "geojson"],
        "crs": [CRS84],
        "bbox": places,
        "datetime": ["2026-05-04", "../2026-05-04T09:30:00Z", "2026-01-01/..", "../.."],
        "limit": ["1", "2", "10000", "10001"],
        "offset": ["0", "1", "9" * 18],
        "after": ids,
        "$top": ["0", "1", "3"],
        "$skip": ["0", "1", "1000001"],
        "$count": ["true", "false"],
        "$select": ["id", "*", "id,code", "lon,lat"],
        "$orderby": ["id", "id asc", "code"],
        "$skiptoken": ids,
        "$format": ["json", "xml"],
        "project": [*ids[:2], *marks],
        "": [*ids, *marks, f"{SECRET.project}-P1", f"{SECRET.project}-B1", "soc", "1"],
    }


#: Words of queries that stand in no document: columns by their value, options not done.
_COLUMNS = sorted({name for one in COLLECTIONS.values() for name in one.filters})
_OTHER_WORDS = [*_COLUMNS, "$filter", "$expand", "$search", "$apply", "x"]


def callers(world):
    """Return a strategy of names of those who may ask."""
    return st.sampled_from(sorted(world.callers))


def texts(world, name):
    """Return texts for something of this name: mostly one that means something."""
    known = known_values(world)
    fitting = st.sampled_from(known.get(name, known[""]))
    other = st.one_of(
        st.sampled_from(known[""]), st.sampled_from(ODD), st.text(max_size=9)
    )
    return st.one_of(fitting, fitting, other)


def fitting(world, route, told):
    """Return a strategy of names of those who may ask for something of the document."""
    if route.startswith(KEYED):
        return st.just("phone")
    schemes = {name for one in told["security"] for name in one}
    readers = [name for name in sorted(world.callers) if name.startswith("reader")]
    return st.sampled_from(readers if "basic" in schemes else ["laptop"])


@st.composite
def documented(draw, world):
    """Draw a request that the document knows, with what it leaves open."""
    document = openapi()["paths"]
    route = draw(st.sampled_from(sorted(document)))
    method = draw(st.sampled_from(sorted(document[route])))
    told = document[route][method]
    caller = draw(st.one_of(callers(world), fitting(world, route, told)))
    path = draw(addresses(world, route, caller)) + draw(queries(world, route, told))
    headers = {
        one["name"]: draw(st.sampled_from(HEADERS[one["name"]]))
        for one in told["parameters"]
        if one["in"] == "header"
    }
    kind, body = draw(bodies(told))
    headers |= {"Content-Type": kind} if kind else {}
    headers |= draw(odd_headers())
    return Request("document", caller, method.upper(), path, headers, body, route)


@st.composite
def addresses(draw, world, route, caller):
    """Draw an address of a route."""
    own = world.callers[caller].place
    path = route
    for name in [one.partition("}")[0] for one in route.split("{")[1:]]:
        text = own.get(name) if draw(st.integers(0, 9)) else None
        said = text or draw(texts(world, name))
        path = path.replace(f"{{{name}}}", quote(said, safe="'") or "x", 1)
    return path


@st.composite
def queries(draw, world, route, told):
    """Draw a query: words that are known there, said twice, and others."""
    names = [one["name"] for one in told["parameters"] if one["in"] == "query"]
    others = _OTHER_WORDS if route.startswith(("/ogc", "/odata")) else ["x"]
    words = st.one_of(
        *([st.sampled_from(names)] * 3 if names else []), st.sampled_from(others)
    )
    said = [
        (name, draw(texts(world, name))) for name in draw(st.lists(words, max_size=3))
    ]
    found = "&".join(f"{quote(name)}={quote(text, safe=',/.')}" for name, text in said)
    rest = draw(st.sampled_from(["", "", "", "", "&", "%ff=%ff", "%zz", "=", "&&x"]))
    return f"?{found}{rest}" if found or rest else ""


@st.composite
def bodies(draw, told):
    """Draw a body of the kind that is taken there; return its content type, too."""
    taken = told.get("requestBody", {}).get("content")
    if not taken:
        return draw(st.sampled_from([("", None), ("", None), ("text/plain", b"x")]))
    ((kind, told_of),) = taken.items()
    shape = told_of.get("schema")
    if kind == NDJSON:
        lines = st.lists(twisted(of_shape(shape)), max_size=4)
        return kind, b"\n".join(map(_json, draw(lines)))
    if shape is None or kind.startswith("multipart/"):
        return kind, draw(st.binary(max_size=40))
    return kind, _json(draw(st.one_of(twisted(of_shape(shape)), VALUES)))


@st.composite
def elsewhere(draw, world):
    """Draw a request that the document does not know."""
    parts = [
        *[
            "v1",
            "desk",
            "ogc",
            "odata",
            "sync",
            "x",
            "..",
            ".",
            "%2e%2e",
            "%00",
            "%ff",
            "$metadata",
            "lab",
            "audit",
        ]
    ]
    path = "/" + "/".join(draw(st.lists(st.sampled_from(parts), max_size=4)))
    if draw(st.booleans()):
        route = draw(st.sampled_from(sorted(openapi()["paths"])))
        path = draw(addresses(world, route, "phone"))
    method = draw(st.sampled_from(METHODS))
    body = draw(st.one_of(st.none(), st.binary(max_size=40)))
    return Request(
        "elsewhere", draw(callers(world)), method, path, draw(odd_headers()), body
    )


def odd_headers():
    """Return a strategy of headers; mostly none."""
    one = st.sampled_from(sorted(HEADERS)).flatmap(
        lambda name: st.tuples(st.just(name), st.sampled_from(HEADERS[name]))
    )
    return st.one_of(st.just({}), st.just({}), st.lists(one, max_size=2).map(dict))


def _json(value):
    return json.dumps(value).encode("utf-8", "surrogatepass")
