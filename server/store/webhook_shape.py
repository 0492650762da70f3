"""The shape of the tables of webhooks and of what is sent to them. Pure."""

from typing import Final

from server.store.table_shape import TableShape

WEBHOOK_TABLES: Final = (
    # The secret is kept as it is: what is sent is signed with it.
    TableShape(
        "webhook",
        {
            "webhook_id": str,
            "project_id": str,
            "url": str,
            "secret": str,
            "events": str,
            "made_at": str,
            "seen": str,
            "removed_at": str,
        },
        ("project_id", "webhook_id"),
        needs=("url", "secret", "events", "made_at", "seen"),
    ),
    TableShape(
        "webhook_delivery",
        {
            "arrived": int,
            "event_id": str,
            "webhook_id": str,
            "kind": str,
            "body": str,
            "made_at": str,
            "status": str,
            "attempts": int,
            "next_at": str,
            "tried_at": str,
            "error": str,
        },
        ("arrived",),
        unique=("event_id",),
        needs=(
            *("event_id", "webhook_id", "kind", "body", "made_at"),
            *("status", "attempts", "next_at"),
        ),
        indexes=(("webhook_id", "status"), ("status", "next_at")),
    ),
)
