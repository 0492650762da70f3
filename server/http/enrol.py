"""POST /v1/enrol: a one-time code becomes a device with its token."""

from aiohttp import web

from schemas import limits
from schemas.messages import MessageError, decode_body, encode
from schemas.version import __version__
from server.access.enrolment import Enrolment, enrol
from server.errors import RequestError
from server.http.body import read_body
from server.http.guards import CLOCK
from server.http.keys import STORE
from server.intake.receipts import own_device


async def post_enrol(request: web.Request) -> web.Response:
    """Enrol a laptop; its token is shown this once."""
    body = await read_body(
        request,
        packed_most=limits.ENROL_BODY_BYTES,
        unpacked_most=limits.ENROL_BODY_BYTES,
    )
    try:
        asked = decode_body("enrol", body)
    except MessageError as error:
        raise RequestError(error.problem) from None
    store, clock = request.app[STORE], request.app[CLOCK]
    device, token = await enrol(store, clock, Enrolment.of(asked))
    own = await store.read(own_device)
    answer = {
        "device": device.id,
        "token": token,
        "server": f"permille/{__version__}",
        "epoch": await store.read(lambda tx: tx.epoch()),
        "streams": sorted(device.projects),
        "public_key": own.public_key,
    }
    return web.Response(body=encode(answer), content_type="application/json")
