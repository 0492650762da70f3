"""Webhooks, and what is sent to them: SQLite."""

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from server.store.driver import Connection
from server.store.webhook_values import Delivery, DeliveryStatus, Webhook

_WEBHOOKS: Final = """
    SELECT webhook_id, project_id, url, secret, events, made_at, seen, removed_at
    FROM webhook WHERE removed_at IS NULL ORDER BY made_at, webhook_id
"""
_COLUMNS: Final = "event_id, webhook_id, kind, body, made_at, status, attempts, next_at, tried_at, error"
_ADD: Final = f"""
    INSERT INTO webhook_delivery ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""  # noqa: S608 - the columns are a constant
_CLAIM: Final = f"""
    UPDATE webhook_delivery SET attempts = attempts + 1, next_at = ?1, tried_at = ?2
    WHERE arrived IN (
        SELECT min(arrived) FROM webhook_delivery
        WHERE status = 'waiting' AND next_at <= ?2
        GROUP BY webhook_id ORDER BY min(next_at) LIMIT ?3)
    RETURNING {_COLUMNS}
"""  # noqa: S608 - the columns are a constant
_LISTED: Final = f"""
    SELECT {_COLUMNS} FROM webhook_delivery
    WHERE (CAST(?1 AS TEXT) IS NULL OR webhook_id = ?1)
        AND (CAST(?2 AS TEXT) IS NULL OR status = ?2)
    ORDER BY arrived DESC LIMIT ?3
"""  # noqa: S608 - the columns are a constant
_NOTE: Final = """
    UPDATE webhook_delivery SET status = ?, attempts = ?, next_at = ?, tried_at = ?, error = ?
    WHERE event_id = ? AND status = 'waiting'
"""
# Of each webhook as many stay as are newer than the place after the last that stays.
_FORGET: Final = """
    DELETE FROM webhook_delivery WHERE status <> 'waiting' AND (made_at < ?1 OR arrived <= (
        SELECT coalesce(min(arrived), 0) FROM (
            SELECT d.arrived FROM webhook_delivery d
            WHERE d.webhook_id = webhook_delivery.webhook_id
            ORDER BY d.arrived DESC LIMIT 1 OFFSET ?2) AS beyond))
    RETURNING event_id
"""


class WebhookTables:
    """The part of a transaction that knows webhooks."""

    connection: Connection

    def add_webhook(self, webhook: Webhook) -> None:
        """Save a webhook."""
        self.connection.execute(
            "INSERT INTO webhook (webhook_id, project_id, url, secret, events, made_at,"
            " seen, removed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            webhook._replace(events=json.dumps(webhook.events)),  # type: ignore[arg-type] # as it is kept
        )

    def webhooks(self) -> list[Webhook]:
        """Return every webhook that was not removed, oldest first."""
        return [_webhook(row) for row in self.connection.execute(_WEBHOOKS)]

    def remove_webhook(self, webhook_id: str, now: str) -> None:
        """Send nothing more to a webhook; what waits for it is given up."""
        self.connection.execute(
            "UPDATE webhook SET removed_at = ? WHERE webhook_id = ?", (now, webhook_id)
        )
        self.connection.execute(
            "UPDATE webhook_delivery SET status = 'given up', error = ?"
            " WHERE webhook_id = ? AND status = 'waiting'",
            ("the webhook was removed", webhook_id),
        )

    def note_events(
        self, webhook: Webhook, seen: str, deliveries: Sequence[Delivery]
    ) -> bool:
        """Save what a webhook is to be told, with how far was looked.

        Nothing is saved where another one has looked since `webhook` was read; return
        whether it was.
        """
        row = self.connection.execute(
            "UPDATE webhook SET seen = ? WHERE webhook_id = ? AND seen = ?"
            " AND removed_at IS NULL RETURNING webhook_id",
            (seen, webhook.id, webhook.seen),
        ).fetchone()
        if row is None:
            return False
        for delivery in deliveries:
            self.add_delivery(delivery)
        return True

    def add_delivery(self, delivery: Delivery) -> None:
        """Save something that a webhook is to be told."""
        self.connection.execute(_ADD, delivery)

    def claim_deliveries(self, now: str, until: str, most: int) -> list[Delivery]:
        """Take deliveries that are due, the oldest of each webhook, and count the attempt.

        They are due again from `until` on, if nothing is noted of them before.
        """
        rows = self.connection.execute(_CLAIM, (until, now, most)).fetchall()
        return [_delivery(row) for row in rows]

    def note_delivery(self, delivery: Delivery) -> None:
        """Note what became of a delivery that waits; one that waits no more stays as it is."""
        self.connection.execute(
            _NOTE,
            (
                delivery.status,
                delivery.attempts,
                delivery.next_at,
                delivery.tried_at,
                delivery.error,
                delivery.event_id,
            ),
        )

    def deliveries(
        self, webhook_id: str | None, status: str | None, most: int
    ) -> list[Delivery]:
        """Return deliveries of one webhook or of all, in one status or any, newest first."""
        rows = self.connection.execute(_LISTED, (webhook_id, status, most))
        return [_delivery(row) for row in rows]

    def count_deliveries(self) -> dict[str, dict[str, int]]:
        """Count the deliveries of each webhook by their status."""
        counts = defaultdict[str, dict[str, int]](dict)
        for webhook_id, status, count in self.connection.execute(
            "SELECT webhook_id, status, count(*) FROM webhook_delivery"
            " GROUP BY webhook_id, status"
        ):
            counts[webhook_id][status] = count
        return dict(counts)

    def next_delivery_at(self) -> str | None:
        """Return from when on the next delivery is due; None where none waits."""
        row = self.connection.execute(
            "SELECT min(next_at) FROM webhook_delivery WHERE status = 'waiting'"
        ).fetchone()
        return row[0] if row else None

    def forget_deliveries(self, before: str, most: int) -> int:
        """Delete what was delivered or given up before a moment, and all but `most` of each.

        Return how many are gone.
        """
        return len(self.connection.execute(_FORGET, (before, most)).fetchall())


def _webhook(row: Sequence[Any]) -> Webhook:
    found = Webhook(*row)
    return found._replace(events=tuple(json.loads(row[4])))


def _delivery(row: Sequence[Any]) -> Delivery:
    found = Delivery(*row)
    return found._replace(status=DeliveryStatus(found.status))
