"""Make a laptop known to a server."""

from dataclasses import dataclass
from typing import Any

from collector.client.between import RETRY
from collector.client.http import address_of
from collector.client.sync import SyncClient
from collector.errors import RefusedError, UnreachableError
from collector.laptop import settings
from collector.laptop.address import allow_insecure, check_address
from collector.laptop.keys import fingerprints, new_secret, secret_key
from collector.laptop.laptop import Laptop
from schemas import signing


@dataclass(frozen=True, slots=True)
class Terms:
    """How to enrol.

    `insecure` lets the token travel over plain http, `leaves_server` lets the laptop
    leave the server it is enrolled at, and with `replaces` a copy goes on with key and
    logs of the laptop that it was copied from. `name` and `person` are new ones.
    """

    insecure: bool = False
    leaves_server: bool = False
    replaces: bool = False
    name: str | None = None
    person: str | None = None


async def enrol(
    laptop: Laptop, server: str, code: str, terms: Terms = Terms()
) -> dict[str, Any]:
    """Trade a code for a token, and keep it.

    A laptop that was never enrolled, or is a copy of another one, may have its key and
    its log from an image that others have, too: it gets its own, and what was recorded
    moves to that log. Killed at any moment, it is as it was or can enrol again.

    Raises
    ------
    RefusedError
        If the server refuses the code, the token could be read on its way and that is
        not allowed, or the laptop is enrolled at another address and is not to leave it.
    BusyError
        If a sync is running.
    """
    address_of(server)
    if not terms.leaves_server:
        _refuse_leaving(laptop, server)
    if not terms.insecure:
        check_address(server, "permille enrol --insecure URL CODE")
    # A sync under way speaks for the logs and the key of before.
    with laptop.sync_lock():
        return await _enrol(laptop, server, code, terms)


async def _enrol(
    laptop: Laptop, server: str, code: str, terms: Terms
) -> dict[str, Any]:
    identity = _identity(laptop, terms)
    name = terms.name or laptop.store.setting(settings.NAME)
    request = {
        "code": code,
        "name": name,
        "log": identity.new_log or laptop.store.head().id,
        "public_key": signing.public_key(identity.secret),
        "proof": signing.sign(identity.secret, signing.enrolment_text(code)),
    }
    async with SyncClient(server, clock=laptop.clock) as client:
        try:
            answer = await client.enrol(request)
        except UnreachableError as error:
            if error.hint == RETRY:
                error.hint = "check address and network, and type the command again"
            raise
        address, clock_words = client.server, client.clock_words
    if identity.new_log:
        # First: under its old token the laptop may send a log of any id, but under the
        # new one no log that is another laptop's.
        laptop.store.split(laptop.store.logs()[0].number, 0, identity.new_log)
    laptop.store.set_settings(
        {
            settings.NAME: name,
            settings.PERSON: terms.person or laptop.store.setting(settings.PERSON),
            settings.SERVER: address,
            settings.SERVER_NAME: answer["server"],
            settings.TOKEN: answer["token"],
            settings.DEVICE: answer["device"],
            settings.SERVER_KEY: answer.get("public_key"),
            settings.SIGNING_KEY: identity.secret.hex(),
            settings.PUBLIC_KEY: request["public_key"],
            settings.COPY: None,
            settings.BATCH_BYTES: None,
            settings.PIECE_BYTES: None,
        }
    )
    allow_insecure(laptop, allowed=terms.insecure)
    return {
        "server": address,
        "device": answer["device"],
        "projects": len(answer["streams"]),
        "was_copy": identity.was_copy,
        "clock": clock_words,
        **fingerprints(laptop)._asdict(),
    }


@dataclass(frozen=True, slots=True)
class _LaptopIdentity:
    """The key to enrol with; the log to begin, where the laptop is one of its own."""

    secret: bytes
    new_log: str | None = None
    was_copy: bool = False


def _identity(laptop: Laptop, terms: Terms) -> _LaptopIdentity:
    store, clock = laptop.store, laptop.clock
    was_enrolled = store.setting(settings.DEVICE) is not None
    is_copy = store.setting(settings.COPY) == settings.YES
    if was_enrolled and (terms.replaces or not is_copy):
        return _LaptopIdentity(secret_key(store, clock))
    return _LaptopIdentity(new_secret(clock), clock.new_id(), was_enrolled)


def _refuse_leaving(laptop: Laptop, server: str) -> None:
    present = laptop.store.setting(settings.SERVER)
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
