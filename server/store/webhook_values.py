"""Webhooks and what is sent to them, as the store keeps it: values. Pure."""

from enum import StrEnum
from typing import NamedTuple


class DeliveryStatus(StrEnum):
    """What became of a delivery."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given up"


class Webhook(NamedTuple):
    """An address that is told what happens in a project.

    `secret` signs what is sent, `events` are those that it is told, and `seen` is the JSON
    of how far the project was looked through for it.
    """

    id: str
    project_id: str
    url: str
    secret: str
    events: tuple[str, ...]
    made_at: str
    seen: str
    removed_at: str | None = None


class Delivery(NamedTuple):
    """One event for one webhook; `event_id` is the same however often it is sent.

    `next_at` is from when on it is sent, `tried_at` when it was last, and `error` what was
    wrong then.
    """

    event_id: str
    webhook_id: str
    kind: str
    body: str
    made_at: str
    status: DeliveryStatus
    attempts: int
    next_at: str
    tried_at: str | None = None
    error: str | None = None
