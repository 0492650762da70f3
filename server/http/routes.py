"""The whole API on one screen."""

from aiohttp import web

from schemas.messages import encode
from schemas.version import PROTOCOL, __version__
from server.http.enrol import post_enrol
from server.http.files import get_blob, head_blob, patch_blob
from server.http.repair import get_buckets, get_rows
from server.http.sync import post_sync


async def get_health(request: web.Request) -> web.Response:  # noqa: ARG001 - a route
    """Answer that the server is up, and which protocol it speaks."""
    answer = {"status": "ok", "version": __version__, "protocol": PROTOCOL}
    return web.Response(body=encode(answer), content_type="application/json")


def add_routes(app: web.Application) -> None:
    """Add every route."""
    app.router.add_post("/v1/sync", post_sync)
    app.router.add_post("/v1/enrol", post_enrol)
    app.router.add_get("/v1/streams/{stream}/buckets", get_buckets)
    app.router.add_get("/v1/streams/{stream}/rows", get_rows)
    app.router.add_head("/v1/blobs/{sha256}", head_blob)
    app.router.add_patch("/v1/blobs/{sha256}", patch_blob)
    app.router.add_get("/v1/blobs/{sha256}", get_blob, allow_head=False)
    app.router.add_get("/v1/health", get_health)
