"""Make a laptop known to a server."""

from typing import Any

from collector.errors import RefusedError, UnreachableError
from collector.flow import laptop as names
from collector.flow.address import allow_insecure, check_address
from collector.flow.keys import public_key, sign
from collector.flow.laptop import Laptop
from collector.wire import Client
from schemas.signing import enrolment_text


async def enrol(
    laptop: Laptop,
    server: str,
    code: str,
    *,
    insecure: bool = False,
    leaves_server: bool = False,
) -> dict[str, Any]:
    """Trade a code for a token, and keep it; nothing else changes here.

    Raises
    ------
    RefusedError
        If the server refuses the code, the token could be read on its way and that is
        not allowed (`insecure`), or the laptop is enrolled at another address and is
        not to leave it (`leaves_server`).
    """
    if not leaves_server:
        _refuse_leaving(laptop, server)
    if not insecure:
        check_address(server, "permille enrol --insecure URL CODE")
    request = {
        "code": code,
        "name": laptop.store.setting(names.NAME),
        "log": laptop.store.head().id,
        "public_key": public_key(laptop),
        "proof": sign(laptop, enrolment_text(code)),
    }
    async with Client(server) as client:
        try:
            answer = await client.enrol(request)
        except UnreachableError as error:
            error.hint = "check address and network, and type the command again"
            raise
        address = client.server
    laptop.store.set_settings(
        {
            names.SERVER: address,
            names.SERVER_NAME: answer["server"],
            names.TOKEN: answer["token"],
            names.DEVICE: answer["device"],
            names.SERVER_KEY: answer.get("public_key"),
        }
    )
    allow_insecure(laptop, allowed=insecure)
    return {
        "server": address,
        "device": answer["device"],
        "projects": len(answer["streams"]),
    }


def _refuse_leaving(laptop: Laptop, server: str) -> None:
    present = laptop.store.setting(names.SERVER)
    if present is None or present == server.rstrip("/"):
        return
    unsent = laptop.store.count_unacknowledged()
    waits = f", changes not sent to it: {unsent}" if unsent else ""
    raise RefusedError(
        f"this laptop is enrolled at {present}{waits}; with another server its projects"
        " go from this laptop at the next sync",
        f"sync first; if {present} has moved, or you mean another one:"
        " permille enrol --another-server URL CODE",
        code="enrolled_elsewhere",
    )
