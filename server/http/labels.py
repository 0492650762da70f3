"""POST /v1/labels: a block of codes for labels, which no other laptop gets."""

from typing import Final

from aiohttp import web

from schemas import limits
from schemas.messages import MessageError, decode_body, encode
from server.access.label_blocks import hand_out
from server.errors import RequestError
from server.http.body import Bounds
from server.http.guards import CLOCK
from server.http.keys import ENROLMENTS, SPEAKERS, STORE
from server.http.sync import device_of

_BOUNDS: Final = Bounds(limits.LABELS_BODY_BYTES, limits.LABELS_BODY_BYTES, 30.0)


async def post_labels(request: web.Request) -> web.Response:
    """Hand out a block; a repeat of the same request gets the same one."""
    device = await device_of(request)
    try:
        async with request.app[ENROLMENTS].body(request, _BOUNDS) as body:
            asked = decode_body("labels", body.take())
    except MessageError as error:
        raise RequestError(error.problem) from None
    most = request.app[SPEAKERS].limits.laptop_label_blocks
    store, clock = request.app[STORE], request.app[CLOCK]
    handed = await hand_out(store, clock, device, asked, most)
    answer = encode(handed.as_data())
    return web.Response(body=answer, content_type="application/json")
