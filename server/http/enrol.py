"""POST /v1/enrol: a one-time code becomes a device with its token."""

from typing import Final

from aiohttp import web

from schemas import limits
from schemas.messages import MessageError, decode_body, encode
from schemas.version import __version__
from server.access.enrolment import Enrolment, enrol
from server.errors import RequestError
from server.http.body import Bounds
from server.http.guards import CLOCK
from server.http.keys import ENROLMENTS, SPEAKERS, STORE
from server.intake.receipts import own_device

_BOUNDS: Final = Bounds(limits.ENROL_BODY_BYTES, limits.ENROL_BODY_BYTES, 30.0)


async def post_enrol(request: web.Request) -> web.Response:
    """Enrol a laptop; its token is shown this once."""
    try:
        async with request.app[ENROLMENTS].body(request, _BOUNDS) as body:
            asked = decode_body("enrol", body.take())
    except MessageError as error:
        raise RequestError(error.problem) from None
    store, clock = request.app[STORE], request.app[CLOCK]
    said = Enrolment.of(asked)
    device, token = await request.app[SPEAKERS].guess(
        request, lambda: enrol(store, clock, said)
    )
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
