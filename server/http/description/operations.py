"""What each address does, in words; shapes are named as in server.http.description.shapes.

Pure. A route that is not told here, or told and not there, fails a test.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from schemas.messages import NDJSON
from server.http.odata.options import OPTIONS
from server.http.ogc.documents import GEOJSON, JSON, OPENAPI_JSON, SCHEMA_JSON
from server.http.ogc.parameters import ITEMS
from server.http.phones import XML
from server.phones.scan_code import KEYED

_OCTETS: Final = "application/octet-stream"


class Content(NamedTuple):
    """A body: its content type and the shapes it may have; none for any JSON object."""

    kind: str
    shapes: Sequence[str] = ()


class Operation(NamedTuple):
    """What one method of an address does.

    `token` says whose token it takes: that of a device, or of anybody who may read.
    """

    says: str
    token: str = ""
    answers: Content | None = None
    takes: Content | None = None
    query: Sequence[str] = ()
    headers: Sequence[str] = ()
    status: int = 200


_DEVICE: Final = "device"
_READER: Final = "reader"
_LINES: Final = (
    *("ResponseHello", "VerdictLine", "ScopeLine", "RowLine", "Gone", "Purged"),
    *("Reset", "ResponseEnd"),
)
_COLUMNS: Final = "any column of the collection, by its value: /ogc/api lists them"


def _ogc(
    says: str, shape: str, kind: str = JSON, query: Sequence[str] = ("f",)
) -> Mapping[str, Operation]:
    answers = Content(kind, (shape,) if shape else ())
    return {"get": Operation(says, _READER, answers, query=query)}


def _odata(
    says: str, shape: str = "", kind: str = JSON, query: Sequence[str] = ("$format",)
) -> Mapping[str, Operation]:
    return _ogc(says, shape, kind, query)


def _phone(says: str, kind: str = XML) -> Mapping[str, Operation]:
    """Return what is asked for with the token of a phone, which is in the address."""
    return {"get": Operation(says, "", Content(kind, ("Text",)))}


_FORM: Final = f"{KEYED}/forms/{{form}}"
_LANDING: Final = _ogc("OGC API - Features: where everything begins", "landing")
_SERVICE: Final = _odata("OData 4.0: the names of all tables")
_ONE: Final = "/ogc/collections/{collection}"
_TABLE: Final = "/odata/{table}"

#: Every address with its methods. Where one takes GET it takes HEAD, too.
OPERATIONS: Final[Mapping[str, Mapping[str, Operation]]] = {
    "/v1/sync": {
        "post": Operation(
            "Trade changes for verdicts and rows: one sync (docs/protocol.md)",
            _DEVICE,
            Content(NDJSON, _LINES),
            Content(NDJSON, ("RequestHello", "ChangeLine", "RequestEnd")),
        )
    },
    "/v1/enrol": {
        "post": Operation(
            "Turn a one-time code into a device with its token",
            "",
            Content(JSON, ("EnrolResponse",)),
            Content(JSON, ("EnrolRequest",)),
        )
    },
    "/v1/labels": {
        "post": Operation(
            "Hand out a block of codes for labels, which no other laptop gets",
            _DEVICE,
            Content(JSON, ("LabelsResponse",)),
            Content(JSON, ("LabelsRequest",)),
        )
    },
    "/v1/streams/{stream}/buckets": {
        "get": Operation(
            "Return the digest of each bucket of a project",
            _DEVICE,
            Content(JSON, ("Buckets",)),
        )
    },
    "/v1/streams/{stream}/rows": {
        "get": Operation(
            "Return the live or contested rows of some buckets",
            _DEVICE,
            Content(NDJSON, ("RowLine", "Gone", "RepairEnd")),
            query=("in",),
        )
    },
    "/v1/blobs/{sha256}": {
        "head": Operation("Say how much of a file is here", _DEVICE),
        "get": Operation("Return a whole file, or a range", _DEVICE, Content(_OCTETS)),
        "patch": Operation(
            "Put bytes at the end of a file",
            _DEVICE,
            takes=Content(_OCTETS),
            headers=("Upload-Offset", "Upload-Length"),
            status=204,
        ),
    },
    "/v1/health": {
        "get": Operation("Say that the server is up", "", Content(JSON, ("Health",)))
    },
    "/healthz": {"get": Operation("Say that the process lives", "", Content(JSON))},
    "/readyz": {
        "get": Operation(
            "Say that requests can be served; 503 says why not (docs/operations.md)",
            "",
            Content(JSON),
        )
    },
    "/metrics": {
        "get": Operation(
            "Return what is counted, for Prometheus (docs/operations.md)",
            "",
            Content("text/plain", ("Text",)),
        )
    },
    "/openapi.json": {
        "get": Operation("Return this document", "", Content(JSON)),
    },
    f"{KEYED}/formList": _phone("Return the forms of a project, for ODK Collect"),
    f"{_FORM}.xml": _phone("Return a form as XForm"),
    f"{_FORM}/manifest": _phone("Return the lists of a form, with their hashes"),
    f"{_FORM}/attachments/{{name}}.csv": _phone(
        "Return a list that a form chooses from", "text/csv"
    ),
    f"{KEYED}/submission": {
        "head": Operation(
            "Say where filled forms are sent, and above how many bytes in parts",
            status=204,
        ),
        "post": Operation(
            "Keep a filled form and its files (docs/phones.md)",
            "",
            Content(XML, ("Text",)),
            Content("multipart/form-data"),
            status=201,
        ),
    },
    "/ogc": _LANDING,
    "/ogc/": _LANDING,
    "/ogc/api": _ogc("Describe OGC API - Features as OpenAPI 3.0", "", OPENAPI_JSON),
    "/ogc/conformance": _ogc("Say what is conformed to", "conformance"),
    "/ogc/collections": _ogc("Return every collection", "collections"),
    _ONE: _ogc("Return one collection with its extent", "collection"),
    f"{_ONE}/queryables": _ogc("Return what may be asked for", "", SCHEMA_JSON),
    f"{_ONE}/schema": _ogc("Return the properties of features", "", SCHEMA_JSON),
    f"{_ONE}/items": _ogc(
        f"Return a page of features; {_COLUMNS}", "FeaturePage", GEOJSON, ITEMS
    ),
    f"{_ONE}/items/{{feature}}": _ogc(
        "Return one feature", "Feature", GEOJSON, ("f", "crs")
    ),
    "/odata": _SERVICE,
    "/odata/": _SERVICE,
    "/odata/$metadata": _odata("Return the model of the tables", "", "application/xml"),
    _TABLE: _odata("Return a page of a table", "RowPage", JSON, OPTIONS),
    f"{_TABLE}/$count": _odata(
        "Return how many rows a table has", "Text", "text/plain", ()
    ),
    f"{_TABLE}({{key}})": _odata(
        "Return one row by its key", "", JSON, ("$select", "$format")
    ),
}
