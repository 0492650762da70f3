"""Webhooks as an administrator adds, finds and removes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from schemas.names import meant
from server.access.names import Nameable
from server.access.projects import known_projects
from server.clock import Clock
from server.errors import RefusedError
from server.store.port import Store, Transaction
from server.store.webhook_values import Delivery, Webhook
from server.webhooks.events import EventKind, first_look
from server.webhooks.hosts import allowed_hosts, check_allowed, host_of_url, read_url

#: Webhooks of a server: each is looked for by itself.
_MOST: Final = 100


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """What an administrator says of a webhook."""

    project_id: str
    url: str
    events: Sequence[EventKind]


async def add_webhook(store: Store, clock: Clock, asked: NewWebhook) -> Webhook:
    """Save a webhook, with a secret that is shown once; what is there it is not told.

    Raises
    ------
    UsageError
        If the address is none by https.
    RefusedError
        If its host is not on the list, it is there already, or there are too many.
    """
    url, now, name = read_url(asked.url), clock.stamp(), clock.new_id()
    secret, events = clock.secret(), tuple(sorted({str(one) for one in asked.events}))

    def job(tx: Transaction) -> Webhook:
        check_allowed(tx, url)
        known = tx.webhooks()
        if len(known) >= _MOST:
            raise RefusedError(
                f"there are {_MOST} webhooks", [], "permille-server webhook remove ID"
            )
        for one in known:
            if (one.project_id, one.url) == (asked.project_id, url):
                raise RefusedError(
                    f"{url} is told of this project already",
                    [],
                    f"first: permille-server webhook remove {one.id[:8]}",
                )
        seen = first_look(tx, asked.project_id).text()
        made = Webhook(name, asked.project_id, url, secret, events, now, seen)
        tx.add_webhook(made)
        return made

    return await store.write(job)


async def remove_webhook(store: Store, clock: Clock, name: str) -> Webhook:
    """Send nothing more to a webhook, nor what waits for it.

    Raises
    ------
    NotFoundError, AmbiguousError
        If none, or several, are called so.
    """
    now = clock.stamp()

    def job(tx: Transaction) -> Webhook:
        found = find_webhook(tx, name)
        tx.remove_webhook(found.id, now)
        return found

    return await store.write(job)


def find_webhook(tx: Transaction, name: str) -> Webhook:
    """Return the webhook with this id or start of an id, or the one at this host.

    Raises
    ------
    NotFoundError, AmbiguousError
        If none, or several, are called so.
    """
    known = {one.id: one for one in tx.webhooks()}
    names = {one.id: (one.url, host_of_url(one.url)) for one in known.values()}
    found = {place: known[place] for place in meant(name, names)}
    return _WEBHOOK.only(name, found, known)


def listed_webhooks(tx: Transaction) -> list[dict[str, Any]]:
    """Return every webhook as JSON has it, oldest first, without its secret."""
    return _data(tx, tx.webhooks())


def shown_webhook(tx: Transaction, name: str) -> dict[str, Any]:
    """Return one webhook as JSON has it, without its secret.

    Raises
    ------
    NotFoundError, AmbiguousError
        If none, or several, are called so.
    """
    return _data(tx, [find_webhook(tx, name)])[0]


def listed_deliveries(
    tx: Transaction, name: str | None, status: str | None, most: int
) -> tuple[list[Delivery], dict[str, str]]:
    """Return deliveries of one webhook or all, newest first, and addresses of webhooks.

    Raises
    ------
    NotFoundError, AmbiguousError
        If no webhook, or several, are called so.
    """
    webhook_id = None if name is None else find_webhook(tx, name).id
    found = tx.deliveries(webhook_id, status, most)
    return found, {one.id: one.url for one in tx.webhooks()}


def _data(tx: Transaction, hooks: Sequence[Webhook]) -> list[dict[str, Any]]:
    codes = {each["id"]: each["name"] for each in known_projects(tx)}
    counts, hosts = tx.count_deliveries(), allowed_hosts(tx)
    return [
        {
            "id": one.id,
            "project": one.project_id,
            "code": codes.get(one.project_id, one.project_id),
            "url": one.url,
            "events": list(one.events),
            "made_at": one.made_at,
            "is_allowed": host_of_url(one.url) in hosts,
            "deliveries": counts.get(one.id, {}),
        }
        for one in hooks
    ]


_WEBHOOK: Final[Nameable[Webhook]] = Nameable(
    "webhook",
    "permille-server webhook list",
    lambda hook, start: f"{host_of_url(hook.url)} ({start})",
)
