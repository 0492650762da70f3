"""The whole API on one screen."""

from aiohttp import web

from server.http.description.document import get_openapi
from server.http.enrol import post_enrol
from server.http.files import get_blob, head_blob, patch_blob
from server.http.health import get_alive, get_health, get_metrics, get_ready
from server.http.labels import post_labels
from server.http.odata import handlers as odata
from server.http.ogc import handlers as ogc
from server.http.openrosa import handlers as openrosa
from server.http.repair import get_buckets, get_rows
from server.http.sync import post_sync
from server.phones.scan_code import KEYED


def add_routes(app: web.Application) -> None:
    """Add every route."""
    app.router.add_post("/v1/sync", post_sync)
    app.router.add_post("/v1/enrol", post_enrol)
    app.router.add_post("/v1/labels", post_labels)
    app.router.add_get("/v1/streams/{stream}/buckets", get_buckets)
    app.router.add_get("/v1/streams/{stream}/rows", get_rows)
    app.router.add_head("/v1/blobs/{sha256}", head_blob)
    app.router.add_patch("/v1/blobs/{sha256}", patch_blob)
    app.router.add_get("/v1/blobs/{sha256}", get_blob, allow_head=False)
    app.router.add_get("/v1/health", get_health)
    app.router.add_get("/healthz", get_alive)
    app.router.add_get("/readyz", get_ready)
    app.router.add_get("/metrics", get_metrics)
    app.router.add_get("/openapi.json", get_openapi)
    _add_openrosa(app)
    _add_ogc(app)
    _add_odata(app)


def _add_openrosa(app: web.Application) -> None:
    form = f"{KEYED}/forms/{{form}}"
    app.router.add_get(f"{KEYED}/formList", openrosa.get_form_list)
    app.router.add_get(f"{form}.xml", openrosa.get_form)
    app.router.add_get(f"{form}/manifest", openrosa.get_manifest)
    app.router.add_get(f"{form}/attachments/{{name}}.csv", openrosa.get_list)
    app.router.add_head(f"{KEYED}/submission", openrosa.head_submission)
    app.router.add_post(f"{KEYED}/submission", openrosa.post_submission)


def _add_odata(app: web.Application) -> None:
    for path in ("/odata", "/odata/"):
        app.router.add_get(path, odata.get_service)
    app.router.add_get("/odata/$metadata", odata.get_metadata)
    one = "/odata/{table:[^/()]+}"
    app.router.add_get(one, odata.get_rows)
    app.router.add_get(f"{one}/$count", odata.get_count)
    app.router.add_get(f"{one}({{key}})", odata.get_row)


def _add_ogc(app: web.Application) -> None:
    for path in ("/ogc", "/ogc/"):
        app.router.add_get(path, ogc.get_landing)
    app.router.add_get("/ogc/api", ogc.get_api)
    app.router.add_get("/ogc/conformance", ogc.get_conformance)
    app.router.add_get("/ogc/collections", ogc.get_collections)
    one = "/ogc/collections/{collection}"
    app.router.add_get(one, ogc.get_collection)
    app.router.add_get(f"{one}/queryables", ogc.get_queryables)
    app.router.add_get(f"{one}/schema", ogc.get_schema)
    app.router.add_get(f"{one}/items", ogc.get_items)
    app.router.add_get(f"{one}/items/{{feature}}", ogc.get_item)
