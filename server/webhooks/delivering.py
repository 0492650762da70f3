"""What is due is sent, and what came of it is noted; what fails is tried again, then given up.

An event is sent at least once. It is taken for a while before it is sent, and noted after:
who is killed between the two leaves it to be sent again, with the same id.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from server.clock import Clock, iso
from server.store.port import Store, Transaction
from server.store.webhook_values import Delivery, DeliveryStatus, Webhook
from server.webhooks.events import TEST, code_of, delivery_of
from server.webhooks.hosts import allowed_hosts, host_of_url
from server.webhooks.registry import find_webhook
from server.webhooks.sending import Sent, send

_LOG: Final = structlog.get_logger("permille")

#: Pauses after each attempt that failed, s: about a day in all, then it is given up.
PAUSES_S: Final = (60, 300, 900, 3_600, 10_800, 21_600, 21_600, 21_600)
#: How long a delivery is taken for: longer than any attempt lasts.
_TAKEN_S: Final = 120
#: Deliveries that are under way at once, each of another webhook.
_AT_ONCE: Final = 8
#: Finished deliveries of one webhook that are kept to be looked at.
KEPT_MOST: Final = 1_000


@dataclass(frozen=True, slots=True)
class Delivered:
    """How many deliveries were sent, will be tried again, and were given up."""

    delivered: int = 0
    again: int = 0
    given_up: int = 0

    def plus(self, other: "Delivered") -> "Delivered":
        """Return both together."""
        return Delivered(
            self.delivered + other.delivered,
            self.again + other.again,
            self.given_up + other.given_up,
        )


async def deliver_due(
    store: Store, clock: Clock, *, may_be_local: bool = False
) -> Delivered:
    """Send what is due, the oldest of each webhook; return what came of it.

    `may_be_local` is for tests alone (`server.webhooks.sending.send`).
    """
    now = clock.stamp()
    next_at = await store.read(lambda tx: tx.next_delivery_at())
    if next_at is None or next_at > now:
        return Delivered()
    until = iso(clock.now_ms() + _TAKEN_S * 1000)
    taken = await store.write(lambda tx: tx.claim_deliveries(now, until, _AT_ONCE))
    hooks = await store.read(lambda tx: {one.id: one for one in tx.webhooks()})
    hosts = await store.read(allowed_hosts)
    sent = await asyncio.gather(
        *(
            _send(hooks.get(one.webhook_id), one, hosts, clock, may_be_local)
            for one in taken
        )
    )
    noted = [_noted(*pair, clock) for pair in zip(taken, sent, strict=True)]
    await _note(store, noted, hooks)
    return _counted(noted)


async def deliver_all(
    store: Store, clock: Clock, *, may_be_local: bool = False
) -> Delivered:
    """Send all that is due now; return what came of it."""
    total = Delivered()
    while (done := await deliver_due(store, clock, may_be_local=may_be_local)) != (
        Delivered()
    ):
        total = total.plus(done)
    return total


async def send_test(
    store: Store, clock: Clock, name: str, *, may_be_local: bool = False
) -> Delivery:
    """Send a webhook an event that says nothing, once; return what came of it.

    Raises
    ------
    NotFoundError, AmbiguousError
        If no webhook, or several, are called so.
    """
    until = iso(clock.now_ms() + _TAKEN_S * 1000)

    def job(tx: Transaction) -> tuple[Webhook, Delivery, list[str]]:
        hook = find_webhook(tx, name)
        made = delivery_of(clock, hook, code_of(tx, hook.project_id), TEST, [])
        # Nobody else takes it meanwhile.
        taken = made._replace(attempts=1, next_at=until)
        tx.add_delivery(taken)
        return hook, taken, allowed_hosts(tx)

    hook, taken, hosts = await store.write(job)
    sent = await _send(hook, taken, hosts, clock, may_be_local)
    status = DeliveryStatus.GIVEN_UP if sent.error else DeliveryStatus.DELIVERED
    tried = taken._replace(status=status, tried_at=clock.stamp(), error=sent.error)
    await store.write(lambda tx: tx.note_delivery(tried))
    return tried


async def _send(
    hook: Webhook | None,
    delivery: Delivery,
    hosts: Sequence[str],
    clock: Clock,
    may_be_local: bool,  # noqa: FBT001 - handed through
) -> Sent:
    """Send a delivery, if its host is still on the list."""
    if hook is None:
        return Sent("the webhook was removed")
    host = host_of_url(hook.url)
    if host not in hosts:
        return Sent(f"{host} is not on the list of hosts that may be told")
    return await send(hook, delivery, clock.now_ms(), may_be_local=may_be_local)


def _noted(delivery: Delivery, sent: Sent, clock: Clock) -> Delivery:
    """Return a delivery with what came of its last attempt."""
    tried = delivery._replace(tried_at=clock.stamp(), error=sent.error)
    if sent.error is None:
        return tried._replace(status=DeliveryStatus.DELIVERED)
    if tried.attempts > len(PAUSES_S):
        return tried._replace(status=DeliveryStatus.GIVEN_UP)
    pause_s = PAUSES_S[tried.attempts - 1]
    return tried._replace(next_at=iso(clock.now_ms() + pause_s * 1000))


async def _note(
    store: Store, noted: Sequence[Delivery], hooks: Mapping[str, Webhook]
) -> None:
    def job(tx: Transaction) -> None:
        for one in noted:
            tx.note_delivery(one)
        tx.forget_deliveries("", KEPT_MOST)

    await store.write(job)
    for one in noted:
        if one.status is DeliveryStatus.GIVEN_UP:
            host = (
                host_of_url(hooks[one.webhook_id].url)
                if one.webhook_id in hooks
                else ""
            )
            _LOG.warning(
                "a webhook was given up",
                delivery=one.event_id,
                host=host,
                error=one.error,
            )


def _counted(noted: Sequence[Delivery]) -> Delivered:
    found = [one.status for one in noted]
    return Delivered(
        found.count(DeliveryStatus.DELIVERED),
        found.count(DeliveryStatus.WAITING),
        found.count(DeliveryStatus.GIVEN_UP),
    )
