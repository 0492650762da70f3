"""The part of a server that tells webhooks, for as long as it runs."""

from typing import Final

import structlog

from server.clock import Clock
from server.store.port import Store
from server.webhooks.delivering import deliver_due
from server.webhooks.events import look_for_all

_LOG: Final = structlog.get_logger("permille")

#: How often what is due is looked for; nothing due costs one small question.
_SEND_EVERY_S: Final = 5.0
#: How often projects are looked through: what happens meanwhile is one event.
_LOOK_EVERY_MS: Final = 60_000


async def tell_for_ever(store: Store, clock: Clock) -> None:
    """Look for what is new and send what is due, where this process leads."""
    looked_ms = 0
    while True:
        # First: the start of a server has other things to do.
        await clock.pause(_SEND_EVERY_S)
        try:
            if await store.leads():
                if clock.now_ms() - looked_ms >= _LOOK_EVERY_MS:
                    looked_ms = clock.now_ms()
                    await look_for_all(store, clock)
                await deliver_due(store, clock)
        except Exception:  # noqa: BLE001 - logged; it is tried again
            _LOG.exception("webhooks could not be told")
