"""What the page is told while it is open: the position, by server-sent events."""

import json
from typing import Final

from aiohttp import web

from collector.clock import Clock
from collector.laptop.laptop import Laptop
from collector.position.address import ReceiverAddress
from collector.position.receivers import receiver
from collector.web.positioning import POSITIONING
from collector.web.work import LAPTOP

#: As often as receivers speak.
_EVERY_S: Final = 1.0
CLOCK: Final[web.AppKey[Clock]] = web.AppKey("clock", Clock)


async def start(request: web.Request) -> web.StreamResponse:
    """Listen to the receiver that a form names, or to the usual one."""
    named = str((await request.post()).get("receiver", "")).strip() or None

    def which(laptop: Laptop) -> ReceiverAddress:
        return receiver(laptop, named)

    request.app[POSITIONING].listen(await request.app[LAPTOP].run(which))
    return web.json_response(request.app[POSITIONING].heard().as_data())


async def stream(request: web.Request) -> web.StreamResponse:
    """Say where the laptop is, whenever that changes, until the page is left."""
    answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await answer.prepare(request)
    before = ""
    while True:
        said = json.dumps(request.app[POSITIONING].heard().as_data())
        if said != before:
            await answer.write(f"data: {said}\n\n".encode())
            before = said
        await request.app[CLOCK].pause(_EVERY_S)
